/**
 * What all checks cost at their defaults, `--accuracy 1e-3`: their share of the time beside everything else, in one run.
 *
 * Each is measured by its own work, repeated as often as the run does it, since a difference of two whole runs drowns in their noise:
 * the cut test's is both directions with their tangents, norms and products; the audit's is to draw the samples, each batch's first and last
 * besides, to draw their inputs again, read back what is stored of them and recompute it; the recount's is to count every block again.
 * Overhead = checks/(whole − checks), medians of rounds in turn, in processor time. Each is done twice, of which the second counts: what it
 * finds to collect is its own garbage. (To force a collection before it would throw away what compiled code has learned of its objects.)
 */
import process from "node:process";
import { WORKLOADS as BENCH } from "../../bench/workloads.ts";
import { openArena } from "../../src/engine/cpu/arena.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import { Frame } from "../../src/engine/cpu/frame.ts";
import { runCalls } from "../../src/engine/cpu/kernels.ts";
import { makeOperators } from "../../src/engine/cpu/operators.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openDevice } from "../../src/engine/gpu/device.ts";
import { createWorkspace } from "../../src/engine/gpu/dispatch.ts";
import { beginSubmission } from "../../src/engine/gpu/submission.ts";
import { createGpuEngine } from "../../src/engine/gpu/engine.ts";
import type { ShaderSources } from "../../src/engine/gpu/sources.ts";
import { createDeviceStages } from "../../src/engine/gpu/stages.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { createAuditor } from "../../src/pipeline/audits.ts";
import { DEFAULT_AUDIT } from "../../src/pipeline/drawn.ts";
import { ownBatch } from "../../src/pipeline/given.ts";
import { createRecount } from "../../src/pipeline/recount.ts";
import { settle } from "../../src/pipeline/settle.ts";
import { batchProgram } from "../../src/engine/program/program.ts";
import type { Measure } from "../../src/engine/program/stage.ts";
import { listOf } from "../../src/engine/program/stage.ts";
import { transpose } from "../../src/engine/dense/gram.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { drawnDifference } from "../../src/verification/audit/drawn-inputs.ts";
import { planBounds } from "../../src/verification/plan-bounds.ts";
import { layerBounds } from "../../src/verification/rounding.ts";

export interface OverheadFigures {
  readonly engine: string;
  readonly workloads: readonly {
    readonly name: string;
    readonly samples: number;
    readonly wholeMs: number;
    readonly cutMs: number;
    readonly auditMs: number;
    readonly recountMs: number;
    /** Of the three: checks/(whole − checks). */
    readonly overhead: number;
    /** The same of as many samples from index 100,000 on, of which fewer are drawn. */
    readonly beyond: { readonly auditMs: number; readonly overhead: number };
  }[];
}

interface Workload {
  readonly name: string;
  readonly network: Network;
  readonly samples: number;
}

const HEAD = { kind: "logit-argmax" } as const;
/** Samples that a thread of engine cpu measures at once. */
const BLOCK = 128;
/** Of the base pass, those that make the two tangents. */
const CUT_KERNELS: readonly string[] = ["normalise", "philoxUniform", "spread", "jacobianVectorProduct"];
const ROUNDS = 7;
/** Rounds before, as a run of a minute has them: compiled code is what most of its samples meet. */
const WARM = 12;

/** Of the bench, so many times as many samples as there: a run's own audit of its plan is made once. */
const WORKLOADS: readonly Workload[] = BENCH.filter(({ name }) => /^[ABD] /.test(name)).map(
  ({ name, network, samples }) => ({ name, network, samples: 4 * samples }),
);

export async function overheadOnCpu(): Promise<OverheadFigures> {
  const engine = createCpuEngine({ threads: 0, runtime: "overhead" });
  return measure("cpu f64", engine, engine, ({ network: net, samples }) => {
    const operators = makeOperators(planOf(net, "f64"), undefined);
    const program = operators.program(BLOCK);
    const { base } = program;
    // As a run has them: the matrices in the kernels' memory, the numbers in columns that are used again.
    const frame = new Frame(operators, 0, null, openArena(program, 8 * net.layers.reduce(weightsOf, 0)));
    frame.set(base.inputs, transpose(inputsOf(net, 0, BLOCK), BLOCK, inputWidth(net)));
    runCalls(frame, base.stages);
    const cut = base.stages.filter((stage) => CUT_KERNELS.includes(stage.kernel));
    const measures = listOf<Measure>({ directions: base.measured.directions });
    const column = new Float64Array(BLOCK);
    return () => {
      for (let from = 0; from < samples; from += BLOCK) {
        runCalls(frame, cut);
        for (const measure of measures) frame.measure(measure, BLOCK, column);
      }
      return Promise.resolve();
    };
  });
}

export async function overheadOnWebgpu(gpu: GPU, shaders: ShaderSources): Promise<OverheadFigures> {
  const host = createCpuEngine({ threads: 0, runtime: "overhead" });
  const settings = { gpu, adapterPreference: "software", shaders, runtime: "overhead" };
  const engine = await createGpuEngine(settings);
  const open = await openDevice(gpu, "software", shaders, undefined);
  const size = 512;
  return measure(`webgpu f32, ${engine.description.adapter}`, engine, host, async ({ network: net, samples }) => {
    const plan = planOf(net, "f32");
    const workspace = createWorkspace(open);
    const stages = createDeviceStages(open, workspace, plan, undefined);
    const { base } = batchProgram(plan, size, { fault: undefined, bindingBytes: open.bindingBytes });
    const summed: readonly string[] = ["tangent", "pushed"];
    const dispatches = await stages.prepare([
      ...base.stages.filter((stage) => CUT_KERNELS.includes(stage.kernel)),
      ...base.sums.stages.filter(({ operands }) => operands.slice(0, -1).some(({ kind }) => summed.includes(kind))),
    ]);
    return async () => {
      for (let from = 0; from < samples; from += size) {
        const work = beginSubmission(open, "cut");
        work.pass("cut", dispatches);
        await work.read([{ buffer: stages.bufferOf(base.values), bytes: 16 }]);
      }
    };
  });
}

