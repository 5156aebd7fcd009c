/**
 * A batch program on a device, for batches of up to `capacity` inputs, run one batch at a time. Where samples share inputs
 * (each-output.ts) what depends on f is run again for each of their outputs, a pass each; the columns of a pass are the inputs.
 */
import { takesClass } from "../../network/heads.ts";
import type { PassMeasurements } from "../each-output.ts";
import { inputCount, inputIndex, joinPasses, labelsOfPasses } from "../each-output.ts";
import type { Batch, Measurements, StoredSample, TracedSample } from "../engine.ts";
import { WGSL_F32 } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import { withMeasurementFault } from "../faults.ts";
import { DeviceError } from "../../network/errors.ts";
import type { Plan } from "../plan.ts";
import type { BaseMeasurements } from "../program/base.ts";
import { headData } from "../program/constants.ts";
import { KERNELS } from "../program/kernels.ts";
import { bytesOf } from "../program/memory.ts";
import type { BatchProgram } from "../program/program.ts";
import { batchProgram } from "../program/program.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { readTree } from "../program/stage.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch } from "./dispatch.ts";
import { createWorkspace, guarded } from "./dispatch.ts";
import type { DeviceExplicit } from "./explicit.ts";
import { runExplicit } from "./explicit.ts";
import type { DeviceIteration, DeviceWitness } from "./iteration.ts";
import { createIterationRun, prepareIteration } from "./iteration.ts";
import type { DeviceStages } from "./stages.ts";
import { createDeviceStages } from "./stages.ts";
import { createStoredReader } from "./stored.ts";
import type { Read, Submission } from "./submission.ts";
import { beginSubmission } from "./submission.ts";
import { packedReader } from "./sums.ts";

export interface Program {
  readonly capacity: number;
  /** @param trace places in the batch; what was stored of them is read back on the way. */
  readonly run: (batch: Batch, trace: readonly number[]) => Promise<Ran>;
  /** Reads back what is stored of these samples of the batch last run; everything (`traced`), or what a replay needs. */
  readonly readStored: (samples: readonly number[]) => Promise<StoredSample[]>;
  readonly readTraced: (samples: readonly number[]) => Promise<TracedSample[]>;
  readonly destroy: () => void;
}

/** @property traced by place in the batch. */
export interface Ran {
  readonly measurements: Measurements;
  readonly traced: ReadonlyMap<number, TracedSample>;
}

