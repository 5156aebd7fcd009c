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
import type { Report, VerdictCounts } from "../escalation/results.ts";
import { verify } from "../escalation/verify.ts";
import { readMatrix, readModel } from "../formats/read.ts";
import { DeviceError } from "../network/errors.ts";

export interface PageRequest {
  readonly model: ArrayBuffer;
  readonly modelName: string;
  readonly inputs: ArrayBuffer;
  readonly inputsName: string;
  /** Inputs are divided by this. */
  readonly std: number;
  /** Relative error wanted of each Jacobian-norm estimate, or "verdict": only what a verdict needs. */
  readonly accuracy: number | "verdict";
  readonly norm: "spectral" | "frobenius";
  readonly seed: number;
  /** auto: WebGPU where the browser has it, else the host's f64 engine. */
  readonly engine: "auto" | "webgpu" | "cpu";
  readonly shaders: ShaderSources;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly verdicts: VerdictCounts;
}

export interface PageOutcome {
  readonly report: Report;
  /** Why the report covers fewer samples than asked for, or null. */
  readonly failure: string | null;
  /** Which engine computed and why, in a sentence. */
  readonly why: string;
}

/** What this browser offers, before anything is computed. */
export interface Offer {
  /** The adapter that WebGPU gives, or null where there is none. */
  readonly webgpu: { readonly adapter: string; readonly hardware: boolean } | null;
  readonly runtime: string;
}

export interface Service {
  describe(): Promise<Offer>;
  /** @throws FormatError, ModelError, UsageError; DeviceError where `webgpu` was asked for and is not usable. */
  verify(request: PageRequest, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
}

export const service: Service = {
  async describe() {
    const adapter = (await openGpu()?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
    if (adapter === null) return { webgpu: null, runtime: runtimeName() };
    const { name, hardware } = describeAdapter(adapter);
    return { webgpu: { adapter: name, hardware }, runtime: runtimeName() };
  },

  async verify(request, onProgress) {
    const { accuracy, norm, seed, std } = request;
    const network = await readModel(new Uint8Array(request.model), request.modelName);
    const matrix = await readMatrix(new Uint8Array(request.inputs), request.inputsName);
    const { columns: width, values } = matrix;
    const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
    const { engine, why } = await openEngine(request, host);
    try {
      const { report, failure } = await verify({
        network,
        head: { kind: "logit-argmax" },
        source: {
          samples: matrix.rows,
          width,
          read: (first, count) => ({
            inputs: Float64Array.from(values.subarray(first * width, (first + count) * width), (v) => v / std),
            labels: null,
          }),
        },
        engine,
        host,
        norm,
        accuracy,
        seed,
        clock: () => performance.now(),
        onProgress,
        description: {
          modelSource: request.modelName,
          settings: { inputs: request.inputsName, norm, accuracy, engine: request.engine, std },
        },
      });
      return { report, failure: failure?.message ?? null, why };
    } finally {
      engine.dispose();
    }
  },
};

async function openEngine(request: PageRequest, host: CpuEngine): Promise<{ engine: Engine; why: string }> {
  if (request.engine === "cpu") return { engine: host, why: "The host's f64 engine, as asked for." };
  const gpu = openGpu();
  const offered = (await service.describe()).webgpu;
  if (gpu === null || offered === null) {
    const missing = gpu === null ? "This browser has no WebGPU" : "This browser's WebGPU offers no adapter";
    if (request.engine === "webgpu") throw new DeviceError(`${missing}; expected an adapter, or ?engine=cpu`);
    return { engine: host, why: `${missing}: the host's f64 engine computes instead.` };
  }
  try {
    const engine = await createGpuEngine({
      gpu,
      adapterPreference: "high-performance",
      shaders: request.shaders,
      runtime: runtimeName(),
    });
    const kind = engine.description.hardware ? "your GPU" : "a software adapter, without a GPU";
    return { engine, why: `WebGPU on ${kind}: ${engine.description.adapter}.` };
  } catch (error) {
    if (request.engine === "webgpu" || !(error instanceof DeviceError)) throw error;
    return { engine: host, why: `WebGPU is not usable (${error.message}): the host's f64 engine computes instead.` };
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
