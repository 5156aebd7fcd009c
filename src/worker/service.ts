/**
 * The Comlink service: the only door from a page to an engine. It runs in a web worker, reads the files that the page hands over, and
 * gives back the report as the command line would write it. One page, one run at a time.
 */
import { transfer } from "comlink";
import { outputsAnInput } from "../engine/each-output.ts";
import type { FaultName } from "../engine/faults.ts";
import { FAULT_NAMES, FAULTS } from "../engine/faults.ts";
import type { CaughtSample } from "../pipeline/catch.ts";
import type { RunProgress, VerifyRequest } from "../pipeline/verify.ts";
import { verify } from "../pipeline/verify.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { UsageError } from "../network/errors.ts";
import { INITIALISERS } from "../network/initialisers.ts";
import { reportJson } from "../report/json.ts";
import { DISTRIBUTIONS } from "../sampling/inputs.ts";
import { witnessText } from "../witness/file.ts";
import { replayWitness } from "../witness/replay.ts";
import { makeWitness } from "../witness/witness.ts";
import { findAdapter, openEngines, runtimeName } from "./engines.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";
import { inspectFile } from "./inspect.ts";
import { buffersOf, createPointCollector } from "./points.ts";
import type { RowStore } from "./row-store.ts";
import { createRowStore } from "./row-store.ts";
import type { Examined, Interim, OfferedFault, PageOutcome, PageRequest, Progress, Service } from "./messages.ts";
import { createShortlist } from "./shortlist.ts";
import type { OpenSubject } from "./subject.ts";
import { networkFile, openSubject, PAGE_HEADS } from "./subject.ts";

/** The run under way, or the last one. */
interface Run {
  readonly stopping: AbortController;
  readonly gate: Gate;
  readonly rows: RowStore;
}

/** What a list offers of the activations with a parameter: the usual ones of papers and of PyTorch. */
const WITH_PARAMETER = ["leaky-relu(0.1)", "leaky-relu(0.2)", "elu(0.5)", "softplus(10)", "prelu(0.25)"] as const;

export function createService(): Service {
  let run: Run | null = null;
  return {
    async describe() {
      const found = await findAdapter();
      return {
        faults: offeredFaults(),
        activations: [...ACTIVATION_NAMES, ...WITH_PARAMETER],
        initialisers: INITIALISERS,
        distributions: DISTRIBUTIONS,
        heads: PAGE_HEADS,
        webgpu: typeof found === "string" ? null : found,
      };
    },
    async verify(request, onProgress) {
      run = { stopping: new AbortController(), gate: createGate(() => performance.now()), rows: createRowStore() };
      return verifySubject(request, onProgress, run);
    },
    pause() {
      run?.gate.close();
    },
    resume() {
      run?.gate.open();
    },
    stop() {
      run?.stopping.abort();
      run?.gate.open();
    },
    ping: () => undefined,
    rows: () => run?.rows.file() ?? null,
    examine,
    inspect: inspectFile,
    networkFile: (subject) => new Blob([networkFile(subject) as Uint8Array<ArrayBuffer>]),
  };
}

/** The page hears of a run at most this often; its report and tables come less often, since they sort every number. */
const PROGRESS_MS = 60;
const INTERIM_MS = 400;
/** Share of the time that interim reports may take. */
const INTERIM_SHARE = 0.05;

async function verifySubject(
  request: PageRequest,
  onProgress: (progress: Progress) => void,
  { stopping, gate, rows }: Run,
): Promise<PageOutcome> {
  checkNumbers(request);
  const subject = await openSubject(request.subject);
  let recoveries = 0;
  const { engine, host, why, threads, dispose } = await openEngines(request, () => recoveries++);
  const shortlist = createShortlist();
  const points = createPointCollector();
  let passing = 0;
  let shownMs = -Infinity;
  let interimMs = -Infinity;
  const interim = (bare: Interim["report"]): Interim => {
    const details = { ...bare.timing.details, ...(engine.description.kind === "cpu" ? { threads } : {}), recoveries };
    const report = { ...bare, timing: { ...bare.timing, details } };
    return { report, json: reportJson(report), why, passing, recoveries, ...shortlist.result() };
  };
  const show = ({ done, total, verdicts, report }: RunProgress): void => {
    const nowMs = performance.now();
    const paused = gate.isClosed();
    if (nowMs - shownMs < PROGRESS_MS && done < total && !paused) return;
    shownMs = nowMs;
    const isDue = nowMs >= interimMs || paused;
    const now = isDue ? interim(report()) : null;
    if (isDue) {
      const tookMs = performance.now() - nowMs;
      interimMs = nowMs + Math.max(INTERIM_MS, tookMs / INTERIM_SHARE);
    }
    const taken = points.take();
    const elapsedMs = gate.clock() - startedMs;
    const progress = { done, total, verdicts, elapsedMs, recoveries, paused, interim: now, points: taken };
    onProgress(transfer(progress, buffersOf(taken)));
  };
  const startedMs = gate.clock();
  try {
    const { report, failure } = await verify({
      ...settings(request, subject),
      batchSize: request.batchSize,
      source: subject.source,
      engine: gate.behind(engine),
      host,
      signal: stopping.signal,
      clock: gate.clock,
      onProgress: show,
      onRow: (row) => {
        shortlist.add(row);
        points.add(row);
        rows.add(row);
        if ((row.ratio ?? 0) <= 1) passing++;
      },
    });
    return { ...interim(report), failure: failure?.message ?? null };
  } finally {
    dispose();
  }
}

