/** The batch program: one plan's buffers and dispatches for batches of up to `capacity` samples, run one batch at a time. */
import type {
  Batch,
  ExplicitMeasurement,
  Measurements,
  StoredSample,
  TracedSample,
  WitnessMeasurement,
} from "../engine.ts";
import { WGSL_F32 } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import { withMeasurementFault } from "../faults.ts";
import { DeviceError } from "../../network/errors.ts";
import type { Plan } from "../plan.ts";
import type { BasePass } from "./base-pass.ts";
import { createBasePass } from "./base-pass.ts";
import type { OpenDevice } from "./device.ts";
import type { Matrix } from "./dispatch.ts";
import { createWorkspace, encodePass, guarded, submitAndRead } from "./dispatch.ts";
import { bytesPerColumn, createExplicitPass } from "./explicit-pass.ts";
import { headData, uploadOperands } from "./operands.ts";
import { HEAD_STATE, KRYLOV_STATE, NORMALISE_STATE } from "./kernels.ts";
import { createStoredReader } from "./stored.ts";
import { createWitnessPass } from "./witness-pass.ts";

export interface Program {
  readonly capacity: number;
  readonly run: (batch: Batch) => Promise<Measurements>;
  /** Reads back what is stored of these samples of the batch last run; everything (`traced`), or what a replay needs. */
  readonly readStored: (samples: readonly number[]) => Promise<StoredSample[]>;
  readonly readTraced: (samples: readonly number[]) => Promise<TracedSample[]>;
  readonly destroy: () => void;
}

/** Device bytes of a program, per sample of its capacity: what base-pass, witness-pass and explicit-pass allocate. */
export function bytesPerSample(plan: Plan): { total: number; largestBinding: number } {
  const widths = [...plan.network.layers.map((l) => l.inputs), plan.network.layers.at(-1)?.outputs ?? 0];
  const widest = Math.max(...widths);
  const sum = widths.reduce((a, b) => a + b, 0);
  const inner = widths.slice(1, -1);
  const base = 16 * sum;
  // Layer 1's tangents before they are spread: as many columns again in small batches, one in 64 more in large ones.
  const start = 2 * ((widths[0] ?? 0) + (widths[1] ?? 0));
  // First round of the iteration: 13 blocks; later rounds of a stubborn sample add up to 100 more, counted half. Then the pullback of
  // every layer's witness through all the layers below it.
  const kept = inner.reduce((a, _, i) => a + widths.slice(0, i + 2).reduce((b, n) => b + n, 0), 0);
  const witness = plan.accuracy === "verdict" ? 0 : inner.reduce((a, n) => a + 64 * n, 0) + 4 * sum + kept;
  // One unit vector of every sample; more go through at once only within explicit-pass.ts's own budget.
  const explicit = plan.norm === "frobenius" ? bytesPerColumn(widths) / 4 : 0;
  const largest = Math.max(2 * widest, plan.accuracy === "verdict" ? 0 : 17 * Math.max(1, ...inner));
  // What the dispatches of long loops hand on.
  const states = HEAD_STATE + NORMALISE_STATE + inner.length * (NORMALISE_STATE + KRYLOV_STATE);
  return { total: 4 * (base + start + witness + explicit + states), largestBinding: 4 * largest };
}

