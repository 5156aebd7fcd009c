/**
 * The Comlink service: the only door from a page to an engine. It runs in a web worker, reads the files that the page hands over, and
 * gives back the report as the command line would write it.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import { describeAdapter } from "../engine/gpu/device.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import type { ShaderSources } from "../engine/gpu/sources.ts";
import type { FaultName } from "../engine/faults.ts";
import { FAULT_NAMES, FAULTS, withPlanFault } from "../engine/faults.ts";
import type { Report, SampleRow, VerdictCounts, VerdictName } from "../escalation/results.ts";
import type { CaughtSample } from "../escalation/settle.ts";
import type { VerifyRequest } from "../escalation/verify.ts";
import { verify } from "../escalation/verify.ts";
import type { ActivationName } from "../network/activations.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { DeviceError } from "../network/errors.ts";
import type { InitialiserName } from "../network/initialisers.ts";
import { INITIALISERS } from "../network/initialisers.ts";
import type { Distribution } from "../sampling/inputs.ts";
import { DISTRIBUTIONS } from "../sampling/inputs.ts";
import { witnessText } from "../witness/file.ts";
import { replayWitness } from "../witness/replay.ts";
import { makeWitness } from "../witness/witness.ts";
import { createShortlist } from "./shortlist.ts";
import type { OpenSubject, PageHead, Subject } from "./subject.ts";
import { openSubject, PAGE_HEADS } from "./subject.ts";

export interface PageRequest {
  readonly subject: Subject;
  readonly head: PageHead;
  /** Relative error wanted of each Jacobian-norm estimate, or "verdict": only what a verdict needs. */
  readonly accuracy: number | "verdict";
  readonly norm: "spectral" | "frobenius";
  readonly seed: number;
  /** auto: WebGPU where the browser has it, else the host's f64 engine. */
  readonly engine: "auto" | "webgpu" | "cpu";
  /** A planted fault to be switched on; null: none. */
  readonly plant: FaultName | null;
  readonly shaders: ShaderSources;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly verdicts: VerdictCounts;
  /** The samples since the last progress, valid ones alone. */
  readonly points: readonly Point[];
}

/** Both sides of a sample, unscaled. */
export interface Point {
  readonly lhs: number;
  readonly rhs: number;
  readonly verdict: VerdictName;
}

export interface PageOutcome {
  readonly report: Report;
  /** Why the report covers fewer samples than asked for, or null. */
  readonly failure: string | null;
  /** Which engine computed, and why. */
  readonly why: EngineReason;
  /** Samples whose reported numbers the inequality alone passes: left ≤ right. */
  readonly passing: number;
  /** The samples nearest to equality, and the least settled ones (shortlist.ts). */
  readonly tightest: readonly SampleRow[];
  readonly leastSettled: readonly SampleRow[];
}

/** Why the engine is the one that it is: the host's in all cases but "webgpu". */
export type EngineReason =
  | { readonly kind: "asked" }
  | { readonly kind: "webgpu"; readonly adapter: string; readonly hardware: boolean }
  | { readonly kind: "no-webgpu" | "no-adapter" }
  | { readonly kind: "unusable"; readonly message: string };

/** One sample looked at closely. */
export interface Examined {
  readonly row: SampleRow;
  /** x, as the engine took it. */
  readonly input: Float64Array;
  /** The same network and input wholly in f64, and what replaying the stored values finds. */
  readonly right: SampleRow;
  readonly finding: string;
  /** A gradient-penalty-witness/1, for `gpv replay`. */
  readonly witness: string;
}

/** A fault that can be planted. */
export interface OfferedFault {
  readonly name: FaultName;
  readonly changes: string;
  readonly engines: readonly ("webgpu" | "cpu")[];
}

/** What this browser offers, before anything is computed. */
export interface Offer {
  readonly faults: readonly OfferedFault[];
  /** What a network can be drawn with. */
  readonly activations: readonly ActivationName[];
  readonly initialisers: readonly InitialiserName[];
  readonly distributions: readonly Distribution[];
  readonly heads: readonly PageHead[];
  /** The adapter that WebGPU gives, or null where there is none. */
  readonly webgpu: { readonly adapter: string; readonly hardware: boolean } | null;
  readonly runtime: string;
}

