/**
 * The iteration for fewer samples: once most of a batch's have stopped, those that go on move into a narrower block, from the second
 * round on. A column's numbers are its own, so that nothing changes by moving; û is the batch's.
 */
import type { Iteration } from "./iteration.ts";
import { iterationOf } from "./iteration.ts";
import { linearMaps, scratchOf } from "./linear-maps.ts";
import type { ProgramNetwork } from "./network.ts";
import type { Matrix } from "./stage.ts";
import { matrix } from "./stage.ts";

/** Parts of a batch that have blocks of their own. */
const PARTS = [2, 4, 8, 16] as const;

/** Of deeper networks the calls of all layers, some l² a width, would outweigh what they save. */
const MOST_LAYERS = 32;

/** An iteration of another's samples. */
export interface Narrower extends Iteration {
  /** The wider block's column that each of these columns comes from; the host writes it. */
  readonly chosen: Matrix;
}

/** For each of `iterations`, narrower and narrower. */
export function narrowerIterations(
  network: ProgramNetwork,
  iterations: readonly Iteration[],
): readonly (readonly Narrower[])[] {
  const columns = iterations[0]?.next.columns ?? 0;
  if (network.depth > MOST_LAYERS) return iterations.map(() => []);
  const widths = [...new Set(PARTS.map((part) => 4 * Math.ceil(columns / (4 * part))))].filter((own) => own < columns);
  const scratches = widths.map((own) => scratchOf(network, own));
  // Where one round is all there is nothing goes on.
  return iterations.map((wide) =>
    (wide.rounds.length < 2 ? [] : widths).map((own, i) => narrower(network, wide, own, scratches[i])),
  );
}

function narrower(
  network: ProgramNetwork,
  wide: Iteration,
  columns: number,
  scratch: ReturnType<typeof scratchOf> | undefined,
): Narrower {
  const { t, next, slopes, vector } = wide;
  const own = slopes.map(({ layer, rows }) => matrix("slopes", layer, rows, columns));
  const maps = linearMaps(network, own, columns, columns, scratch);
  // Its start is never called.
  const tangent = matrix("tangent", t, next.rows, 2 * columns);
  return { ...iterationOf(network, maps, tangent, own, t, vector), chosen: matrix("chosen", t, 1, columns) };
}
