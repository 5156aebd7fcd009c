/**
 * Samples that iterate side by side on the device: at first the whole batch, then narrower blocks of those that go on
 * (program/narrower.ts). The dispatches of a round are made when a sample comes to it.
 */
import { STEP_LIMIT } from "../krylov.ts";
import type { Iteration, Round } from "../program/iteration.ts";
import { KERNELS } from "../program/kernels.ts";
import type { KrylovState } from "../program/krylov-state.ts";
import type { Narrower } from "../program/narrower.ts";
import type { Matrix } from "../program/stage.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Workspace } from "./dispatch.ts";
import type { DeviceStages } from "./stages.ts";
import type { Submission } from "./submission.ts";

interface DeviceRound {
  readonly steps: readonly Dispatch[];
  readonly combine: Dispatch;
}

export interface Block {
  readonly own: Iteration;
  /** Made with the first round. */
  gram: readonly Dispatch[];
  readonly rounds: Map<number, DeviceRound>;
  /** What brings the columns of a wider block here after one of its rounds. */
  readonly moves: Map<string, readonly Dispatch[]>;
}

export const createBlock = (own: Iteration): Block => ({ own, gram: [], rounds: new Map(), moves: new Map() });

/** Samples of a batch that run, or ran, in a block. */
export interface Stay {
  readonly block: Block;
  /** The sample of each column, the batch's `columns` or more where it is none. */
  readonly samples: Uint32Array<ArrayBuffer>;
  /** Numbers of the rounds that were run here. */
  readonly rounds: number[];
}

export async function prepareRound(stages: DeviceStages, block: Block, number: number): Promise<DeviceRound> {
  const { own, rounds } = block;
  const known = rounds.get(number);
  if (known !== undefined) return known;
  const { steps, combine } = own.rounds[number] as Round;
  if (block.gram.length === 0) block.gram = await stages.prepare(own.gram);
  const made = { steps: await stages.prepare(steps), combine: (await stages.prepare([combine]))[0] as Dispatch };
  rounds.set(number, made);
  return made;
}

/** From the last round of `from` on: the samples that run move, in their order; the columns that are left over are none. */
export async function prepareMove(
  { device }: OpenDevice,
  workspace: Workspace,
  { bufferOf }: DeviceStages,
  from: Stay,
  to: Block,
  number: number,
  state: KrylovState,
): Promise<{ readonly stay: Stay; readonly dispatches: readonly Dispatch[] }> {
  const own = to.own as Narrower;
  const wide = from.block.own;
  const none = own.vector.columns;
  const chosen = new Uint32Array(own.next.columns);
  const samples = new Uint32Array(own.next.columns).fill(none);
  let count = 0;
  from.samples.forEach((sample, column) => {
    if (sample >= none || !state.runs(sample)) return;
    chosen[count] = column;
    samples[count++] = sample;
  });
  device.queue.writeBuffer(bufferOf(own.chosen), 0, chosen);
  device.queue.writeBuffer(bufferOf(own.origin), 0, samples);
  // β of the step before, which the next one reads.
  const { from: step } = own.rounds[number + 1] as Round;
  const pairs = new Float32Array(2 * own.next.columns);
  samples.forEach((sample, column) => {
    if (sample < none) pairs[2 * column + 1] = state.last(sample);
  });
  device.queue.writeBuffer(bufferOf(own.coefficients), 4 * (step - 1) * pairs.length, pairs);
  const key = `${String(wide.next.columns)} ${String(number)}`;
  const known = to.moves.get(key);
  if (known !== undefined) return { stay: { block: to, samples, rounds: [] }, dispatches: known };
  const gather = (operand: Matrix, result: Matrix, block = 0): Promise<Dispatch> => {
    const { rows } = own.next;
    const sizes = {
      ...{ rows: operand.kind === "basis" ? rows : operand.rows, columns: operand.columns, count: own.next.columns },
      ...{ shift: block * rows * operand.columns, offset: 0 },
    };
    const buffers = [operand, own.chosen, result].map(bufferOf);
    return workspace.dispatch(KERNELS.gather, {}, sizes, buffers, `the iteration of layer ${String(own.t)}`);
  };
  const last = wide.rounds[number] as Round;
  const dispatches = [
    ...(await Promise.all(wide.slopes.map((operand, i) => gather(operand, own.slopes[i] as Matrix)))),
    await gather(wide.next, own.next),
    await gather(last.basis, (own.rounds[number + 1] as Round).basis, last.to - last.from),
  ];
  to.moves.set(key, dispatches);
  return { stay: { block: to, samples, rounds: [] }, dispatches };
}

/** Round `number` of a block, after the one before it here, if there is one. */
export function recordRound(
  work: Submission,
  { bufferOf }: DeviceStages,
  { block, rounds }: Stay,
  number: number,
): Dispatch[] {
  const { own, gram } = block;
  const before = rounds.includes(number - 1) ? own.rounds[number - 1] : undefined;
  if (before !== undefined) {
    const bytes = 4 * own.next.rows * own.next.columns;
    const [from, to] = [before.basis, (own.rounds[number] as Round).basis].map(bufferOf) as [GPUBuffer, GPUBuffer];
    work.copy({ from, at: (before.to - before.from) * bytes, to, bytes });
  }
  rounds.push(number);
  const [mask, ...rest] = gram;
  const { steps } = block.rounds.get(number) as DeviceRound;
  return [mask as Dispatch, ...steps.flatMap((step) => [...rest, step])];
}

/** Where the coefficients of a round stand. */
export function coefficientsOf({ bufferOf }: DeviceStages, { own }: Block, number: number) {
  const { from, to } = own.rounds[number] as Round;
  const line = 8 * own.next.columns;
  return { buffer: bufferOf(own.coefficients), at: from * line, bytes: (to - from) * line };
}

/** Hands a round's coefficients to the samples. @param pairs (α, β), as coefficientsOf. @param count samples of the batch. */
export function takeRound(
  { block: { own }, samples }: Stay,
  state: KrylovState,
  pairs: Float32Array,
  number: number,
  count: number,
): void {
  const { from, to } = own.rounds[number] as Round;
  const { columns } = own.next;
  samples.forEach((sample, column) => {
    if (sample >= count) return;
    for (let j = 0; j < to - from; j++) {
      const at = 2 * (j * columns + column);
      state.take(sample, pairs[at] as number, pairs[at + 1] as number);
    }
  });
}

/** û's part from the rounds of a block; the Ritz coefficients go up first. */
export function recordWitness(
  { device }: OpenDevice,
  { bufferOf }: DeviceStages,
  { block, samples, rounds }: Stay,
  state: KrylovState,
  count: number,
): Dispatch[] {
  const { own } = block;
  const { columns } = own.next;
  const steps = Math.min(STEP_LIMIT, (own.rounds[Math.max(...rounds)] as Round).to);
  const values = new Float32Array(steps * columns);
  samples.forEach((sample, column) => {
    if (sample >= count) return;
    state.ritzCoefficients(sample).forEach((s, j) => {
      // Past these a narrower block has them.
      if (j < steps) values[j * columns + column] = s;
    });
  });
  device.queue.writeBuffer(bufferOf(own.weights), 0, values);
  return rounds.map((number) => (block.rounds.get(number) as DeviceRound).combine);
}
