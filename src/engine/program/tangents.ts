/**
 * The tangents of the cut test:
 *
 *     τ_1 = [ĝ_x/‖ĝ_x‖ | random],  ζ_t = W′_t τ_t,  τ_{t+1} = D_t ∘ ζ_t
 *
 * The two stand side by side, 2B columns for B samples. Samples of one block of addresses share their random direction
 * (sampling/philox.ts), so layer 1's product takes B + P columns, P enough for the blocks of a batch, and `spread` makes 2B of them.
 */
import { DIRECTION_BLOCK, directionBlock } from "../../sampling/philox.ts";
import { NORMALISE_STATE } from "./kernels.ts";
import type { ProgramNetwork } from "./network.ts";
import type { Matrix, Call } from "./stage.ts";
import { matrix } from "./stage.ts";

/**
 * @param inputGradient ĝ_x, n_1 × B.
 * @param slopes D_t, n_{t+1} × B.
 * @returns τ_t and ζ_t, t = 1 … l, and what makes them.
 */
export function tangentStages(
  { depth, layers, width, scaled, unused }: ProgramNetwork,
  inputGradient: Matrix,
  slopes: readonly Matrix[],
): { readonly stages: readonly Call[]; readonly tangents: readonly Matrix[]; readonly pushed: readonly Matrix[] } {
  const { columns } = inputGradient;
  const tangents = layers.map((t) => matrix("tangent", t, width(t), 2 * columns));
  const pushed = layers.map((t) => matrix("pushed", t, width(t + 1), 2 * columns));
  const at = (list: readonly Matrix[], t: number): Matrix => list[t - 1] as Matrix;
  /** D_t and τ_{t+1}, where there is a layer t + 1. */
  const masked = (t: number) =>
    t < depth ? { MASKED: 1, D: at(slopes, t), to: at(tangents, t + 1) } : { MASKED: 0, D: unused[0], to: unused[1] };

  const blocks = blockColumns(columns);
  const together = columns + blocks;
  const start = { ...matrix("start", 1, width(1), together), spread: at(tangents, 1) };
  const startPushed = { ...matrix("start-pushed", 1, width(2), together), spread: at(pushed, 1) };
  const spread = (name: string, of: Matrix, to: Matrix, over: ReturnType<typeof masked>): Call => ({
    ...{ name, kernel: "spread", overrides: { MASKED: over.MASKED }, by: "sample" },
    sizes: { rows: of.rows, columns, blocks, block: DIRECTION_BLOCK },
    operands: [of, over.D, to, over.to],
  });
  const first = "the tangent pass of layer 1";
  return {
    ...{ tangents, pushed },
    stages: [
      {
        ...{ name: "the direction ∇ₓf/‖∇ₓf‖", kernel: "normalise", overrides: { SECOND: 0 } },
        sizes: { rows: width(1), columns, width: columns, shift: 0, pitch: together },
        operands: [inputGradient, start, matrix("states", 0, 1, columns, NORMALISE_STATE)],
      },
      {
        ...{ name: "the random direction", kernel: "philoxUniform", overrides: {}, by: "direction" },
        sizes: { rows: width(1), columns: blocks, width: together, shift: columns },
        operands: [start],
      },
      {
        ...{ name: first, kernel: "jacobianVectorProduct", overrides: { MASKED: 0 } },
        sizes: { rows: width(2), inner: width(1), columns: together, samples: together },
        operands: [scaled(1), start, unused[0], startPushed, unused[1]],
      },
      spread(first, start, at(tangents, 1), { MASKED: 0, D: unused[0], to: unused[1] }),
      spread(first, startPushed, at(pushed, 1), masked(1)),
      ...layers.slice(1).map((t): Call => {
        const { MASKED, D, to } = masked(t);
        return {
          ...{ name: `the tangent pass of layer ${String(t)}`, kernel: "jacobianVectorProduct", overrides: { MASKED } },
          sizes: { rows: width(t + 1), inner: width(t), columns: 2 * columns, samples: columns },
          operands: [scaled(t), at(tangents, t), D, at(pushed, t), to],
        };
      }),
    ],
  };
}

/** Columns for the blocks of addresses that `columns` samples can fall into, wherever the first stands in its own; a multiple of 4. */
function blockColumns(columns: number): number {
  const most = directionBlock(DIRECTION_BLOCK - 1 + columns - 1) + 1;
  return 4 * Math.ceil(most / 4);
}
