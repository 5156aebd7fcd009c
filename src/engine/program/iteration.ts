/**
 * The iteration for ‖J_t‖, t = 2 … l: Lanczos on A = J_tJ_tᵀ in rounds (krylov.ts has its scalar half), then the witness û, a combination of
 * the basis, with its pullback ĉ = J_tᵀû and their norms.
 */
import type { WitnessMeasurement, WitnessVectors } from "../engine.ts";
import { isCheckpoint, STEP_LIMIT } from "../krylov.ts";
import { KRYLOV_STATE, NORMALISE_STATE } from "./kernels.ts";
import type { LinearMaps } from "./linear-maps.ts";
import type { ProgramNetwork } from "./network.ts";
import type { Matrix, Measure, Place, Call, Stage, Tree } from "./stage.ts";
import { listOf, matrix } from "./stage.ts";
import type { Sums } from "./sums.ts";
import { sumsOf } from "./sums.ts";

export interface Iteration {
  readonly t: number;
  /** q of the next step, n_t × B: the start, made of both tangents, and what each step leaves. */
  readonly next: Matrix;
  readonly start: Call;
  /** A q, into `image`. The first call makes D_{t−1} ∘ q, which a step leaves for the one after it in its round. */
  readonly gram: readonly Call[];
  readonly image: Matrix;
  readonly rounds: readonly Round[];
  /** (α, β), steps × B. */
  readonly coefficients: Matrix;
  /** D_1 … D_{t−1}, which the products read, n_{s+1} × B. */
  readonly slopes: readonly Matrix[];
  /** The sample of the batch that each column is; past the last where it is none. The host writes it. */
  readonly origin: Matrix;
  /** The Ritz coefficients, steps × B, and û of the batch. */
  readonly weights: Matrix;
  readonly vector: Matrix;
  /** ĉ from û. */
  readonly back: readonly Call[];
  readonly measured: Tree<Pick<WitnessMeasurement, "vectorNorm" | "pullbackNorm" | "stageNorm">, Measure>;
  readonly sums: Sums;
  /** Norms of `next`, once it is there and after the first round. */
  readonly iterates: readonly [Sums, Sums];
  readonly iterate: Measure;
  readonly vectors: Tree<WitnessVectors, Place>;
}

/** Steps from + 1 … to, up to the next checkpoint, each after a product `gram`. */
export interface Round {
  readonly from: number;
  readonly to: number;
  /** Blocks q_from … q_to, the first of them the last of the round before, n_t × B each. */
  readonly basis: Matrix;
  readonly steps: readonly Stage[];
  /** Adds this round's part of û to it. */
  readonly combine: Stage;
}

/**
 * @param tangent τ_t of both directions, n_t × 2B. @param below D_1 … D_{t−1}, which `maps` read.
 * @param vector û, where it is that of a wider block's.
 */
export function iterationOf(
  { width, unused }: ProgramNetwork,
  maps: LinearMaps,
  tangent: Matrix,
  below: readonly Matrix[],
  t: number,
  vector: Matrix = matrix("witness", t, width(t), tangent.columns / 2),
): Iteration {
  const [rows, columns] = [width(t), tangent.columns / 2];
  const next = matrix("krylov-next", t, rows, columns);
  const origin = matrix("origin", t, 1, columns);
  const coefficients = matrix("coefficients", t, STEP_LIMIT, columns, 2);
  const weights = matrix("ritz-weights", t, STEP_LIMIT, columns);
  const states = matrix("states", t, 1, columns, KRYLOV_STATE);
  const name = `the iteration of layer ${String(t)}`;
  const gram = maps.gram(name, t, next);
  const D = below[t - 2] as Matrix;
  const back = maps.pullback(`the pullback of the witness of layer ${String(t)}`, t, vector, true);
  const round = (from: number): Round => {
    let to = from + 1;
    while (!isCheckpoint(to, rows)) to++;
    const basis = matrix("basis", t, (to - from + 1) * rows, columns);
    const step = (j: number): Stage => {
      // The scratch matrices are other layers' too: after a round nobody finds the mask there.
      const isLast = j === to - 1;
      const [slope, masked] = isLast ? unused : [D, gram.masked];
      return {
        ...{ name, kernel: "krylovStep", overrides: { MASKED: isLast ? 0 : 1 } },
        sizes: { rows, columns, block: j - from, first: j === 0 ? 1 : 0, at: j },
        operands: [gram.result, slope, basis, next, masked, coefficients, states],
      };
    };
    const combine: Stage = {
      ...{ name, kernel: "combine", overrides: {} },
      sizes: { rows, columns, blocks: to - from, begin: from, first: from === 0 ? 1 : 0, width: vector.columns },
      operands: [basis, weights, origin, vector],
    };
    return { from, to, basis, steps: Array.from({ length: to - from }, (_, i) => step(from + i)), combine };
  };
  const rounds = [round(0)];
  for (let to = rounds[0]?.to ?? 0; to < Math.min(rows, STEP_LIMIT); to = rounds.at(-1)?.to ?? to)
    rounds.push(round(to));
  const norm = (what: string, of: Matrix): Measure => ({
    ...{ name: `‖${what}‖ of layer ${String(t)}`, kind: "norm", of, column: 0 },
  });
  const iterate = norm("q", next);
  const measured: Iteration["measured"] = {
    vectorNorm: norm("û", vector),
    pullbackNorm: norm("ĉ", back.result),
    stageNorm: back.stages.map((of) => norm("D a", of)),
  };
  const place = (of: Matrix): Place => ({ of, column: 0 });
  return {
    ...{ t, next, coefficients, weights, vector, rounds, origin, slopes: below },
    start: {
      ...{ name, kernel: "normalise", overrides: { SECOND: 1 } },
      sizes: { rows, columns, width: 2 * columns, shift: columns, pitch: columns },
      operands: [tangent, next, matrix("states", t, 1, columns, NORMALISE_STATE)],
    },
    gram: gram.stages,
    image: gram.result,
    back: back.calls,
    ...{ measured, iterate },
    sums: sumsOf(t, listOf<Measure>(measured)),
    iterates: [sumsOf(t, [iterate]), sumsOf(t, [iterate])],
    vectors: { vector: place(vector), stages: back.stages.map(place), result: place(back.result) },
  };
}
