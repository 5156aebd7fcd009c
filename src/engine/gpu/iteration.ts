/**
 * Witnesses for ‖J_t‖ on the device: every layer's iteration in rounds, all layers together, then û, its pullback and their norms. A sample
 * uses the coefficients of its own steps; a block goes on until its last sample has stopped, or few enough are left for a narrower one.
 */
import type { StoredSearch, WitnessMeasurement } from "../engine.ts";
import { WGSL_F32 } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import { estimatedErrors } from "../krylov.ts";
import type { Plan } from "../plan.ts";
import type { Iteration } from "../program/iteration.ts";
import { KrylovState } from "../program/krylov-state.ts";
import { bytesOf } from "../program/memory.ts";
import type { Narrower } from "../program/narrower.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { readTree } from "../program/stage.ts";
import { dropUnusable } from "../sample-measurements.ts";
import type { Block, Stay } from "./block.ts";
import {
  coefficientsOf,
  createBlock,
  prepareMove,
  prepareRound,
  recordRound,
  recordWitness,
  takeRound,
} from "./block.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Workspace } from "./dispatch.ts";
import { guarded } from "./dispatch.ts";
import type { DeviceStages } from "./stages.ts";
import type { Read, Submission } from "./submission.ts";
import { beginSubmission } from "./submission.ts";
import { sumReader } from "./sums.ts";

/** An iteration ready to run, with its first round. */
export interface DeviceIteration {
  readonly own: Iteration;
  readonly start: readonly Dispatch[];
  /** After the first round. */
  readonly gone: readonly Dispatch[];
  readonly back: readonly Dispatch[];
  /** The batch's, then narrower and narrower ones. */
  readonly blocks: readonly [Block, ...Block[]];
}

export async function prepareIteration(
  { device }: OpenDevice,
  stages: DeviceStages,
  own: Iteration,
  narrower: readonly Narrower[],
): Promise<DeviceIteration> {
  const { start, back, sums, iterates, origin } = own;
  const block = createBlock(own);
  await prepareRound(stages, block, 0);
  const all = Uint32Array.from({ length: origin.columns }, (_, j) => j);
  device.queue.writeBuffer(stages.bufferOf(origin), 0, all);
  return {
    own,
    start: await stages.prepare([start, ...iterates[0].stages]),
    gone: await stages.prepare(iterates[1].stages),
    back: await stages.prepare([...back, ...sums.stages]),
    blocks: [block, ...narrower.map(createBlock)],
  };
}

interface Running {
  readonly layer: DeviceIteration;
  readonly state: KrylovState;
  readonly stays: [Stay, ...Stay[]];
  iterateNorm: readonly Float64Array[];
}

/** The witnesses of a layer, and how each was found. */
export interface DeviceWitness {
  readonly measurement: WitnessMeasurement;
  readonly search: (sample: number) => StoredSearch;
}

export interface IterationRun {
  /** The first round of every layer, behind the base pass; returns what is to be read of it. */
  readonly begin: (work: Submission) => readonly Read[];
  /** The rounds that follow, from what was read of the first. */
  readonly finish: (first: readonly ArrayBuffer[]) => Promise<DeviceWitness[]>;
}

type Asked = Pick<Plan, "method" | "errors"> & { readonly accuracy: number };