export interface Service {
  describe(): Promise<Offer>;
  /** @throws FormatError, ModelError, UsageError; DeviceError where `webgpu` was asked for and is not usable. */
  verify(request: PageRequest, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
  /** Ends the run under way after the batches in flight; its report covers what is finished. */
  stop(): void;
  /** Sample `index` of the same request again, with everything that its verdict is made of. @throws as verify. */
  examine(request: PageRequest, index: number): Promise<Examined>;
}

/** What stops the run under way: a worker serves one page, which has one run at a time. */
let running: AbortController | null = null;

export const service: Service = {
  async describe() {
    const adapter = (await openGpu()?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
    const offer = {
      runtime: runtimeName(),
      faults: offeredFaults(),
      activations: ACTIVATION_NAMES,
      initialisers: INITIALISERS,
      distributions: DISTRIBUTIONS,
      heads: PAGE_HEADS,
    };
    if (adapter === null) return { ...offer, webgpu: null };
    const { name, hardware } = describeAdapter(adapter);
    return { ...offer, webgpu: { adapter: name, hardware } };
  },

  async verify(request, onProgress) {
    const subject = await openSubject(request.subject);
    const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
    const { engine, why } = await openEngine(request, host);
    const shortlist = createShortlist();
    const stopping = new AbortController();
    running = stopping;
    let passing = 0;
    let points: Point[] = [];
    try {
      const { report, failure } = await verify({
        ...settings(request, subject),
        source: subject.source,
        engine,
        host,
        signal: stopping.signal,
        clock: () => performance.now(),
        onProgress: (progress) => {
          onProgress({ ...progress, points });
          points = [];
        },
        onRow: (row) => {
          shortlist.add(row);
          const { lhs, rhs, verdict } = row;
          if (lhs !== null && rhs !== null && verdict !== "invalid") points.push({ lhs, rhs, verdict });
          if ((row.ratio ?? 0) <= 1) passing++;
        },
      });
      return { report, failure: failure?.message ?? null, why, passing, ...shortlist.result() };
    } finally {
      engine.dispose();
    }
  },

  stop() {
    running?.abort();
  },

  async examine(request, index) {
    const subject = await openSubject(request.subject);
    const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
    const { engine } = await openEngine(request, host);
    const all: CaughtSample[] = [];
    const { inputs, labels } = subject.source.read(index, 1);
    try {
      const { failure } = await verify({
        ...settings(request, subject),
        source: { ...subject.source, samples: 1, read: () => ({ inputs: inputs.slice(), labels }) },
        engine,
        host,
        firstIndex: index,
        audit: 1,
        catch: { wants: () => true, take: (caught) => void all.push(caught) },
      });
      if (failure !== null) throw failure;
    } finally {
      engine.dispose();
    }
    const [caught] = all;
    if (caught === undefined) throw new RangeError(`sample ${String(index)} gave nothing`);
    const { accuracy, norm, seed, plant } = request;
    const witness = makeWitness(caught, {
      tool: { name: "gradient-penalty-verifier", version: "page" },
      engine: engine.description,
      settings: { norm, accuracy, certify: null, seed, plant },
      address: null,
    });
    const { right, finding } = await replayWitness(witness, host);
    return { row: caught.row, input: caught.input, right, finding, witness: await witnessText(witness) };
  },
};

/** What a request asks of `verify`, whichever samples it is about. */
function settings(
  { head, accuracy, norm, seed, plant, engine }: PageRequest,
  { network, modelName, inputsName }: OpenSubject,
): Omit<VerifyRequest, "source" | "engine" | "host"> {
  return {
    network,
    head: { kind: head },
    norm,
    accuracy,
    seed,
    adjustPlan: (plan) => withPlanFault(plan, plant ?? undefined),
    description: {
      modelSource: modelName,
      settings: { inputs: inputsName, head, norm, accuracy, engine },
      ...(plant === null ? {} : { plant }),
    },
  };
}

function offeredFaults(): OfferedFault[] {
  return FAULT_NAMES.filter((name) => FAULTS[name].allowed !== true).map((name) => {
    const { changes, engines } = FAULTS[name];
    return { name, changes, engines };
  });
}

async function openEngine(request: PageRequest, host: CpuEngine): Promise<{ engine: Engine; why: EngineReason }> {
  const fault = request.plant === null ? {} : { fault: request.plant };
  const onHost = (): Engine =>
    request.plant === null ? host : createCpuEngine({ threads: 0, runtime: runtimeName(), ...fault });
  if (request.engine === "cpu") return { engine: onHost(), why: { kind: "asked" } };
  const gpu = openGpu();
  const offered = (await service.describe()).webgpu;
  if (gpu === null || offered === null) {
    const missing = gpu === null ? "This browser has no WebGPU" : "This browser's WebGPU offers no adapter";
    if (request.engine === "webgpu") throw new DeviceError(`${missing}; expected an adapter, or ?engine=cpu`);
    return { engine: onHost(), why: { kind: gpu === null ? "no-webgpu" : "no-adapter" } };
  }
  try {
    const engine = await createGpuEngine({
      gpu,
      adapterPreference: "high-performance",
      shaders: request.shaders,
      runtime: runtimeName(),
      ...fault,
    });
    const { adapter, hardware } = engine.description;
    return { engine, why: { kind: "webgpu", adapter, hardware } };
  } catch (error) {
    if (request.engine === "webgpu" || !(error instanceof DeviceError)) throw error;
    return { engine: onHost(), why: { kind: "unusable", message: error.message } };
  }
}

/** Null where the browser has no WebGPU, or hides it: it does outside of a secure context. */
function openGpu(): GPU | null {
  return (navigator as { readonly gpu?: GPU }).gpu ?? null;
}

function runtimeName(): string {
  const found = /(Chrome|Firefox|Version)\/(\d+)/.exec(navigator.userAgent);
  const names: Readonly<Record<string, string>> = { Chrome: "chromium", Firefox: "firefox", Version: "safari" };
  return found === null ? "browser" : `${names[found[1] ?? ""] ?? "browser"} ${found[2] ?? ""}`;
}
