/**
 * Witnesses for ‖J_t‖ on the device: every layer's iteration in rounds, all layers together, then û, its pullback and their norms. A sample
 * uses the coefficients of its own steps; the batch goes on until its last sample has stopped.
 */
import type { StoredSearch, WitnessMeasurement } from "../engine.ts";
import { WGSL_F32 } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import { STEP_LIMIT } from "../krylov.ts";
import type { Iteration, Round } from "../program/iteration.ts";
import { KrylovState } from "../program/krylov-state.ts";
import { bytesOf } from "../program/memory.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { readTree } from "../program/stage.ts";
import { dropUnusable } from "../sample-measurements.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch } from "./dispatch.ts";
import { guarded } from "./dispatch.ts";
import type { DeviceStages } from "./stages.ts";
import { beginSubmission } from "./submission.ts";
import { sumReader } from "./sums.ts";

/** An iteration ready to run: its first round is, the later ones are made when a sample comes to them. */
export interface DeviceIteration {
  readonly own: Iteration;
  readonly start: readonly Dispatch[];
  readonly gram: readonly Dispatch[];
  /** After the first round. */
  readonly gone: readonly Dispatch[];
  readonly back: readonly Dispatch[];
  readonly rounds: { readonly steps: readonly Dispatch[]; readonly combine: readonly Dispatch[] }[];
}

export async function prepareIteration(stages: DeviceStages, own: Iteration): Promise<DeviceIteration> {
  const { start, gram, back, sums, iterates } = own;
  return {
    own,
    start: await stages.prepare([start, ...iterates[0].stages]),
    gram: await stages.prepare(gram),
    gone: await stages.prepare(iterates[1].stages),
    back: await stages.prepare([...back, ...sums.stages]),
    rounds: [await prepareRound(stages, own.rounds[0] as Round)],
  };
}

async function prepareRound(
  stages: DeviceStages,
  { steps, combine }: Round,
): Promise<DeviceIteration["rounds"][number]> {
  return { steps: await stages.prepare(steps), combine: await stages.prepare([combine]) };
}

interface Running {
  readonly layer: DeviceIteration;
  readonly state: KrylovState;
  rounds: number;
  iterateNorm: readonly Float64Array[];
}

/** The witnesses of a layer, and how each was found. */
export interface DeviceWitness {
  readonly measurement: WitnessMeasurement;
  readonly search: (sample: number) => StoredSearch;
}

/** Witnesses of the layers for the first `samples` columns of the base pass that was just run. */
export async function runIterations(
  open: OpenDevice,
  stages: DeviceStages,
  layers: readonly DeviceIteration[],
  samples: number,
  accuracy: number,
  fault: FaultName | undefined,
): Promise<DeviceWitness[]> {
  const whole = (matrix: Matrix) => ({ buffer: stages.bufferOf(matrix), bytes: bytesOf(matrix) });
  const all = layers.map((layer): Running => {
    const state = new KrylovState(samples, layer.own.next.rows, accuracy, WGSL_F32.unitRoundoff, fault);
    return { layer, state, rounds: 0, iterateNorm: [] };
  });
  for (let number = 0; ; number++) {
    const active = all.filter(({ state }) => state.anyRuns);
    if (active.length === 0) break;
    const work = beginSubmission(open, "iteration");
    for (const { layer } of active) {
      const { own, rounds } = layer;
      const round = (rounds[number] ??= await guarded(open, `round ${String(number)} of the iteration`, () =>
        prepareRound(stages, own.rounds[number] as Round),
      ));
      const before = own.rounds[number - 1];
      if (before !== undefined) {
        const block = 4 * own.next.rows * own.next.columns;
        const [from, to] = [before.basis, (own.rounds[number] as Round).basis].map(stages.bufferOf);
        const at = (before.to - before.from) * block;
        work.copy({ from: from as GPUBuffer, at, to: to as GPUBuffer, bytes: block });
      }
      const chain = round.steps.flatMap((step) => [...layer.gram, step]);
      work.pass(`iteration.${String(own.t)}`, number > 0 ? chain : [...layer.start, ...chain, ...layer.gone]);
    }
    const coefficients = active.map(({ layer: { own } }) => ({
      buffer: stages.bufferOf(own.coefficients),
      bytes: 8 * own.next.columns * (own.rounds[number] as Round).to,
    }));
    const norms = number > 0 ? [] : active.flatMap(({ layer: { own } }) => own.iterates.map(({ into }) => whole(into)));
    const results = await work.read([...coefficients, ...norms]);
    active.forEach((running, i) => {
      const { own } = running.layer;
      running.rounds++;
      takeRound(running, samples, new Float32Array(results[i] as ArrayBuffer), own.rounds[number] as Round);
      if (number > 0) return;
      const words = own.iterates.map((_, k) => results[active.length + 2 * i + k] as ArrayBuffer);
      running.iterateNorm = own.iterates.map((sums, k) =>
        sumReader(sums, words[k] as ArrayBuffer, samples).read(own.iterate),
      );
    });
  }
  return finish(open, stages, all, samples);
}

/** @param pairs (α, β), steps × columns. */
function takeRound(
  { layer: { own }, state }: Running,
  samples: number,
  pairs: Float32Array,
  { from, to }: Round,
): void {
  const { columns } = own.next;
  for (let sample = 0; sample < samples; sample++) {
    for (let j = from; j < to; j++) {
      const at = 2 * (j * columns + sample);
      state.take(sample, pairs[at] as number, pairs[at + 1] as number);
    }
  }
}

/** û from the Ritz coefficients, its pullback, and their norms. */
async function finish(
  open: OpenDevice,
  stages: DeviceStages,
  all: readonly Running[],
  samples: number,
): Promise<DeviceWitness[]> {
  const work = beginSubmission(open, "witness");
  for (const { layer, state, rounds } of all) {
    const { t, weights } = layer.own;
    const values = new Float32Array(STEP_LIMIT * weights.columns);
    for (let sample = 0; sample < samples; sample++) {
      state.ritzCoefficients(sample).forEach((s, j) => {
        values[j * weights.columns + sample] = s;
      });
    }
    open.device.queue.writeBuffer(stages.bufferOf(weights), 0, values);
    const combine = layer.rounds.slice(0, rounds).flatMap((round) => round.combine);
    work.pass(`witness.${String(t)}`, [...combine, ...layer.back]);
  }
  const reads = all.map(({ layer: { own } }) => own.sums.into);
  const results = await work.read(reads.map((into) => ({ buffer: stages.bufferOf(into), bytes: bytesOf(into) })));
  return all.map(({ layer: { own }, state, iterateNorm }, i) => {
    const { read } = sumReader(own.sums, results[i] as ArrayBuffer, samples);
    const norms = readTree<Pick<WitnessMeasurement, "vectorNorm" | "pullbackNorm" | "stageNorm">, Measure>(
      own.measured,
      read,
    );
    const measurement = { ...norms, steps: state.steps(), iterateNorm };
    dropUnusable(measurement);
    return { measurement, search: (sample) => state.search(sample) };
  });
}