export async function createProgram(
  open: OpenDevice,
  plan: Plan,
  capacity: number,
  fault: FaultName | undefined,
): Promise<Program> {
  refuseLargeLayers(plan, open);
  const workspace = createWorkspace(open);
  const stages = createDeviceStages(open, workspace, plan, fault);
  const program = batchProgram(plan, capacity, { fault, bindingBytes: open.bindingBytes });
  const { sums, packed, values } = program.base;
  const build = async () => {
    const base = await stages.prepare(program.base.stages);
    const summed = await stages.prepare(sums.stages);
    const pack = await stages.prepare([packed.stage]);
    open.device.queue.writeBuffer(stages.bufferOf(packed.table), 0, packed.entries);
    const iterations: DeviceIteration[] = [];
    const narrower = program.narrower();
    for (const [i, own] of program.iterations.entries())
      iterations.push(await prepareIteration(open, stages, own, narrower[i] ?? []));
    // No pipeline is made in a batch.
    await open.pipeline(KERNELS.gather, {});
    const explicit: DeviceExplicit[] = [];
    for (const own of program.explicit) {
      explicit.push({ own, dispatches: await stages.prepare([...own.stages, ...own.sums.stages]) });
    }
    // What another pass leaves as it is: the forward pass and the sums of what it made.
    const made = new Set(program.base.forward.flatMap(({ operands }) => operands));
    const again = [
      ...base.slice(program.base.forward.length),
      ...summed.filter((_, i) => !made.has(sums.stages[i]?.operands[0] as Matrix)),
      ...pack,
    ];
    const whole = [...(fault === "barrier-missing" ? [...summed, ...base] : [...base, ...summed]), ...pack];
    return { whole, again, iterations, explicit };
  };
  const ready = await guarded(open, `a batch of ${String(capacity)} samples`, build).catch((error: unknown) => {
    workspace.destroy();
    throw error;
  });

  const stored = createStoredReader(open, workspace, stages, program);
  /** What "inputs-stale" reads: the inputs of the run before. */
  let before: Float32Array<ArrayBuffer> | null = null;
  /** Of the batch last run: the witnesses of layers 2 … l, its inputs, the labels of each pass, and the pass whose numbers the buffers hold. */
  let witnesses: readonly DeviceWitness[] = [];
  let inputs = 0;
  let passes: readonly (Int32Array | null)[] = [];
  let held = 0;
  /** @param also what goes with it in one submission, and what is read of it. */
  const pass = async (
    k: number,
    dispatches: readonly Dispatch[],
    also: (work: Submission) => readonly Read[] = () => [],
  ): Promise<{ readonly measured: PassMeasurements; readonly rest: readonly ArrayBuffer[] }> => {
    uploadLabels(open, stages, plan, program, passes[k] ?? null);
    held = k;
    const work = beginSubmission(open, "base");
    work.pass("base", dispatches);
    const own = [packed.into, values].map((of) => ({ buffer: stages.bufferOf(of), bytes: bytesOf(of) }));
    const [summed, heads, ...rest] = (await work.read([...own, ...also(work)])) as [ArrayBuffer, ArrayBuffer];
    return { measured: passMeasurements(program, inputs, summed, heads), rest };
  };
  /** Reads of samples of several passes, one after another: each pass is run again where it is not what is held. */
  let reading: Promise<unknown> = Promise.resolve();
  const readPasses = async <T>(
    read: (columns: readonly number[]) => Promise<T[]>,
    samples: readonly number[],
  ): Promise<T[]> => {
    const found = new Map<number, T>();
    const outputs = passes.length;
    for (const k of passes.keys()) {
      const own = samples.filter((sample) => sample % outputs === k);
      if (own.length === 0) continue;
      if (held !== k) await pass(k, ready.again);
      const vectors = await read(own.map((sample) => Math.floor(sample / outputs)));
      own.forEach((sample, i) => found.set(sample, vectors[i] as T));
    }
    return samples.map((sample) => found.get(sample) as T);
  };
  /** With the search for each witness. */
  const readTraced = async (columns: readonly number[]): Promise<TracedSample[]> => {
    const found = witnesses;
    const read = await stored.readTraced(columns);
    return read.map((traced, j) => ({
      ...traced,
      witnesses: traced.witnesses.map((witness, i) => {
        const search = found[i - 1]?.search(columns[j] as number);
        return witness === null || search === undefined ? witness : { ...witness, search };
      }),
    }));
  };
  const reader =
    <T>(read: (columns: readonly number[]) => Promise<T[]>) =>
    (samples: readonly number[]): Promise<T[]> => {
      if (passes.length === 1) return read(samples);
      const next = reading.then(() => readPasses(read, samples));
      reading = next.catch(() => undefined);
      return next;
    };
  return {
    capacity,
    async run(batch, trace) {
      const { first } = batch;
      inputs = inputCount(batch);
      passes = labelsOfPasses(batch);
      const outputs = passes.length;
      const address = { seed: plan.seed, first: inputIndex(plan, first), unit: 0 };
      const x = inputColumns(batch, capacity);
      uploadBatch(open, stages, plan, program, batch, before ?? x);
      stages.address(address);
      if (fault === "inputs-stale") before = x;
      const traced = new Map<number, TracedSample>();
      const readPass = async (k: number): Promise<void> => {
        const own = trace.filter((sample) => sample % outputs === k);
        const read = await readTraced(own.map((sample) => Math.floor(sample / outputs)));
        own.forEach((sample, i) => traced.set(sample, read[i] as TracedSample));
      };
      const accuracy = plan.accuracy === "verdict" ? 0 : plan.accuracy;
      const asked = { accuracy, method: plan.method, errors: plan.errors };
      const { begin, finish } = createIterationRun(open, workspace, stages, ready.iterations, inputs, asked, fault);
      const { measured: own, rest } = await pass(0, ready.whole, begin);
      const measured = [own];
      witnesses = await finish(rest);
      const explicit: Measurements["explicit"][number][] = [];
      for (const own of ready.explicit) explicit.push(await runExplicit(open, stages, own, inputs, address));
      await readPass(0);
      for (let k = 1; k < outputs; k++) {
        measured.push((await pass(k, ready.again)).measured);
        await readPass(k);
      }
      const inner = plan.layers.slice(1);
      const measurements = joinPasses(measured, {
        witnesses: [null, ...inner.map((_, i) => witnesses[i]?.measurement ?? null)],
        explicit: [null, ...inner.map((_, i) => explicit[i] ?? null)],
      });
      return { measurements: withMeasurementFault(measurements, fault), traced };
    },
    readStored: reader(stored.read),
    readTraced: reader(readTraced),
    destroy: workspace.destroy,
  };
}

