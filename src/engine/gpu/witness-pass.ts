/**
 * Witnesses for ‖J_t‖, t = 2 … l: Lanczos on the device in rounds, the tridiagonal problem on the host (krylov.ts), then the pullback of
 * the Ritz vector with its norms. A sample uses the coefficients of its own steps; the batch goes on until its last sample has stopped.
 */
import type { WitnessMeasurement } from "../engine.ts";
import { WGSL_F32 } from "../engine.ts";
import { converged, exhausted, isCheckpoint, ritzVector, STEP_LIMIT } from "../krylov.ts";
import { dropUnusable } from "../sample-measurements.ts";
import type { BasePass } from "./base-pass.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { encodePass, guarded, submitAndRead } from "./dispatch.ts";
import { KERNELS, KRYLOV_STATE, NORMALISE_STATE } from "./kernels.ts";
import type { LinearMaps, PullbackPass } from "./linear-maps.ts";
import { createLinearMaps } from "./linear-maps.ts";
import type { Operands } from "./operands.ts";
import type { SumBuffer, SumRequest } from "./sums.ts";
import { createSums } from "./sums.ts";

/** One layer's iteration. */
interface LayerIteration {
  readonly t: number;
  readonly rows: number;
  /** q of the next step. */
  readonly next: Matrix;
  readonly start: Dispatch;
  readonly gram: { dispatches: Dispatch[]; result: Matrix };
  /** (α, β), steps × columns. */
  readonly coefficients: Matrix;
  /** What a step's dispatches hand on. */
  readonly states: Matrix;
  readonly weights: Matrix;
  readonly witness: Matrix;
  readonly segments: Segment[];
  readonly back: PullbackPass;
  /** Norms of û, ĉ and the stages. */
  readonly sums: SumBuffer;
  /** Norms of `next`: where the iteration starts, and after its first round. */
  readonly iterates: SumBuffer;
}

/** Basis blocks of one round: block 0 is the last of the round before. */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly basis: Matrix;
  readonly steps: readonly Dispatch[];
  readonly combine: Dispatch;
}

export interface WitnessPass {
  /** Witnesses for the first `samples` columns of the base pass that was just run. */
  readonly run: (samples: number, accuracy: number) => Promise<WitnessMeasurement[]>;
  /** Where the witnesses of layers 2 … l stand after a run. */
  readonly stored: readonly { vector: Matrix; stages: readonly Matrix[]; result: Matrix }[];
}

export async function createWitnessPass(
  open: OpenDevice,
  workspace: Workspace,
  operands: Operands,
  base: BasePass,
): Promise<WitnessPass> {
  const { columns } = base;
  const maps = createLinearMaps(workspace, operands, base.slopes, columns, columns);
  const layers: LayerIteration[] = [];
  for (let t = 2; t <= operands.depth; t++) layers.push(await createIteration(workspace, operands, base, maps, t));
  return {
    stored: layers.map(({ witness, back }) => ({ vector: witness, stages: back.stages, result: back.result })),
    async run(samples, accuracy) {
      const states = layers.map((layer) => new IterationState(layer, samples));
      for (let round = 0; states.some((s) => s.running); round++) {
        const active = states.filter((s) => s.running);
        const encoder = open.device.createCommandEncoder({ label: "witness.round" });
        for (const { layer } of active) {
          const segment = await guarded(open, `step ${String(round)} of the iteration`, () =>
            ensureSegment(workspace, layer, columns, round),
          );
          const before = layer.segments[round - 1];
          if (before !== undefined) {
            const block = 4 * layer.rows * columns;
            encoder.copyBufferToBuffer(
              before.basis.buffer,
              (before.to - before.from) * block,
              segment.basis.buffer,
              0,
              block,
            );
          }
          const chain = segment.steps.flatMap((step) => [...layer.gram.dispatches, step]);
          const [begun, gone] = layer.iterates.dispatches as [Dispatch, Dispatch];
          const all = round === 0 ? [layer.start, begun, ...chain, gone] : chain;
          encodePass(encoder, `witness.${String(layer.t)}`, all);
        }
        const reads = active.map(({ layer }) => ({
          buffer: layer.coefficients.buffer,
          bytes: 8 * columns * (layer.segments[round] as Segment).to,
        }));
        const norms = active.map(({ layer: { iterates } }) => ({ buffer: iterates.buffer, bytes: iterates.bytes }));
        const results = await submitAndRead(open, encoder, round === 0 ? [...reads, ...norms] : reads);
        active.forEach((state, i) => {
          if (round === 0) state.takeNorms(new Uint32Array(results[active.length + i] as ArrayBuffer));
          const { from, to } = state.layer.segments[round] as Segment;
          state.take(new Float32Array(results[i] as ArrayBuffer), columns, from, to, accuracy);
        });
      }
      return finish(open, states, columns, samples);
    },
  };
}

/** α, β and the steps of every sample of one layer. */
class IterationState {
  readonly alpha: number[][];
  readonly beta: number[][];
  running: boolean;
  rounds = 0;
  /** Of the first vector and the one after the first round. */
  iterateNorm: readonly Float64Array[] = [];
  readonly layer: LayerIteration;
  private readonly stopped: Uint8Array;

  constructor(layer: LayerIteration, samples: number) {
    this.layer = layer;
    this.alpha = Array.from({ length: samples }, () => []);
    this.beta = Array.from({ length: samples }, () => []);
    this.stopped = new Uint8Array(samples);
    this.running = samples > 0;
  }

  takeNorms(words: Uint32Array): void {
    const { iterates } = this.layer;
    this.iterateNorm = [0, 1].map((request) => iterates.norms(words, request).norm.slice(0, this.alpha.length));
  }

