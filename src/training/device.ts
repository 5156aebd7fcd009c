/**
 * Steps on a device, in f32: the batch program's own kernels for forward, head and backward pass (shaders/), and three beside them for the
 * gradient and the optimiser (shaders/training/). θ and its moments stay there; the batch goes up, its losses come back. Penalties are
 * the host's.
 */
import type { OpenDevice } from "../engine/gpu/device.ts";
import type { Dispatch } from "../engine/gpu/dispatch.ts";
import { createWorkspace, guarded } from "../engine/gpu/dispatch.ts";
import { beginSubmission } from "../engine/gpu/submission.ts";
import { headData, unitParameters } from "../engine/program/constants.ts";
import type { Kernel, Sizes } from "../engine/program/kernels.ts";
import { KERNELS } from "../engine/program/kernels.ts";
import { bytesOf } from "../engine/program/memory.ts";
import type { Matrix } from "../engine/program/stage.ts";
import type { Layer } from "../network/network.ts";
import { BATCH_ORDER_STREAM } from "../sampling/streams.ts";
import type { Dataset } from "./data.ts";
import { chosen, lossHead } from "./data.ts";
import { MEAN_SHARE, OUTER_PRODUCT, UPDATE, updateSizes } from "./device-kernels.ts";
import type { TrainingFault } from "./faults.ts";
import { batchOrder } from "./order.ts";
import { momentCount, ruleOf } from "./optimiser.ts";
import type { LayerParameters, ParameterVector } from "./parameters.ts";
import { isFinite } from "./parameters.ts";
import { stagesFor } from "./program.ts";
import { learningRateAt } from "./schedule.ts";
import type { TrainingSettings } from "./settings.ts";
import type { RunTrainer, StepResult, TrainingState } from "./trainer.ts";
import { initialNetwork, notFinite, notUpdated } from "./trainer.ts";

/** The tensors of one vector of θ's shape: W_1, b_1, W_2, …. */
type Tensors = readonly GPUBuffer[];

export interface DeviceTrainer extends RunTrainer {
  readonly destroy: () => void;
}

