/**
 * The tangents of the cut test on the device:
 *
 *     τ_1 = [ĝ_x/‖ĝ_x‖ | random],  ζ_t = W′_t τ_t,  τ_{t+1} = D_t ∘ ζ_t
 *
 * The two stand side by side, 2B columns for B samples. Samples of one block of addresses share their random direction
 * (sampling/philox.ts), so layer 1's product takes B + P columns, P enough for the blocks of a batch, and spread.wgsl makes 2B of them.
 */
import { DIRECTION_BLOCK, directionBlock } from "../../sampling/philox.ts";
import { DIRECTION_STREAM } from "../../sampling/streams.ts";
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { KERNELS, NORMALISE_STATE } from "./kernels.ts";
import type { Operands } from "./operands.ts";

export interface TangentPass {
  /** τ_t and ζ_t, t = 1 … l. */
  readonly tangents: readonly Matrix[];
  readonly pushed: readonly Matrix[];
  readonly dispatches: readonly Dispatch[];
  /** Sets the address of the random directions: the plan's seed and the batch's first index. */
  readonly setAddress: (seed: number, first: number) => void;
}

/**
 * @param inputGradient ĝ_x, n_1 × columns.
 * @param slopes D_t, n_{t+1} × columns.
 */
export async function createTangentPass(
  workspace: Workspace,
  operands: Operands,
  inputGradient: Matrix,
  slopes: readonly Matrix[],
): Promise<TangentPass> {
  const { depth, width } = operands;
  const { columns } = inputGradient;
  const layers = Array.from({ length: depth }, (_, i) => i + 1);
  const tangents = layers.map((t) => workspace.matrix(`tangent.${String(t)}`, width(t), 2 * columns));
  const pushed = layers.map((t) => workspace.matrix(`pushed.${String(t)}`, width(t + 1), 2 * columns));
  const unused = [workspace.matrix("unused", 1, 4).buffer, workspace.matrix("unused", 1, 4).buffer] as const;
  const b = (matrices: readonly Matrix[], t: number): GPUBuffer => (matrices[t - 1] as Matrix).buffer;
  /** D_t and τ_{t+1}, where there is a layer t + 1. */
  const above = (t: number) =>
    t < depth
      ? { MASKED: 1, slopes: b(slopes, t), masked: b(tangents, t + 1) }
      : { MASKED: 0, slopes: unused[0], masked: unused[1] };

  const blocks = blockColumns(columns);
  const together = columns + blocks;
  const start = workspace.matrix("start", width(1), together);
  const startPushed = workspace.matrix("start-pushed", width(2), together);
  const normalise = await workspace.dispatch(
    KERNELS.normalise,
    { SECOND: 0 },
    { rows: width(1), columns, width: columns, shift: 0, pitch: together },
    [inputGradient.buffer, start.buffer, workspace.matrix("normalise.states", 1, columns, NORMALISE_STATE).buffer],
  );
  const drawn = (seed: number, first: number): Record<string, number> => ({
    ...{ rows: width(1), columns: blocks, width: together, shift: columns },
    ...{ seed_low: seed % 2 ** 32, seed_high: Math.floor(seed / 2 ** 32) },
    ...{ first_low: directionBlock(first) % 2 ** 32, first_high: Math.floor(directionBlock(first) / 2 ** 32) },
    stream: DIRECTION_STREAM,
  });
  const philox = await workspace.variable(KERNELS.philoxUniform, {}, drawn(0, 0), [start.buffer]);
  const push = await workspace.dispatch(
    KERNELS.jacobianVectorProduct,
    { MASKED: 0 },
    { rows: width(2), inner: width(1), columns: together, samples: together },
    [operands.scaled(1), start.buffer, unused[0], startPushed.buffer, unused[1]],
  );
  const spreadSizes = (rows: number, first: number): Record<string, number> => {
    return { rows, columns, blocks, block: DIRECTION_BLOCK, first: first % DIRECTION_BLOCK };
  };
  const spreadStart = await workspace.variable(KERNELS.spread, { MASKED: 0 }, spreadSizes(width(1), 0), [
    start.buffer,
    unused[0],
    b(tangents, 1),
    unused[1],
  ]);
  const { MASKED, ...second } = above(1);
  const spreadPushed = await workspace.variable(KERNELS.spread, { MASKED }, spreadSizes(width(2), 0), [
    startPushed.buffer,
    second.slopes,
    b(pushed, 1),
    second.masked,
  ]);
  const dispatches = [normalise, philox.dispatch, push, spreadStart.dispatch, spreadPushed.dispatch];
  for (const t of layers.slice(1)) {
    const { MASKED: masked, ...next } = above(t);
    dispatches.push(
      await workspace.dispatch(
        KERNELS.jacobianVectorProduct,
        { MASKED: masked },
        { rows: width(t + 1), inner: width(t), columns: 2 * columns, samples: columns },
        [operands.scaled(t), b(tangents, t), next.slopes, b(pushed, t), next.masked],
      ),
    );
  }
  return {
    tangents,
    pushed,
    dispatches,
    setAddress: (seed, first) => {
      philox.write(drawn(seed, first));
      spreadStart.write(spreadSizes(width(1), first));
      spreadPushed.write(spreadSizes(width(2), first));
    },
  };
}

/** Columns for the blocks of addresses that `columns` samples can fall into, wherever the first stands in its own; a multiple of 4. */
function blockColumns(columns: number): number {
  const most = directionBlock(DIRECTION_BLOCK - 1 + columns - 1) + 1;
  return 4 * Math.ceil(most / 4);
}
