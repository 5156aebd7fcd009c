/**
 * What the search climbs: the logarithm of left over right side of the total inequality (MATH.md §1), with its exact gradient.
 *
 *     L = log G + log C − log R,    G = ‖∇ₓf‖²,   C = Σ_t c_t,  c_t = (β_t + ‖h_t‖²)/(‖W_t‖²‖J_t‖²),   R = Σ_t ‖δ_t‖²(β_t + ‖h_t‖²)
 *
 * as a function of x and of the W_t. The gradient is a reverse pass, written out, over all that L is made of. With a bar for ∂L/∂:
 *
 *     1. the ends            ḡ = 2g/G,   δ̄_t = −2(β_t + ‖h_t‖²)δ_t/R,   h̄_t = 2(1/(‖W_t‖²‖J_t‖²C) − ‖δ_t‖²/R) h_t,
 *                            ∂L/∂‖W_t‖ = −2c_t/(C‖W_t‖), ∂L/∂‖J_t‖ alike, with ∂‖A‖ = u vᵀ (norms.ts)
 *     2. J_{t+1} = D_t W_t J_t, downwards              W̄_t += D_t J̄_{t+1} J_tᵀ,  D̄_t += diag(J̄_{t+1} (W_tJ_t)ᵀ),  J̄_t += W_tᵀ D_t J̄_{t+1}
 *     3. a_t = W_tᵀδ_t, δ_{t−1} = D_{t−1}a_t, upwards  δ̄_t += W_t ā_t,  W̄_t += δ_t ā_tᵀ,  D̄_t += δ̄_t ∘ a_{t+1},  ā_{t+1} = D_t δ̄_t
 *        (a_1 = g; a_{l+1} = q, the head's gradient), then h̄_{l+1} = (∂²f/∂h²) q̄
 *     4. z = W_th_t + b_t, h_{t+1} = g(z), D_t = g′(z), downwards   z̄ = g′(z) ∘ h̄_{t+1} + g″(z) ∘ D̄_t,  W̄_t += z̄ h_tᵀ,  h̄_t += W_tᵀ z̄
 *
 * Where only x moves, J_t may be taken relative to the orthonormal rows Q of W_1 = LQ: ‖J_t‖ is that of ∂h_t/∂h_2 D_1 L then, and a wide
 * input costs nothing. f64 throughout, no randomness: the same bits on every runtime. Memory: l Jacobians.
 */
import { curvature, isPiecewiseLinear, roundedJet } from "../../network/curvature.ts";
import { log } from "../../network/elementary.ts";
import type { Head } from "../../network/heads.ts";
import { evaluateHead, headHessianProduct } from "../../network/heads.ts";
import type { Layer, Network } from "../../network/network.ts";
import { biasTerm } from "../../network/network.ts";
import { activated, atUnit } from "../../network/parametric.ts";
import {
  addOuter,
  addProductTransposed,
  addScaled,
  product,
  scaledRows,
  squaredNorm,
  times,
  transposedProduct,
  transposedTimes,
  triangleOfRows,
} from "./algebra.ts";
import type { NormWithDerivative } from "./norms.ts";
import { normWithDerivative } from "./norms.ts";

/** Where the search stands. */
export interface Point {
  readonly x: Float64Array;
  /** W_1 … W_l; the network's own arrays where they do not move. */
  readonly weights: readonly Float64Array[];
}

export interface Ascent {
  /** L; −Infinity where a side is 0, NaN where something is not finite. */
  readonly value: number;
  /** ∂L/∂x and ∂L/∂W_t (empty where weights do not move). */
  readonly gradient: Point;
}

export interface Objective {
  /** L. */
  readonly value: (point: Point) => number;
  /**
   * L and its gradient.
   * @param rounding width over which kinks of piecewise-linear activations are rounded; 0: L itself.
   */
  readonly ascent: (point: Point, rounding: number) => Ascent;
  /** Root mean square of all z at a point: the scale in which kinks are rounded. */
  readonly preactivationScale: (point: Point) => number;
}

export interface ObjectiveSettings {
  readonly network: Network;
  readonly head: Head;
  readonly norm: "spectral" | "frobenius";
  /** −1 for none. */
  readonly label: number;
  /** Row of squared-error's targets. */
  readonly sample: number;
  /** Whether the W_t move. */
  readonly moving: boolean;
}

/** h_t, z, D_t, g″; a_t, δ_t; W_tJ_t and J_t. Index t − 1. */
interface Pass {
  readonly hidden: readonly Float64Array[];
  readonly slopes: readonly Float64Array[];
  readonly curvatures: readonly Float64Array[];
  /** a_1 … a_{l+1}. */
  readonly pulled: readonly Float64Array[];
  readonly adjoints: readonly Float64Array[];
  /** W_tJ_t, t = 1 … l − 1. */
  readonly pushed: readonly Float64Array[];
  /** J_t, t = 2 … l, at index t − 1; index 0 is empty. */
  readonly jacobians: readonly Float64Array[];
}