/** @param from the state to go on from. @throws DeviceError */
export async function createDeviceTrainer(
  open: OpenDevice,
  settings: TrainingSettings,
  data: Dataset,
  from: TrainingState,
  fault: TrainingFault | null = null,
): Promise<DeviceTrainer> {
  const { device } = open;
  const shape = initialNetwork(settings);
  const order = batchOrder(settings.seed, BATCH_ORDER_STREAM, data.samples, settings.batch);
  const samples = order.size;
  const columns = 4 * Math.ceil(samples / 4);
  const { base, calls } = stagesFor(shape, lossHead(settings.loss, data), columns);
  const workspace = createWorkspace(open);
  const write = (buffer: GPUBuffer, values: ArrayLike<number>): void => {
    device.queue.writeBuffer(buffer, 0, Float32Array.from(values));
  };
  const tensors = (what: string): Tensors =>
    shape.layers.flatMap(({ weight, bias }, i) =>
      [weight, bias].map((own) => workspace.buffer(`${what}.${String(i + 1)}`, 4 * own.length)),
    );
  const fill = (own: Tensors, vector: ParameterVector): void => {
    vector
      .flatMap(({ weight, bias }) => [weight, bias])
      .forEach((values, k) => {
        write(own[k] as GPUBuffer, values);
      });
  };
  const moments = momentCount(settings);
  const variable: ((sizes: Sizes) => void)[] = [];
  const counts = shape.layers.flatMap(({ weight, bias }) => [weight.length, bias.length]);

  const build = async () => {
    const rooms = [0, 1].map(() => Array.from({ length: 1 + moments }, () => tensors("state")));
    const gradient = tensors("gradient");
    const seen = workspace.buffer("seen", 4);
    const unused = [0, 1].map(() => workspace.buffer("unused", 16)) as [GPUBuffer, GPUBuffer];
    const buffers = new Map<Matrix, GPUBuffer>();
    const bufferOf = (matrix: Matrix, room: readonly Tensors[]): GPUBuffer => {
      const theta = room[0] as Tensors;
      const { kind, layer } = matrix;
      if (kind === "weight" || kind === "scaled-weight") return theta[2 * layer - 2] as GPUBuffer;
      if (kind === "bias") return theta[2 * layer - 1] as GPUBuffer;
      const known = buffers.get(matrix);
      if (known !== undefined) return known;
      const made = workspace.buffer(`${kind}.${String(layer)}`, bytesOf(matrix));
      if (kind === "parameter") {
        const { activation, outputs } = shape.layers[layer - 1] as Layer;
        write(made, unitParameters(activation, outputs));
      }
      buffers.set(matrix, made);
      return made;
    };
    const shares = shape.layers.map(({ outputs }) => workspace.buffer("share", 4 * outputs * columns));
    const dispatches: Dispatch[][] = [];
    for (const [now, next] of [rooms, [...rooms].reverse()] as [Tensors[], Tensors[]][]) {
      const list: Dispatch[] = [];
      const add = async (kernel: Kernel, overrides: Sizes, sizes: Sizes, operands: readonly GPUBuffer[]) => {
        list.push(await workspace.dispatch(kernel, overrides, sizes, operands));
      };
      for (const { kernel, overrides, sizes, operands } of calls) {
        await add(
          KERNELS[kernel],
          overrides,
          sizes,
          operands.map((own) => bufferOf(own, now)),
        );
      }
      for (const [i, { inputs, outputs }] of shape.layers.entries()) {
        const [adjoint, hidden] = [base.vectors.adjoints[i], base.vectors.hidden[i]].map((place) =>
          bufferOf(place?.of as Matrix, now),
        ) as [GPUBuffer, GPUBuffer];
        const share = shares[i] as GPUBuffer;
        await add(MEAN_SHARE, {}, { rows: outputs, columns, samples }, [adjoint, bufferOf(base.values, now), share]);
        const into = gradient.slice(2 * i, 2 * i + 2);
        await add(OUTER_PRODUCT, {}, { rows: outputs, width: inputs, columns }, [share, hidden, ...into]);
      }
      for (const [k, count] of counts.entries()) {
        if (k % 2 === 1 && shape.layers[(k - 1) / 2]?.biased === false) continue;
        const [[t0, m0, s0 = unused[0]], [t1, m1, s1 = unused[1]]] = [now, next].map((room) =>
          room.map((own) => own[k] as GPUBuffer),
        ) as [[GPUBuffer, GPUBuffer, GPUBuffer?], [GPUBuffer, GPUBuffer, GPUBuffer?]];
        const sizes = updateSizes(count, ruleOf(settings, 0, 0, null), 0);
        const operands = [t0, gradient[k] as GPUBuffer, m0, s0, t1, m1, s1, seen];
        const overrides = { ADAM: settings.optimiser === "adam" ? 1 : 0 };
        const made = await workspace.variable(UPDATE, overrides, sizes, operands);
        list.push(made.dispatch);
        variable.push((given) => {
          made.write({ ...given, count });
        });
      }
      dispatches.push(list);
    }
    const [inputs, labels, constants, values] = [base.inputs, base.labels, base.headData, base.values].map((own) =>
      bufferOf(own, rooms[0] as Tensors[]),
    ) as [GPUBuffer, GPUBuffer, GPUBuffer, GPUBuffer];
    return { rooms, gradient, seen, dispatches, inputs, labels, constants, values };
  };
  const made = await guarded(open, `training in batches of ${String(samples)}`, build).catch((error: unknown) => {
    workspace.destroy();
    throw error;
  });
  let current = 0;
  [from.parameters, ...from.moments].forEach((vector, k) => {
    // Both rooms: what is never updated, the bias of a layer without one, is read of either.
    for (const room of made.rooms) fill(room[k] as Tensors, vector);
  });
  let { step } = from;
  let uploaded: Int32Array | null = null;

  const upload = (indices: Int32Array): void => {
    if (indices === uploaded && samples === data.samples) return;
    uploaded = indices;
    const batch = chosen(data, indices);
    const x = new Float32Array(data.width * columns);
    for (let j = 0; j < samples; j++) {
      for (let i = 0; i < data.width; i++) x[i * columns + j] = batch.inputs[j * data.width + i] as number;
    }
    device.queue.writeBuffer(made.inputs, 0, x);
    const own = new Int32Array(columns);
    if (batch.labels !== null) own.set(batch.labels);
    device.queue.writeBuffer(made.labels, 0, own);
    write(made.constants, headData(lossHead(settings.loss, batch), data.outputs, 0, samples, columns));
  };
  const readTensors = async (vectors: readonly Tensors[]): Promise<ParameterVector[]> => {
    const reads = vectors.flatMap((own) => own.map((buffer, k) => ({ buffer, bytes: 4 * (counts[k] as number) })));
    const read = await beginSubmission(open, "state").read(reads);
    const arrays = read.map((bytes) => Float64Array.from(new Float32Array(bytes)));
    return vectors.map((own, v) =>
      shape.layers.map((_, i): LayerParameters => {
        const at = v * own.length + 2 * i;
        return { weight: arrays[at] as Float64Array, bias: arrays[at + 1] as Float64Array };
      }),
    );
  };
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw await open.explain(error);
    }
  };
  let known: TrainingState | null = null;
  const makeStep = async (): Promise<StepResult> => {
    open.check();
    upload(order.batch(fault === "stale-batch" && step > 0 ? step - 1 : step));
    const rate = learningRateAt(settings, step);
    const sizes = updateSizes(0, ruleOf(settings, step, rate, fault), settings.weightDecay);
    for (const own of variable) own(sizes);
    device.queue.writeBuffer(made.seen, 0, new Uint32Array(1));
    const work = beginSubmission(open, "step");
    work.pass("step", made.dispatches[current] as Dispatch[]);
    const [heads, flag] = (await work.read([
      { buffer: made.values, bytes: 8 * samples },
      { buffer: made.seen, bytes: 4 },
    ])) as [ArrayBuffer, ArrayBuffer];
    const numbers = new Float32Array(heads);
    let loss = 0;
    for (let j = 0; j < samples; j++) loss += numbers[2 * j] as number;
    loss /= samples;
    const wrong = notFinite(loss, loss);
    if (wrong !== null) return { kind: "diverged", step: step + 1, what: wrong };
    if (new Uint32Array(flag)[0] !== 0) {
      const [gradient] = await readTensors([made.gradient]);
      return { kind: "diverged", step: step + 1, what: notUpdated(isFinite(gradient as ParameterVector)) };
    }
    step++;
    current = 1 - current;
    known = null;
    return { kind: "made", loss, objective: loss };
  };
  return {
    ...{ batch: samples, stepsPerEpoch: order.perEpoch, destroy: workspace.destroy },
    made: () => step,
    step: () => explained(makeStep()),
    async state() {
      if (known !== null) return known;
      const vectors = await explained(readTensors(made.rooms[current] as Tensors[]));
      const [parameters, ...kept] = vectors as [ParameterVector, ...ParameterVector[]];
      known = { step, parameters, moments: kept };
      return known;
    },
  };
}