export async function createProgram(
  open: OpenDevice,
  plan: Plan,
  capacity: number,
  fault: FaultName | undefined,
): Promise<Program> {
  refuseLargeLayers(plan, open);
  const workspace = createWorkspace(open);
  const { device } = open;
  const build = async () => {
    const operands = uploadOperands(workspace, plan, open.bindingBytes, fault);
    const base = await createBasePass(workspace, operands, capacity, fault);
    const witness =
      plan.accuracy === "verdict" || operands.depth === 1
        ? null
        : await createWitnessPass(open, workspace, operands, base);
    const explicit =
      plan.norm === "spectral" || operands.depth === 1
        ? null
        : await createExplicitPass(open, workspace, operands, base);
    return { base, witness, explicit };
  };
  const { base, witness, explicit } = await guarded(open, `a batch of ${String(capacity)} samples`, build).catch(
    (error: unknown) => {
      workspace.destroy();
      throw error;
    },
  );

  const stored = createStoredReader(open, workspace, base, witness);
  /** What "inputs-stale" reads: the inputs of the run before. */
  let before: Float32Array<ArrayBuffer> | null = null;
  return {
    capacity,
    async run(batch) {
      const inputs = inputColumns(batch, base.columns);
      uploadBatch(device, plan, base, batch, before ?? inputs);
      if (fault === "inputs-stale") before = inputs;
      const encoder = device.createCommandEncoder({ label: "base" });
      encodePass(encoder, "base", base.dispatches);
      const reads = [
        { buffer: base.sums.buffer, bytes: base.sums.bytes },
        { buffer: base.values.buffer, bytes: 8 * capacity },
      ];
      const [sums, values] = await submitAndRead(open, encoder, reads);
      const { samples } = batch;
      const accuracy = plan.accuracy === "verdict" ? null : plan.accuracy;
      const witnesses = witness !== null && accuracy !== null ? await witness.run(samples, accuracy) : null;
      const dense = explicit === null ? null : await explicit.run(samples);
      const m = assemble(base, batch.samples, sums as ArrayBuffer, values as ArrayBuffer, witnesses, dense);
      return withMeasurementFault(m, fault);
    },
    readStored: (samples) => stored.read(samples),
    readTraced: (samples) => stored.readTraced(samples),
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

/** @param inputs as inputColumns makes them. */
function uploadBatch(
  device: GPUDevice,
  plan: Plan,
  base: BasePass,
  batch: Batch,
  inputs: Float32Array<ArrayBuffer>,
): void {
  const { columns } = base;
  device.queue.writeBuffer((base.hidden[0] as Matrix).buffer, 0, inputs);
  const labels = new Int32Array(columns).fill(-1);
  if (plan.head.kind === "cross-entropy") labels.fill(0);
  if (batch.labels !== null) labels.set(batch.labels);
  device.queue.writeBuffer(base.labels, 0, labels);
  const outputs = (base.hidden.at(-1) as Matrix).rows;
  device.queue.writeBuffer(base.headData, 0, headData(plan.head, outputs, batch.first, batch.samples, columns));
  base.setAddress(plan.seed, batch.first);
}

function assemble(
  base: BasePass,
  samples: number,
  sums: ArrayBuffer,
  values: ArrayBuffer,
  witnesses: WitnessMeasurement[] | null,
  explicit: ExplicitMeasurement[] | null,
): Measurements {
  const words = new Uint32Array(sums);
  const { columns, requests } = base;
  const depth = base.slopes.length;
  const finite = new Uint8Array(samples).fill(1);
  const everything = [
    ...requests.hidden,
    ...requests.preactivation,
    ...requests.slopes,
    ...requests.adjoints,
    ...requests.pullbacks,
    requests.topGradient,
  ];
  const ownColumns = everything.map((r) => base.sums.norms(words, r).finite);
  const doubled = [...requests.tangents, ...requests.pushed].map((r) => base.sums.norms(words, r).finite);
  for (let j = 0; j < samples; j++) {
    const all = ownColumns.every((f) => f[j] === 1) && doubled.every((f) => f[j] === 1 && f[j + columns] === 1);
    if (!all) finite[j] = 0;
  }
  const norm = (r: number): Float64Array => base.sums.norms(words, r).norm.slice(0, samples);
  const direction = (shift: number) => ({
    tangentNorm: requests.tangents.map((r) => base.sums.norms(words, r).norm.slice(shift, shift + samples)),
    products: requests.products.map((r) => base.sums.dots(words, r).slice(shift, shift + samples)),
  });
  const value = new Float64Array(samples);
  const topExponent = new Int32Array(samples);
  const floats = new Float32Array(values);
  const integers = new Int32Array(values);
  for (let j = 0; j < samples; j++) {
    value[j] = floats[2 * j] as number;
    topExponent[j] = integers[2 * j + 1] as number;
    if (!Number.isFinite(value[j])) finite[j] = 0;
  }
  return {
    samples,
    arithmetic: WGSL_F32,
    finite,
    value,
    topExponent,
    hiddenNorm: requests.hidden.slice(0, depth).map(norm),
    slopeMax: requests.slopes.map((r) => base.sums.norms(words, r).largest.slice(0, samples)),
    kinkDistance: requests.kinks.map((r) =>
      r === null ? new Float64Array(samples).fill(Infinity) : base.sums.least(words, r).slice(0, samples),
    ),
    adjointNorm: requests.adjoints.map(norm),
    pullbackNorm: requests.pullbacks.map(norm),
    directions: [direction(0), direction(columns)],
    witnesses: [null, ...Array.from({ length: depth - 1 }, (_, i) => witnesses?.[i] ?? null)],
    explicit: [null, ...Array.from({ length: depth - 1 }, (_, i) => explicit?.[i] ?? null)],
  };
}