function weightsOf(sum: number, { weight }: Network["layers"][number]): number {
  return sum + weight.length;
}

function planOf(net: Network, precision: "f32" | "f64") {
  return makePlan(net, { head: HEAD, precision, norm: "spectral", accuracy: 1e-3, seed: 1 });
}

const DRAWN = {
  inputs: { distribution: "normal", scale: 1, seed: 8 },
  ...{ first: 0, mean: 0, std: 1, classes: null, error: 2 ** -23 },
} as const;

const plans = new WeakMap<Network, Plan>();

/** As a run on the threads of engine cpu has them (pipeline/flights.ts); of a device its own. */
function batchSize(engine: Engine, net: Network): number {
  if (engine.description.kind !== "cpu") {
    const plan = plans.get(net) ?? planOf(net, "f32");
    plans.set(net, plan);
    return engine.batchSize(plan);
  }
  const weights = net.layers.reduce(weightsOf, 0);
  return 64 * Math.max(1, Math.ceil(Math.min(2048, 2 ** 27 / weights) / 64));
}

function inputsOf(net: Network, first: number, count: number): Float64Array {
  return fillInputs({ distribution: "normal", scale: 1, seed: 8 }, first, count, inputWidth(net)).map(Math.fround);
}

async function measure(
  name: string,
  engine: Engine,
  host: CpuEngine,
  cutOf: (workload: Workload) => (() => Promise<void>) | Promise<() => Promise<void>>,
): Promise<OverheadFigures> {
  const workloads: OverheadFigures["workloads"][number][] = [];
  for (const workload of WORKLOADS) {
    const cut = await cutOf(workload);
    const audit = await auditOf(workload, engine, host);
    for (let round = 0; round < WARM; round++) {
      await audit.work(0);
      await audit.recount();
    }
    const [whole, cuts, audits, recounts]: [number[], number[], number[], number[]] = [[], [], [], []];
    const fewer: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      whole.push(await timed(() => run(workload, engine, host)));
      cuts.push(await timed(cut));
      audits.push(await timed(() => audit.work(0)));
      fewer.push(await timed(() => audit.work(DEFAULT_AUDIT.until)));
      recounts.push(await timed(audit.recount));
    }
    audit.release();
    const [wholeMs, cutMs, auditMs] = [median(whole), median(cuts), median(audits)];
    const recountMs = median(recounts);
    const { name: what, samples } = workload;
    const checks = cutMs + auditMs + recountMs;
    const beyondMs = median(fewer);
    const rest = wholeMs - checks;
    workloads.push({
      ...{ name: what, samples, wholeMs, cutMs, auditMs, recountMs, overhead: checks / rest },
      beyond: { auditMs: beyondMs, overhead: (cutMs + beyondMs + recountMs) / rest },
    });
  }
  return { engine: name, workloads };
}

/** The audit's own work of a whole run: every batch is the first one, which stays measured, with as many samples drawn as the run draws. */
async function auditOf(
  { network: net, samples }: Workload,
  engine: Engine,
  host: CpuEngine,
): Promise<{ work: (from: number) => Promise<void>; recount: () => Promise<void>; release: () => void }> {
  const { precision } = engine.description;
  const plan = planOf(net, precision);
  const size = Math.min(batchSize(engine, net), samples);
  const given = {
    batch: { first: 0, samples: size, inputs: inputsOf(net, 0, size), labels: null },
    originals: new Map<number, Float64Array>(),
  };
  const measured = await engine.measure(plan, given.batch);
  const bounds = planBounds(plan, layerBounds(plan), measured.measurements.arithmetic);
  const draft = await settle({ host, hostAccuracy: null, certify: null, bounds, checksNorms: true }, given, measured);
  const auditor = createAuditor(plan, null, 1e-3);
  const work = async (from: number): Promise<void> => {
    for (let at = 0; at < samples; at += size) {
      const batch = { ...given.batch, first: from + at };
      const drawn = auditor.drawn(batch).length;
      const chosen = auditor.wanted(batch).map((_, i) => i % Math.min(size, 16));
      for (const [i, traced] of (await measured.traced(chosen)).entries()) {
        const place = chosen[i] as number;
        const own = ownBatch(given, place);
        const { discrepancies } = await auditor.examine(draft, place, own, traced, true, i < drawn);
        if (discrepancies.length > 0 || drawnDifference(DRAWN, place, own.inputs, null) !== null)
          throw new Error("the audit of a clean sample found something");
      }
    }
  };
  return {
    work,
    recount: () => {
      const recount = createRecount(plan.layers.length);
      for (let first = 0; first < samples; first += size) recount.add(draft.block);
      return Promise.resolve();
    },
    release: () => {
      measured.release();
    },
  };
}

async function run({ network: net, samples }: Workload, engine: Engine, host: CpuEngine): Promise<void> {
  await verify({
    network: net,
    head: HEAD,
    source: {
      samples,
      width: inputWidth(net),
      read: (first, count) => ({ inputs: inputsOf(net, first, count), labels: null }),
    },
    engine,
    host,
    norm: "spectral",
    accuracy: 1e-3,
    seed: 1,
    batchSize: batchSize(engine, net),
  });
}

/** Processor time of the whole process, all threads (the software adapter's too): other programs on the machine do not count. */
async function timed(work: () => Promise<void>): Promise<number> {
  await work();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
