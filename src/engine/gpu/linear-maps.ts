/** J_tᵀ and J_tJ_tᵀ as dispatches on the slopes of the base pass, through scratch matrices that all layers share. */
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { KERNELS } from "./kernels.ts";
import type { Operands } from "./operands.ts";

export interface LinearMaps {
  /**
   * ĉ = J_tᵀ u, with what W′_sᵀ was applied to: stage s = D_s a_{s+1} in `stages[s − 1]`, s = 1 … t − 1, the result in `result`.
   * The matrices are overwritten by the next map: take what is needed of them between.
   */
  readonly pullback: (t: number, u: Matrix) => Promise<{ dispatches: Dispatch[]; stages: Matrix[]; result: Matrix }>;
  /** J_tJ_tᵀ q, n_t × columns. */
  readonly gram: (t: number, q: Matrix) => Promise<{ dispatches: Dispatch[]; result: Matrix }>;
}

/**
 * @param columns width of the vectors' block, a multiple of `samples`; column j belongs to sample j mod samples.
 * @param slopes D_t of the base pass, n_{t+1} × samples.
 */
export function createLinearMaps(
  workspace: Workspace,
  operands: Operands,
  slopes: readonly Matrix[],
  columns: number,
  samples: number,
): LinearMaps {
  const { depth, width, firstGram } = operands;
  const scratch = (name: string, t: number, rows: number): Matrix =>
    workspace.matrix(`${name}.${String(t)}`, rows, columns);
  // stages[s − 1] = D_s a_{s+1}; ups[s − 1] = a tangent in R^{n_s}.
  const stages = Array.from({ length: depth - 1 }, (_, i) => scratch("stage", i + 1, width(i + 2)));
  const ups = Array.from({ length: depth }, (_, i) => (i === 0 ? null : scratch("up", i + 1, width(i + 1))));
  const widest = Math.max(...Array.from({ length: depth }, (_, i) => width(i + 1)));
  const plain = scratch("plain", 0, widest);
  const bottom = scratch("bottom", 1, width(1));
  const unused = [workspace.matrix("unused", 1, 4).buffer, workspace.matrix("unused", 1, 4).buffer] as const;
  const stage = (s: number): Matrix => stages[s - 1] as Matrix;
  const up = (s: number): Matrix => ups[s - 1] as Matrix;
  const slope = (s: number): GPUBuffer => (slopes[s - 1] as Matrix).buffer;

  const mask = (t: number, u: Matrix): Promise<Dispatch> =>
    workspace.dispatch(KERNELS.mask, {}, { rows: width(t), columns, samples }, [
      u.buffer,
      slope(t - 1),
      stage(t - 1).buffer,
    ]);
  /** From stage s to stage s − 1. */
  const down = (s: number): Promise<Dispatch> =>
    workspace.dispatch(
      KERNELS.vectorJacobianProduct,
      { MASKED: 1, FACTOR: 1 },
      { rows: width(s), inner: width(s + 1), columns, samples },
      [operands.scaled(s), stage(s).buffer, slope(s - 1), plain.buffer, stage(s - 1).buffer],
    );
  const toInput = (): Promise<Dispatch> =>
    workspace.dispatch(
      KERNELS.vectorJacobianProduct,
      { MASKED: 0, FACTOR: 1 },
      { rows: width(1), inner: width(2), columns, samples },
      [operands.scaled(1), stage(1).buffer, unused[0], bottom.buffer, unused[1]],
    );
  /** D_s ∘ (matrix · x) into up(s + 1). */
  const forward = (s: number, matrix: GPUBuffer, inner: number, x: Matrix): Promise<Dispatch> =>
    workspace.dispatch(KERNELS.jacobianVectorProduct, { MASKED: 1 }, { rows: width(s + 1), inner, columns, samples }, [
      matrix,
      x.buffer,
      slope(s),
      plain.buffer,
      up(s + 1).buffer,
    ]);

  return {
    async pullback(t, u) {
      const dispatches = [await mask(t, u)];
      for (let s = t - 1; s >= 2; s--) dispatches.push(await down(s));
      dispatches.push(await toInput());
      return { dispatches, stages: stages.slice(0, t - 1), result: bottom };
    },
    async gram(t, q) {
      const dispatches = [await mask(t, q)];
      for (let s = t - 1; s >= 2; s--) dispatches.push(await down(s));
      if (firstGram !== null) {
        dispatches.push(await forward(1, firstGram, width(2), stage(1)));
      } else {
        dispatches.push(await toInput(), await forward(1, operands.scaled(1), width(1), bottom));
      }
      for (let s = 2; s <= t - 1; s++) dispatches.push(await forward(s, operands.scaled(s), width(s), up(s)));
      return { dispatches, result: up(t) };
    },
  };
}
