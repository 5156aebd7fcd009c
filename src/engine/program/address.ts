/** The sizes of a stage that are the run's own: where its batch stands. */
import { DIRECTION_BLOCK, directionBlock } from "../../sampling/philox.ts";
import { DIRECTION_STREAM } from "../../sampling/streams.ts";
import type { Sizes } from "./kernels.ts";
import type { Stage } from "./stage.ts";

export interface Address {
  readonly seed: number;
  /** Index in the run of the batch's first sample. */
  readonly first: number;
  /** The first of the unit vectors that go through (explicit.ts). */
  readonly unit: number;
}

export function addressed({ by, sizes }: Stage, { seed, first, unit }: Address): Sizes {
  switch (by) {
    case "direction":
      return { ...sizes, ...words("seed", seed), ...words("first", directionBlock(first)), stream: DIRECTION_STREAM };
    case "sample":
      return { ...sizes, first: first % DIRECTION_BLOCK };
    case "unit":
      return { ...sizes, first: unit };
    default:
      return sizes;
  }
}

const words = (name: string, value: number): Sizes => ({
  [`${name}_low`]: value % 2 ** 32,
  [`${name}_high`]: Math.floor(value / 2 ** 32),
});