/** @throws UsageError for what an address or a form may say and no run can be asked. */
function checkNumbers({ seed, batchSize }: PageRequest): void {
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new UsageError(`seed ${String(seed)}: expected a whole number ≥ 0`);
  }
  if (batchSize !== null && !(Number.isSafeInteger(batchSize) && batchSize >= 1)) {
    throw new UsageError(`batch ${String(batchSize)}: expected a whole number ≥ 1, or nothing`);
  }
}

async function examine(request: PageRequest, index: number): Promise<Examined> {
  const subject = await openSubject(request.subject);
  const outputs = outputsAnInput({ head: { kind: request.head }, network: subject.network });
  const samples = outputs * subject.source.samples;
  if (!(Number.isInteger(index) && index >= 0 && index < samples)) {
    throw new UsageError(`sample ${String(index)}: expected a whole number from 0 to ${String(samples - 1)}`);
  }
  const { engine, host, dispose } = await openEngines(request, () => undefined);
  const all: CaughtSample[] = [];
  const input = Math.floor(index / outputs);
  const { inputs, labels } = subject.source.read(input, 1);
  try {
    const { failure, report } = await verify({
      ...settings(request, subject),
      source: {
        ...{ samples: 1, width: subject.source.width },
        read: () => ({ inputs: inputs.slice(), labels }),
        drawnAgain: (_, row, label) => subject.source.drawnAgain?.(index, row, label) ?? null,
      },
      engine,
      host,
      firstIndex: input * outputs,
      audit: 1,
      catch: { wants: (row) => row.index === index, take: (caught) => void all.push(caught) },
    });
    if (failure !== null) throw failure;
    const [caught] = all;
    if (caught === undefined) throw new RangeError(`sample ${String(index)} gave nothing`);
    const { accuracy, norm, seed, plant } = request;
    const witness = makeWitness(caught, {
      tool: TOOL,
      engine: engine.description,
      settings: { norm, accuracy, certify: null, seed, plant },
      address: null,
    });
    const { right, finding } = await replayWitness(witness, host);
    const { row, entries, traced } = caught;
    const zeros = traced.hidden.map((h) => h.reduce((count, v) => count + (v === 0 ? 1 : 0), 0));
    const { model, engine: description } = report;
    const text = await witnessText(witness);
    return {
      row,
      input: caught.input,
      model,
      engine: description,
      samples,
      zeros,
      entries,
      right,
      finding,
      witness: text,
    };
  } finally {
    dispose();
  }
}

const TOOL = { name: "gradient-penalty-verifier", version: "page" } as const;

/** What a request asks of `verify`, whichever samples it is about. */
function settings(
  { head, accuracy, norm, seed, plant, engine }: PageRequest,
  { network, modelName, modelNotes, inputsName, modelSha256, inputsSha256 }: OpenSubject,
): Omit<VerifyRequest, "source" | "engine" | "host"> {
  // As --head spells it.
  const headName = head === "logit-argmax" ? "logit:argmax" : head;
  return {
    network,
    head: { kind: head },
    norm,
    accuracy,
    seed,
    plant,
    description: {
      ...{ tool: TOOL, headName, modelSource: modelName, modelNotes, modelSha256, inputsSha256 },
      startedAt: new Date().toISOString(),
      settings: { inputs: inputsName, head: headName, norm, accuracy, engine, browser: runtimeName() },
      plant,
    },
  };
}

function offeredFaults(): OfferedFault[] {
  const allowed = (name: FaultName): boolean => FAULTS[name].allowed !== true;
  return FAULT_NAMES.filter(allowed).map((name) => {
    const { changes, engines } = FAULTS[name];
    return { name, changes, engines };
  });
}
