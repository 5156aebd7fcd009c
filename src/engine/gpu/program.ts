/** A batch program on a device, for batches of up to `capacity` samples, run one batch at a time. */
import { takesClass } from "../../network/heads.ts";
import type { Batch, Measurements, StoredSample, TracedSample } from "../engine.ts";
import { WGSL_F32 } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import { withMeasurementFault } from "../faults.ts";
import { DeviceError } from "../../network/errors.ts";
import type { Plan } from "../plan.ts";
import type { BaseMeasurements } from "../program/base.ts";
import { headData } from "../program/constants.ts";
import { bytesOf } from "../program/memory.ts";
import type { BatchProgram } from "../program/program.ts";
import { batchProgram } from "../program/program.ts";
import type { Measure } from "../program/stage.ts";
import { readTree } from "../program/stage.ts";
import type { OpenDevice } from "./device.ts";
import { createWorkspace, guarded } from "./dispatch.ts";
import type { DeviceExplicit } from "./explicit.ts";
import { runExplicit } from "./explicit.ts";
import type { DeviceIteration } from "./iteration.ts";
import { prepareIteration, runIterations } from "./iteration.ts";
import type { DeviceStages } from "./stages.ts";
import { createDeviceStages } from "./stages.ts";
import { createStoredReader } from "./stored.ts";
import { beginSubmission } from "./submission.ts";
import { sumReader } from "./sums.ts";

export interface Program {
  readonly capacity: number;
  readonly run: (batch: Batch) => Promise<Measurements>;
  /** Reads back what is stored of these samples of the batch last run; everything (`traced`), or what a replay needs. */
  readonly readStored: (samples: readonly number[]) => Promise<StoredSample[]>;
  readonly readTraced: (samples: readonly number[]) => Promise<TracedSample[]>;
  readonly destroy: () => void;
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
  const { sums, values } = program.base;
  const build = async () => {
    const base = await stages.prepare(program.base.stages);
    const summed = await stages.prepare(sums.stages);
    const iterations: DeviceIteration[] = [];
    for (const own of program.iterations) iterations.push(await prepareIteration(stages, own));
    const explicit: DeviceExplicit[] = [];
    for (const own of program.explicit) {
      explicit.push({ own, dispatches: await stages.prepare([...own.stages, ...own.sums.stages]) });
    }
    return { base: fault === "barrier-missing" ? [...summed, ...base] : [...base, ...summed], iterations, explicit };
  };
  const ready = await guarded(open, `a batch of ${String(capacity)} samples`, build).catch((error: unknown) => {
    workspace.destroy();
    throw error;
  });

  const stored = createStoredReader(open, workspace, stages, program);
  /** What "inputs-stale" reads: the inputs of the run before. */
  let before: Float32Array<ArrayBuffer> | null = null;
  return {
    capacity,
    async run(batch) {
      const { samples } = batch;
      const address = { seed: plan.seed, first: batch.first, unit: 0 };
      const inputs = inputColumns(batch, capacity);
      uploadBatch(open, stages, plan, program, batch, before ?? inputs);
      stages.address(address);
      if (fault === "inputs-stale") before = inputs;
      const work = beginSubmission(open, "base");
      work.pass("base", ready.base);
      const reads = [sums.into, values].map((own) => ({ buffer: stages.bufferOf(own), bytes: bytesOf(own) }));
      const [summed, heads] = await work.read(reads);
      const base = baseMeasurements(program, samples, summed as ArrayBuffer, heads as ArrayBuffer);
      const accuracy = plan.accuracy === "verdict" ? 0 : plan.accuracy;
      const witnesses = await runIterations(open, stages, ready.iterations, samples, accuracy, fault);
      const explicit: Measurements["explicit"][number][] = [];
      for (const own of ready.explicit) explicit.push(await runExplicit(open, stages, own, samples, address));
      const inner = plan.layers.slice(1);
      const measurements = {
        ...base,
        witnesses: [null, ...inner.map((_, i) => witnesses[i] ?? null)],
        explicit: [null, ...inner.map((_, i) => explicit[i] ?? null)],
      };
      return withMeasurementFault(measurements, fault);
    },
    readStored: stored.read,
    readTraced: stored.readTraced,
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
  const width = batch.inputs.length / batch.samples;
  const inputs = new Float32Array(width * columns);
  for (let j = 0; j < batch.samples; j++) {
    for (let i = 0; i < width; i++) inputs[i * columns + j] = batch.inputs[j * width + i] as number;
  }
  return inputs;
}

/** @param x as inputColumns makes them. */
function uploadBatch(
  { device }: OpenDevice,
  { bufferOf }: DeviceStages,
  plan: Plan,
  { base: { inputs, labels, headData: data } }: BatchProgram,
  batch: Batch,
  x: Float32Array<ArrayBuffer>,
): void {
  const { columns } = inputs;
  device.queue.writeBuffer(bufferOf(inputs), 0, x);
  const own = new Int32Array(columns).fill(takesClass(plan.head) ? 0 : -1);
  if (batch.labels !== null) own.set(batch.labels);
  device.queue.writeBuffer(bufferOf(labels), 0, own);
  const constants = headData(plan.head, data.rows, batch.first, batch.samples, columns);
  device.queue.writeBuffer(bufferOf(data), 0, Float32Array.from(constants));
}

/** @param sums, @param values what those matrices of the program held. */
function baseMeasurements(
  { base }: BatchProgram,
  samples: number,
  sums: ArrayBuffer,
  values: ArrayBuffer,
): Omit<Measurements, "witnesses" | "explicit"> {
  const reader = sumReader(base.sums, sums, samples);
  const value = new Float64Array(samples);
  const topExponent = new Int32Array(samples);
  const finite = new Uint8Array(samples).fill(1);
  const [floats, integers] = [new Float32Array(values), new Int32Array(values)];
  for (let j = 0; j < samples; j++) {
    value[j] = floats[2 * j] as number;
    topExponent[j] = integers[2 * j + 1] as number;
    if (!Number.isFinite(value[j])) finite[j] = 0;
  }
  for (const own of base.finite) {
    reader.finite(own).forEach((known, column) => {
      const sample = column % base.values.columns;
      if (known === 0 && sample < samples) finite[sample] = 0;
    });
  }
  const measured = readTree<BaseMeasurements, Measure>(base.measured, reader.read);
  return { samples, arithmetic: WGSL_F32, finite, value, topExponent, ...measured };
}