/** Witnesses of the layers for the first `samples` columns of a base pass. */
export function createIterationRun(
  open: OpenDevice,
  workspace: Workspace,
  stages: DeviceStages,
  layers: readonly DeviceIteration[],
  samples: number,
  asked: Asked,
  fault: FaultName | undefined,
): IterationRun {
  const whole = (matrix: Matrix): Read => ({ buffer: stages.bufferOf(matrix), bytes: bytesOf(matrix) });
  const all = layers.map((layer): Running => {
    const { rows, columns } = layer.own.next;
    const state = new KrylovState(samples, rows, asked.accuracy, WGSL_F32.unitRoundoff, fault, asked.method);
    const own = Uint32Array.from({ length: columns }, (_, j) => j);
    return { layer, state, stays: [{ block: layer.blocks[0], samples: own, rounds: [] }], iterateNorm: [] };
  });
  const here = ({ stays }: Running): Stay => stays.at(-1) as Stay;
  const take = (running: Running, words: ArrayBuffer, number: number): void => {
    takeRound(here(running), running.state, new Float32Array(words), number, samples);
  };

  /** Moves the samples that run into a narrower block, where there is one that holds them. */
  const narrow = async (running: Running, number: number): Promise<readonly Dispatch[]> => {
    const { layer, state, stays } = running;
    let count = 0;
    for (let sample = 0; sample < samples; sample++) if (state.runs(sample)) count++;
    const to = layer.blocks.filter(({ own }) => own.next.columns >= count).at(-1) as Block;
    const from = here(running);
    if (to.own.next.columns >= from.block.own.next.columns) return [];
    const { stay, dispatches } = await prepareMove(open, workspace, stages, from, to, number - 1, state);
    stays.push(stay);
    return dispatches;
  };

  return {
    begin(work) {
      for (const running of all) {
        const { own, start, gone } = running.layer;
        const chain = recordRound(work, stages, here(running), 0);
        work.pass(`iteration.${String(own.t)}`, [...start, ...chain, ...gone]);
      }
      const norms = all.flatMap(({ layer: { own } }) => own.iterates.map(({ into }) => whole(into)));
      return [...all.map((running) => coefficientsOf(stages, here(running).block, 0)), ...norms];
    },
    async finish(first) {
      all.forEach((running, i) => {
        const { own } = running.layer;
        take(running, first[i] as ArrayBuffer, 0);
        const words = own.iterates.map((_, k) => first[all.length + 2 * i + k] as ArrayBuffer);
        running.iterateNorm = own.iterates.map((sums, k) =>
          sumReader(sums, words[k] as ArrayBuffer, samples).read(own.iterate),
        );
      });
      for (let number = 1; ; number++) {
        const active = all.filter(({ state }) => state.anyRuns);
        if (active.length === 0) break;
        const work = beginSubmission(open, "iteration");
        for (const running of active) {
          const moved = await guarded(open, `round ${String(number)} of the iteration`, async () => {
            const dispatches = await narrow(running, number);
            await prepareRound(stages, here(running).block, number);
            return dispatches;
          });
          const chain = recordRound(work, stages, here(running), number);
          work.pass(`iteration.${String(running.layer.own.t)}`, [...moved, ...chain]);
        }
        const results = await work.read(active.map((running) => coefficientsOf(stages, here(running).block, number)));
        active.forEach((running, i) => {
          take(running, results[i] as ArrayBuffer, number);
        });
      }
      return finishWitnesses(open, stages, all, samples, asked);
    },
  };
}

/** û from the Ritz coefficients, its pullback, and their norms. */
async function finishWitnesses(
  open: OpenDevice,
  stages: DeviceStages,
  all: readonly Running[],
  samples: number,
  { errors, method }: Asked,
): Promise<DeviceWitness[]> {
  if (all.length === 0) return [];
  const work = beginSubmission(open, "witness");
  for (const { layer, state, stays } of all) {
    const combine = stays.flatMap((stay) => recordWitness(open, stages, stay, state, samples));
    work.pass(`witness.${String(layer.own.t)}`, [...combine, ...layer.back]);
  }
  const reads = all.map(({ layer: { own } }) => own.sums.into);
  const results = await work.read(reads.map((into) => ({ buffer: stages.bufferOf(into), bytes: bytesOf(into) })));
  return all.map(({ layer: { own }, state, iterateNorm }, i) => {
    const { read } = sumReader(own.sums, results[i] as ArrayBuffer, samples);
    const norms = readTree<Pick<WitnessMeasurement, "vectorNorm" | "pullbackNorm" | "stageNorm">, Measure>(
      own.measured,
      read,
    );
    const search = (sample: number): StoredSearch => state.search(sample);
    const error = errors ? { error: estimatedErrors(samples, method, own.next.rows, search) } : {};
    const measurement = { ...norms, steps: state.steps(), iterateNorm, ...error };
    dropUnusable(measurement);
    return { measurement, search };
  });
}
