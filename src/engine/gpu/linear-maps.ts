/** J_tᵀ and J_tJ_tᵀ as dispatches on the slopes of the base pass, through scratch matrices that all layers share. */
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { KERNELS } from "./kernels.ts";
import type { Operands } from "./operands.ts";

export interface LinearMaps {
  /**
   * ĉ = J_tᵀ u, with what W′_sᵀ was applied to: stage s = D_s a_{s+1} in `stages[s − 1]`, s = 1 … t − 1, the result in `result`.
   * The matrices are overwritten by the next map, unless `kept`: then they are this pullback's own.
   */
  readonly pullback: (t: number, u: Matrix, kept: boolean) => Promise<PullbackPass>;
  /** J_tJ_tᵀ q, n_t × columns. */
  readonly gram: (t: number, q: Matrix) => Promise<{ dispatches: Dispatch[]; result: Matrix }>;
}

export interface PullbackPass {
  readonly dispatches: Dispatch[];
  readonly stages: Matrix[];
  readonly result: Matrix;
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

  const mask = (t: number, u: Matrix, to: Matrix): Promise<Dispatch> =>
    workspace.dispatch(KERNELS.mask, {}, { rows: width(t), columns, samples }, [u.buffer, slope(t - 1), to.buffer]);
  /** From stage s to stage s − 1. */
  const down = (s: number, from: Matrix, to: Matrix): Promise<Dispatch> =>
    workspace.dispatch(
      KERNELS.vectorJacobianProduct,
      { MASKED: 1, FACTOR: 1 },
      { rows: width(s), inner: width(s + 1), columns, samples },
      [operands.scaled(s), from.buffer, slope(s - 1), plain.buffer, to.buffer],
    );
  const toInput = (from: Matrix, to: Matrix): Promise<Dispatch> =>
    workspace.dispatch(
      KERNELS.vectorJacobianProduct,
      { MASKED: 0, FACTOR: 1 },
      { rows: width(1), inner: width(2), columns, samples },
      [operands.scaled(1), from.buffer, unused[0], to.buffer, unused[1]],
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
    async pullback(t, u, kept) {
      const own = stages.slice(0, t - 1).map((m, i) => (kept ? scratch(`kept-stage.${String(t)}`, i + 1, m.rows) : m));
      const result = kept ? scratch("kept-bottom", t, width(1)) : bottom;
      const at = (s: number): Matrix => own[s - 1] as Matrix;
      const dispatches = [await mask(t, u, at(t - 1))];
      for (let s = t - 1; s >= 2; s--) dispatches.push(await down(s, at(s), at(s - 1)));
      dispatches.push(await toInput(at(1), result));
      return { dispatches, stages: own, result };
    },
    async gram(t, q) {
      const dispatches = [await mask(t, q, stage(t - 1))];
      for (let s = t - 1; s >= 2; s--) dispatches.push(await down(s, stage(s), stage(s - 1)));
      if (firstGram !== null) {
        dispatches.push(await forward(1, firstGram, width(2), stage(1)));
      } else {
        dispatches.push(await toInput(stage(1), bottom), await forward(1, operands.scaled(1), width(1), bottom));
      }
      for (let s = 2; s <= t - 1; s++) dispatches.push(await forward(s, operands.scaled(s), width(s), up(s)));
      return { dispatches, result: up(t) };
    },
  };
}