/** The fewest samples of a batch. */
const LEAST = 4;

/**
 * What no smaller batch would help: a layer's own matrix, or the two tangents of the fewest samples.
 * @throws DeviceError naming the layer.
 */
function refuseLargeLayers(plan: Plan, { adapter, bindingBytes }: OpenDevice): void {
  plan.network.layers.forEach(({ inputs, outputs }, i) => {
    const needs = [
      { what: "weights take", bytes: 4 * inputs * outputs },
      { what: `vectors of ${String(LEAST)} samples take`, bytes: 2 * LEAST * 4 * Math.max(inputs, outputs) },
    ];
    const large = needs.find(({ bytes }) => bytes > bindingBytes);
    if (large === undefined) return;
    const shape = `${String(outputs)} × ${String(inputs)}`;
    const limit = `at most ${String(bindingBytes)}, what ${adapter.name} binds at once`;
    throw new DeviceError(
      `webgpu: layer ${String(i + 1)} (${shape}): its ${large.what} ${String(large.bytes)} bytes, expected ${limit}: another adapter, or --engine cpu`,
    );
  });
}

/** x, n_1 × columns, 0 past the batch's end. */
function inputColumns(batch: Batch, columns: number): Float32Array<ArrayBuffer> {
  const rows = inputCount(batch);
  const width = batch.inputs.length / rows;
  const inputs = new Float32Array(width * columns);
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < width; i++) inputs[i * columns + j] = batch.inputs[j * width + i] as number;
  }
  return inputs;
}

/** @param x as inputColumns makes them. */
function uploadBatch(
  { device }: OpenDevice,
  { bufferOf }: DeviceStages,
  plan: Plan,
  { base: { inputs, headData: data } }: BatchProgram,
  batch: Batch,
  x: Float32Array<ArrayBuffer>,
): void {
  device.queue.writeBuffer(bufferOf(inputs), 0, x);
  const constants = headData(plan.head, data.rows, batch.first, inputCount(batch), inputs.columns);
  device.queue.writeBuffer(bufferOf(data), 0, Float32Array.from(constants));
}

function uploadLabels(
  { device }: OpenDevice,
  { bufferOf }: DeviceStages,
  plan: Plan,
  { base: { labels } }: BatchProgram,
  given: Int32Array | null,
): void {
  const own = new Int32Array(labels.columns).fill(takesClass(plan.head) ? 0 : -1);
  if (given !== null) own.set(given);
  device.queue.writeBuffer(bufferOf(labels), 0, own);
}

/** @param sums, @param values what the packed sums and the values of the program held. */
function passMeasurements(
  { base }: BatchProgram,
  samples: number,
  sums: ArrayBuffer,
  values: ArrayBuffer,
): PassMeasurements {
  const reader = packedReader(base.packed, sums, samples);
  const value = new Float64Array(samples);
  const topExponent = new Int32Array(samples);
  const finite = reader.finite();
  const [floats, integers] = [new Float32Array(values), new Int32Array(values)];
  for (let j = 0; j < samples; j++) {
    value[j] = floats[2 * j] as number;
    topExponent[j] = integers[2 * j + 1] as number;
    if (!Number.isFinite(value[j])) finite[j] = 0;
  }
  const measured = readTree<BaseMeasurements, Measure>(base.measured, reader.read);
  return { samples, arithmetic: WGSL_F32, finite, value, topExponent, ...measured };
}
