/**
 * Where the search may go: inputs in a ball, in a box or in both, and each W_t, where it moves, on a cap of its own sphere.
 *
 * Weights keep their Frobenius norm. Multiplying a layer by a factor leaves every κ_t as it is (of a homogeneous network without biases)
 * and only shifts the weights ‖δ_t‖²(1 + ‖h_t‖²) among them: a search that may do so puts all weight on the best layer and says nothing
 * of the others. The cap is ‖W_t − W_t⁰‖_F ≤ S ‖W_t⁰‖_F: S = 2 is the whole sphere. Biases stay.
 */
import { dot, squaredNorm } from "./algebra.ts";
import type { Point } from "./objective.ts";

export interface InputRegion {
  /** Radius of the ball; Infinity: none. */
  readonly radius: number;
  /** Least and largest value of every entry; null: none. */
  readonly box: { readonly low: number; readonly high: number } | null;
}

export interface Region {
  /** Radius of the ball. */
  readonly radius: number;
  /** ‖W_t⁰‖_F; empty where weights stand still. */
  readonly weightSizes: readonly number[];
  /** The nearest point of the region (of the box and the ball together: to 2⁻⁵⁰ of the multiplier's range). */
  readonly project: (point: Point) => Point;
}

/**
 * @param centre of the ball.
 * @param anchor W_t⁰, or null where weights stand still.
 * @param weightRadius S.
 */
export function makeRegion(
  { radius, box }: InputRegion,
  centre: Float64Array,
  anchor: readonly Float64Array[] | null,
  weightRadius: number,
): Region {
  const sizes = (anchor ?? []).map((w) => Math.sqrt(squaredNorm(w)));
  return {
    radius,
    weightSizes: sizes,
    project: ({ x, weights }) => ({
      x: projectInput(x, centre, radius, box),
      weights:
        anchor === null
          ? weights
          : weights.map((w, i) => projectToCap(w, anchor[i] as Float64Array, sizes[i] as number, weightRadius)),
    }),
  };
}

/** Whether a point lies in the box. */
export function insideBox(x: Float64Array, box: InputRegion["box"]): boolean {
  return box === null || x.every((v) => v >= box.low && v <= box.high);
}

/**
 * argmin ‖y − x‖ over the box with ‖y − c‖ ≤ R. By the conditions of Karush, Kuhn and Tucker y = clip((x + λc)/(1 + λ)) for the least
 * λ ≥ 0 that satisfies the ball; ‖y(λ) − c‖ falls with λ where c lies in the box, so bisection on s = λ/(1 + λ) ∈ [0, 1] finds it.
 */
function projectInput(x: Float64Array, c: Float64Array, radius: number, box: InputRegion["box"]): Float64Array {
  const toward = (s: number): Float64Array =>
    x.map((v, i) => {
      const y = v + s * ((c[i] as number) - v);
      return box === null ? y : Math.min(Math.max(y, box.low), box.high);
    });
  const distance = (y: Float64Array): number => Math.sqrt(squaredNorm(y.map((v, i) => v - (c[i] as number))));
  const nearest = toward(0);
  const far = distance(nearest);
  if (!(far > radius)) return nearest;
  if (box === null) return toward(1 - radius / far);
  let [low, high] = [0, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (distance(toward(middle)) > radius) low = middle;
    else high = middle;
  }
  return toward(high);
}

/** The point of the sphere of radius `size` nearest to w among those within chord `chord`·size of the anchor. */
function projectToCap(w: Float64Array, anchor: Float64Array, size: number, chord: number): Float64Array {
  const length = Math.sqrt(squaredNorm(w));
  if (!(size > 0 && length > 0)) return anchor;
  const onSphere = w.map((v) => (v * size) / length);
  const least = 1 - (chord * chord) / 2;
  const cosine = dot(onSphere, anchor) / (size * size);
  if (cosine >= least) return onSphere;
  const across = onSphere.map((v, i) => v - cosine * (anchor[i] as number));
  const breadth = Math.sqrt(squaredNorm(across));
  if (!(breadth > 0)) return anchor;
  const sine = Math.sqrt(Math.max(0, 1 - least * least));
  return across.map((v, i) => least * (anchor[i] as number) + (sine * size * v) / breadth);
}