  /** Steps from + 1 … to of every sample, out of (α, β) pairs, steps × columns. */
  take(pairs: Float32Array, columns: number, from: number, to: number, accuracy: number): void {
    this.rounds++;
    let open = false;
    this.stopped.forEach((done, sample) => {
      if (done === 1) return;
      const a = this.alpha[sample] as number[];
      const b = this.beta[sample] as number[];
      for (let j = from; j < to; j++) {
        a.push(pairs[2 * (j * columns + sample)] as number);
        b.push(pairs[2 * (j * columns + sample) + 1] as number);
        const steps = j + 1;
        const stop =
          exhausted(a, b, steps, WGSL_F32.unitRoundoff) ||
          (isCheckpoint(steps, this.layer.rows) && converged(a, b, steps, this.layer.rows, accuracy));
        if (stop) {
          this.stopped[sample] = 1;
          return;
        }
      }
      open = true;
    });
    this.running = open;
  }
}

async function createIteration(
  workspace: Workspace,
  operands: Operands,
  base: BasePass,
  maps: LinearMaps,
  t: number,
): Promise<LayerIteration> {
  const { columns } = base;
  const rows = operands.width(t);
  const name = (what: string): string => `${what}.${String(t)}`;
  const next = workspace.matrix(name("krylov-next"), rows, columns);
  const witness = workspace.matrix(name("witness"), rows, columns);
  const tangent = base.tangents[t - 1] as Matrix;
  const start = await workspace.dispatch(
    KERNELS.normalise,
    { SECOND: 1 },
    { rows, columns, width: 2 * columns, shift: columns, pitch: columns },
    [tangent.buffer, next.buffer, workspace.matrix("normalise.states", 1, columns, NORMALISE_STATE).buffer],
  );
  const back = await maps.pullback(t, witness, true);
  const requests: SumRequest[] = [witness, back.result, ...back.stages].map((of) => ({ kind: "norm", of }));
  const sums = await createSums(workspace, name("witness.sums"), requests);
  return {
    t,
    rows,
    next,
    start,
    gram: await maps.gram(t, next),
    coefficients: workspace.matrix(name("coefficients"), STEP_LIMIT, columns, 2),
    states: workspace.matrix(name("krylov-states"), 1, columns, KRYLOV_STATE),
    weights: workspace.matrix(name("ritz-weights"), STEP_LIMIT, columns),
    witness,
    segments: [],
    back,
    sums,
    iterates: await createSums(
      workspace,
      name("witness.iterates"),
      [next, next].map((of) => ({ kind: "norm", of })),
    ),
  };
}

/** The basis of one round: from the end of the round before to the next checkpoint. */
async function ensureSegment(
  workspace: Workspace,
  layer: LayerIteration,
  columns: number,
  round: number,
): Promise<Segment> {
  const known = layer.segments[round];
  if (known !== undefined) return known;
  const from = layer.segments[round - 1]?.to ?? 0;
  let to = from + 1;
  while (!isCheckpoint(to, layer.rows)) to++;
  const { rows, next, coefficients, states, weights, witness } = layer;
  const basis = workspace.matrix(`basis.${String(layer.t)}`, (to - from + 1) * rows, columns);
  const steps: Dispatch[] = [];
  for (let j = from; j < to; j++) {
    steps.push(
      await workspace.dispatch(
        KERNELS.krylovStep,
        {},
        { rows, columns, block: j - from, first: j === 0 ? 1 : 0, at: j },
        [layer.gram.result.buffer, basis.buffer, next.buffer, coefficients.buffer, states.buffer],
      ),
    );
  }
  const combine = await workspace.dispatch(
    KERNELS.combine,
    {},
    { rows, columns, blocks: to - from, begin: from, first: from === 0 ? 1 : 0 },
    [basis.buffer, weights.buffer, witness.buffer],
  );
  const segment = { from, to, basis, steps, combine };
  layer.segments.push(segment);
  return segment;
}

/** û from the Ritz coefficients, its pullback, and their norms. */
async function finish(
  open: OpenDevice,
  states: readonly IterationState[],
  columns: number,
  samples: number,
): Promise<WitnessMeasurement[]> {
  const encoder = open.device.createCommandEncoder({ label: "witness.pullback" });
  for (const { layer, alpha, beta, rounds } of states) {
    const weights = new Float32Array(STEP_LIMIT * columns);
    alpha.forEach((a, sample) => {
      ritzVector(a, beta[sample] as number[], a.length).forEach((s, j) => {
        weights[j * columns + sample] = s;
      });
    });
    open.device.queue.writeBuffer(layer.weights.buffer, 0, weights);
    const combine = layer.segments.slice(0, rounds).map((s) => s.combine);
    encodePass(encoder, `witness.${String(layer.t)}`, [...combine, ...layer.back.dispatches, ...layer.sums.dispatches]);
  }
  const reads = states.map(({ layer }) => ({ buffer: layer.sums.buffer, bytes: layer.sums.bytes }));
  const results = await submitAndRead(open, encoder, reads);
  return states.map(({ layer, alpha, iterateNorm }, i) => {
    const words = new Uint32Array(results[i] as ArrayBuffer);
    const read = (request: number): Float64Array => layer.sums.norms(words, request).norm.slice(0, samples);
    const vectorNorm = read(0);
    const pullbackNorm = read(1);
    const stageNorm = Array.from({ length: layer.t - 1 }, (_, s) => read(2 + s));
    const steps = Int32Array.from(alpha, (a) => a.length);
    const measurement = { vectorNorm, pullbackNorm, stageNorm, steps, iterateNorm };
    dropUnusable(measurement);
    return measurement;
  });
}
