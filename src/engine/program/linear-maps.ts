/** J_tᵀ and J_tJ_tᵀ as stages on the slopes of the base pass, through scratch matrices that all layers share. */
import type { ProgramNetwork } from "./network.ts";
import type { Matrix, Call } from "./stage.ts";
import { matrix } from "./stage.ts";

export interface LinearMaps {
  /**
   * ĉ = J_tᵀ u, with what W′_sᵀ was applied to: stage s = D_s a_{s+1} in `stages[s − 1]`, s = 1 … t − 1, the result in `result`.
   * The matrices are overwritten by the next map, unless `kept`: then they are this pullback's own.
   */
  readonly pullback: (name: string, t: number, u: Matrix, kept: boolean) => Pullback;
  /** J_tJ_tᵀ q, n_t × columns; the first stage makes D_{t−1} ∘ q, `masked`. */
  readonly gram: (name: string, t: number, q: Matrix) => GramMap;
}

export interface Pullback {
  readonly calls: readonly Call[];
  readonly stages: readonly Matrix[];
  readonly result: Matrix;
}

export interface GramMap {
  readonly stages: readonly Call[];
  readonly masked: Matrix;
  readonly result: Matrix;
}

/** Matrices that every map of one width overwrites. */
export interface Scratch {
  /** D_s a_{s+1}, and a tangent in R^{n_s}. */
  readonly stages: readonly Matrix[];
  readonly ups: readonly Matrix[];
  /** What a long sum's dispatches hand on; nobody reads the product without its mask. */
  readonly plain: Matrix;
  readonly bottom: Matrix;
}

export function scratchOf({ layers, width }: ProgramNetwork, columns: number): Scratch {
  return {
    stages: layers.slice(1).map((t) => matrix("stage", t - 1, width(t), columns)),
    ups: layers.map((t) => matrix("up", t, width(t), columns)),
    plain: matrix("plain", 0, Math.max(...layers.map(width)), columns),
    bottom: matrix("bottom", 1, width(1), columns),
  };
}

/**
 * @param columns width of the vectors' block, a multiple of `samples`; column j belongs to sample j mod samples.
 * @param slopes D_1 … of the base pass as far as they are read, n_{t+1} × samples.
 */
export function linearMaps(
  network: ProgramNetwork,
  slopes: readonly Matrix[],
  columns: number,
  samples: number,
  { stages, ups, plain, bottom }: Scratch = scratchOf(network, columns),
): LinearMaps {
  const { width, firstGram, scaled, unused } = network;
  const at = (list: readonly Matrix[], t: number): Matrix => list[t - 1] as Matrix;
  const sizes = (rows: number, inner: number) => ({ rows, inner, columns, samples });

  const mask = (name: string, t: number, u: Matrix, to: Matrix): Call => ({
    ...{ name, kernel: "mask", overrides: {}, sizes: { rows: width(t), columns, samples } },
    operands: [u, at(slopes, t - 1), to],
  });
  /** From stage s to stage s − 1. */
  const down = (name: string, s: number, from: Matrix, to: Matrix): Call => ({
    ...{ name, kernel: "vectorJacobianProduct", overrides: { MASKED: 1, KEPT: 0, FACTOR: 1 } },
    sizes: sizes(width(s), width(s + 1)),
    operands: [scaled(s), from, at(slopes, s - 1), plain, to],
  });
  const toInput = (name: string, from: Matrix, to: Matrix): Call => ({
    ...{ name, kernel: "vectorJacobianProduct", overrides: { MASKED: 0, FACTOR: 1 } },
    sizes: sizes(width(1), width(2)),
    operands: [scaled(1), from, unused[0], to, unused[1]],
  });
  /** D_s ∘ (a · x) into the tangent of layer s + 1. */
  const forward = (name: string, s: number, a: Matrix, x: Matrix): Call => ({
    ...{ name, kernel: "jacobianVectorProduct", overrides: { MASKED: 1, KEPT: 0 } },
    sizes: sizes(width(s + 1), a.columns),
    operands: [a, x, at(slopes, s), plain, at(ups, s + 1)],
  });
  /** From R^{n_t} to stage 1, through these stages. */
  const downwards = (name: string, t: number, u: Matrix, through: readonly Matrix[]): Call[] => {
    const calls = [mask(name, t, u, at(through, t - 1))];
    for (let s = t - 1; s >= 2; s--) calls.push(down(name, s, at(through, s), at(through, s - 1)));
    return calls;
  };

  return {
    pullback(name, t, u, kept) {
      const below = stages.slice(0, t - 1);
      const own = kept ? below.map(({ layer, rows }) => matrix("witness-stage", layer, rows, columns)) : below;
      const result = kept ? matrix("witness-pullback", t, width(1), columns) : bottom;
      return {
        calls: [...downwards(name, t, u, own), toInput(name, at(own, 1), result)],
        ...{ stages: own, result },
      };
    },
    gram(name, t, q) {
      const calls = downwards(name, t, q, stages);
      if (firstGram !== null) calls.push(forward(name, 1, firstGram, at(stages, 1)));
      else calls.push(toInput(name, at(stages, 1), bottom), forward(name, 1, scaled(1), bottom));
      for (let s = 2; s <= t - 1; s++) calls.push(forward(name, s, scaled(s), at(ups, s)));
      return { stages: calls, masked: at(stages, t - 1), result: at(ups, t) };
    },
  };
}
