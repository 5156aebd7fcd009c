/**
 * Explicit Jacobians Â: the block pullback of the n_t unit vectors, for the Frobenius norm (MATH.md §3). The unit vectors go through in blocks
 * of bounded memory; what is measured of a block is a norm of each of its columns.
 */
import type { ExplicitMeasurement } from "../engine.ts";
import { linearMaps } from "./linear-maps.ts";
import type { ProgramNetwork } from "./network.ts";
import type { Matrix, Measure, Call, Tree } from "./stage.ts";
import { listOf, matrix } from "./stage.ts";
import type { Sums } from "./sums.ts";
import { sumsOf } from "./sums.ts";

export interface ExplicitJacobian {
  readonly t: number;
  /** n_t. */
  readonly rows: number;
  /** Unit vectors that go through at once, each in a column of every sample. */
  readonly units: number;
  /** The unit vectors from a number on (`by` unit), then the pullback of them. */
  readonly stages: readonly Call[];
  readonly measured: Tree<Pick<ExplicitMeasurement, "frobenius" | "stageNorm">, Measure>;
  readonly sums: Sums;
}

/** What one block's matrices may take together, unless a single unit vector of every sample takes more. */
const BLOCK_BYTES = 2 ** 27;

/** For layers 2 … l. @param slopes of the base pass, n_{t+1} × B. */
export function explicitJacobians(network: ProgramNetwork, slopes: readonly Matrix[]): ExplicitJacobian[] {
  const { layers, width } = network;
  const samples = (slopes[0] as Matrix).columns;
  const inner = layers.slice(1);
  const most = Math.max(...inner.map(width));
  const sum = layers.reduce((total, t) => total + width(t), width(layers.length + 1));
  const bytes = 4 * (2 * sum + 3 * Math.max(...layers.map(width), width(layers.length + 1)));
  const units = Math.max(1, Math.min(most, Math.floor(BLOCK_BYTES / (bytes * samples))));
  const columns = units * samples;
  const maps = linearMaps(network, slopes, columns, samples);
  const shared = matrix("units", 0, most, columns);
  return inner.map((t) => {
    const rows = width(t);
    const name = `the explicit Jacobian of layer ${String(t)}`;
    const back = maps.pullback(name, t, shared, false);
    const norm = (of: Matrix): Measure => ({ name, kind: "norm", of, column: 0 });
    const start: Call = {
      ...{ name, kernel: "unitVectors", overrides: {}, by: "unit" },
      ...{ sizes: { rows, columns, samples }, operands: [shared] },
    };
    const measured = { frobenius: norm(back.result), stageNorm: back.stages.map(norm) };
    return { t, rows, units, stages: [start, ...back.calls], measured, sums: sumsOf(t, listOf<Measure>(measured)) };
  });
}