export function makeObjective(settings: ObjectiveSettings): Objective {
  const { network, head, norm, label, sample, moving } = settings;
  const { layers } = network;
  const depth = layers.length;
  const first = layers[0] as Layer;
  const reduced = !moving && first.inputs > first.outputs;
  const columns = reduced ? first.outputs : first.inputs;
  const triangle = reduced ? triangleOfRows(first.weight, first.outputs, first.inputs) : null;
  const weightNorm = (weight: Float64Array, i: number): NormWithDerivative => {
    const layer = layers[i] as Layer;
    return normWithDerivative(weight, layer.outputs, layer.inputs, norm);
  };
  const still = moving ? null : layers.map((layer, i) => weightNorm(layer.weight, i));
  const identityNorm = norm === "spectral" ? 1 : Math.sqrt(first.inputs);

  const forward = ({ x, weights }: Point, rounding: number, bent: boolean) => {
    const hidden = [x];
    const preactivation: Float64Array[] = [];
    const slopes: Float64Array[] = [];
    const curvatures: Float64Array[] = [];
    layers.forEach(({ outputs, inputs, bias, activation }, i) => {
      const z = times(weights[i] as Float64Array, hidden[i] as Float64Array, outputs, inputs);
      addScaled(z, 1, bias);
      preactivation.push(z);
      if (rounding > 0 && isPiecewiseLinear(activation)) {
        const jets = Array.from(z, (v, k) => roundedJet(atUnit(activation, k), v, rounding));
        hidden.push(Float64Array.from(jets, (jet) => jet.value));
        slopes.push(Float64Array.from(jets, (jet) => jet.slope));
        curvatures.push(Float64Array.from(jets, (jet) => jet.curvature));
        return;
      }
      const { value, slope } = activated(activation, z, 1);
      hidden.push(value);
      slopes.push(slope);
      curvatures.push(bent ? z.map((v, k) => curvature(atUnit(activation, k), v)) : z);
    });
    return { hidden, preactivation, slopes, curvatures };
  };

  const pass = (point: Point, rounding: number, bent: boolean): Pass => {
    const { hidden, slopes, curvatures } = forward(point, rounding, bent);
    const { weights } = point;
    const pulled: Float64Array[] = [];
    const adjoints: Float64Array[] = [];
    pulled[depth] = evaluateHead(head, hidden[depth] as Float64Array, label, sample).gradient;
    for (let i = depth - 1; i >= 0; i--) {
      const { outputs, inputs } = layers[i] as Layer;
      const adjoint = scaledRows(slopes[i] as Float64Array, pulled[i + 1] as Float64Array, 1);
      adjoints[i] = adjoint;
      pulled[i] = transposedTimes(weights[i] as Float64Array, adjoint, outputs, inputs);
    }
    const pushed: Float64Array[] = [];
    const jacobians: Float64Array[] = [new Float64Array(0)];
    for (let i = 0; i < depth - 1; i++) {
      const { outputs, inputs } = layers[i] as Layer;
      const weight = weights[i] as Float64Array;
      const image =
        i === 0 ? (triangle ?? weight) : product(weight, jacobians[i] as Float64Array, outputs, inputs, columns);
      pushed.push(image);
      jacobians.push(scaledRows(slopes[i] as Float64Array, image, columns));
    }
    return { hidden, slopes, curvatures, pulled, adjoints, pushed, jacobians };
  };

  const sides = ({ hidden, pulled, adjoints, jacobians }: Pass, { weights }: Point) => {
    const weightNorms = still ?? weights.map(weightNorm);
    const jacobianNorms = layers.map(({ inputs }, i): NormWithDerivative =>
      i === 0
        ? { norm: identityNorm, derivative: new Float64Array(0) }
        : normWithDerivative(jacobians[i] as Float64Array, inputs, columns, norm),
    );
    const lengths = layers.map((layer, i) => biasTerm(layer) + squaredNorm(hidden[i] as Float64Array));
    const inverses = layers.map((_, i) => 1 / ((weightNorms[i]?.norm ?? 0) * (jacobianNorms[i]?.norm ?? 0)) ** 2);
    let coefficient = 0;
    let right = 0;
    layers.forEach((_, i) => {
      coefficient += (lengths[i] as number) * (inverses[i] as number);
      right += (lengths[i] as number) * squaredNorm(adjoints[i] as Float64Array);
    });
    const gradient = squaredNorm(pulled[0] as Float64Array);
    // A dead factor makes ∇ₓf 0, and the sample holds trivially: nothing to climb.
    const value = gradient === 0 || right === 0 ? -Infinity : log(gradient) + log(coefficient) - log(right);
    return { weightNorms, jacobianNorms, lengths, inverses, coefficient, right, gradient, value };
  };

  return {
    value: (point) => sides(pass(point, 0, false), point).value,
    preactivationScale: (point) => {
      const { preactivation } = forward(point, 0, false);
      const count = preactivation.reduce((n, z) => n + z.length, 0);
      return Math.sqrt(preactivation.reduce((sum, z) => sum + squaredNorm(z), 0) / count);
    },
    ascent: (point, rounding) => {
      const p = pass(point, rounding, true);
      const s = sides(p, point);
      return { value: s.value, gradient: reverse(point, p, s) };
    },
  };

  function reverse({ weights }: Point, p: Pass, s: ReturnType<typeof sides>): Point {
    const weightBars = moving ? weights.map((w) => new Float64Array(w.length)) : [];
    // 1. The ends.
    const hiddenBars: Float64Array[] = p.hidden.map((h, i) => {
      if (i === depth) return new Float64Array(h.length);
      const factor = (s.inverses[i] as number) / s.coefficient - squaredNorm(p.adjoints[i] as Float64Array) / s.right;
      return h.map((v) => 2 * factor * v);
    });
    const slopeBars = p.slopes.map((d) => new Float64Array(d.length));
    const share = (i: number): number => ((s.lengths[i] as number) * (s.inverses[i] as number)) / s.coefficient;
    weightBars.forEach((bar, i) => {
      const { norm: size, derivative } = s.weightNorms[i] as NormWithDerivative;
      addScaled(bar, (-2 * share(i)) / size, derivative);
    });
    // 2. The Jacobians, downwards.
    let jacobianBar: Float64Array | null = null;
    for (let i = depth - 1; i >= 1; i--) {
      const { norm: size, derivative } = s.jacobianNorms[i] as NormWithDerivative;
      const bar: Float64Array = derivative.map((v) => ((-2 * share(i)) / size) * v);
      if (jacobianBar !== null) addScaled(bar, 1, jacobianBar);
      const below = layers[i - 1] as Layer;
      const pushed = p.pushed[i - 1] as Float64Array;
      const slopeBar = slopeBars[i - 1] as Float64Array;
      for (let r = 0; r < below.outputs; r++) {
        let sum = 0;
        for (let k = r * columns; k < (r + 1) * columns; k++) sum += (bar[k] as number) * (pushed[k] as number);
        slopeBar[r] = (slopeBar[r] as number) + sum;
      }
      const pushedBar = scaledRows(p.slopes[i - 1] as Float64Array, bar, columns);
      const weightBar = weightBars[i - 1];
      if (weightBar !== undefined) {
        if (i === 1) addScaled(weightBar, 1, pushedBar);
        else {
          const jacobian = p.jacobians[i - 1] as Float64Array;
          addProductTransposed(weightBar, pushedBar, jacobian, below.outputs, columns, below.inputs);
        }
      }
      jacobianBar =
        i === 1
          ? null
          : transposedProduct(weights[i - 1] as Float64Array, pushedBar, below.outputs, below.inputs, columns);
    }
    // 3. The backward pass, upwards.
    let pulledBar: Float64Array = Float64Array.from(p.pulled[0] as Float64Array, (v) => (2 * v) / s.gradient);
    layers.forEach(({ outputs, inputs }, i) => {
      const adjoint = p.adjoints[i] as Float64Array;
      const adjointBar = times(weights[i] as Float64Array, pulledBar, outputs, inputs);
      addScaled(adjointBar, (-2 * (s.lengths[i] as number)) / s.right, adjoint);
      const weightBar = weightBars[i];
      if (weightBar !== undefined) addOuter(weightBar, adjoint, pulledBar);
      addScaled(slopeBars[i] as Float64Array, 1, scaledRows(p.pulled[i + 1] as Float64Array, adjointBar, 1));
      pulledBar = scaledRows(p.slopes[i] as Float64Array, adjointBar, 1);
    });
    hiddenBars[depth] = headHessianProduct(head, p.hidden[depth] as Float64Array, pulledBar);
    // 4. The forward pass, downwards.
    for (let i = depth - 1; i >= 0; i--) {
      const { outputs, inputs } = layers[i] as Layer;
      const bar = scaledRows(p.slopes[i] as Float64Array, hiddenBars[i + 1] as Float64Array, 1);
      addScaled(bar, 1, scaledRows(p.curvatures[i] as Float64Array, slopeBars[i] as Float64Array, 1));
      const weightBar = weightBars[i];
      if (weightBar !== undefined) addOuter(weightBar, bar, p.hidden[i] as Float64Array);
      addScaled(hiddenBars[i] as Float64Array, 1, transposedTimes(weights[i] as Float64Array, bar, outputs, inputs));
    }
    return { x: hiddenBars[0] as Float64Array, weights: weightBars };
  }
}
