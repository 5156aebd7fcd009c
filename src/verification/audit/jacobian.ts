/** J_t and its transpose at a sample's stored slopes, on scaled weights, and a converged ‖J_t‖: the audit's own. */
import { wordsAt } from "../../sampling/philox.ts";
import { AUDIT_ENTRY_STREAM } from "../../sampling/streams.ts";
import type { Prepared, PreparedLayer } from "./prepared.ts";
import type { TopWorkspace } from "./top-singular.ts";
import { MOST_STEPS, topPair, topWorkspace } from "./top-singular.ts";
import { euclidean } from "./vectors.ts";

/** x = J_tᵀ u: the first n_1 numbers of `into`, which is scratch[2] or [3] or of its size, and neither [0] nor [1]. */
export function pullBack(
  { layers, products, scratch }: Prepared,
  slopes: readonly Float64Array[],
  t: number,
  u: Float64Array,
  into: Float64Array,
): void {
  let from = u;
  for (let s = t - 1; s >= 1; s--) {
    const masked = scratch[0];
    mask(slopes[s - 1] as Float64Array, from, masked, (layers[s - 1] as PreparedLayer).outputs);
    const target = s === 1 ? into : scratch[1];
    products.timesTransposed(s - 1, masked, target);
    from = target;
  }
}

/** y = J_t x: the first n_t numbers of `into`. */
export function pushForward(
  { layers, products, scratch }: Prepared,
  slopes: readonly Float64Array[],
  t: number,
  x: Float64Array,
  into: Float64Array,
): void {
  let from = x;
  for (let s = 1; s < t; s++) {
    products.times(s - 1, from, scratch[0]);
    const target = s === t - 1 ? into : scratch[1];
    mask(slopes[s - 1] as Float64Array, scratch[0], target, (layers[s - 1] as PreparedLayer).outputs);
    from = target;
  }
}

/** J_tJ_tᵀ u, with W′_1W′_1ᵀ where the audit has it. */
function normal(
  prepared: Prepared,
  slopes: readonly Float64Array[],
  t: number,
  u: Float64Array,
  into: Float64Array,
): void {
  const { layers, products, scratch, gram } = prepared;
  if (gram === null) {
    pullBack(prepared, slopes, t, u, scratch[2]);
    pushForward(prepared, slopes, t, scratch[2], into);
    return;
  }
  let from = u;
  for (let s = t - 1; s >= 2; s--) {
    mask(slopes[s - 1] as Float64Array, from, scratch[0], (layers[s - 1] as PreparedLayer).outputs);
    products.timesTransposed(s - 1, scratch[0], scratch[1]);
    from = scratch[1];
  }
  const { outputs: first } = layers[0] as PreparedLayer;
  const own = slopes[0] as Float64Array;
  mask(own, from, scratch[0], first);
  products.times(gram, scratch[0], scratch[2]);
  from = t === 2 ? into : scratch[1];
  mask(own, scratch[2], from, first);
  for (let s = 2; s < t; s++) {
    products.times(s - 1, from, scratch[0]);
    const target = s === t - 1 ? into : scratch[1];
    mask(slopes[s - 1] as Float64Array, scratch[0], target, (layers[s - 1] as PreparedLayer).outputs);
    from = target;
  }
}

function mask(slopes: Float64Array, x: Float64Array, into: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) into[i] = (slopes[i] as number) * (x[i] as number);
}

/** Memory of the converged norms of a plan's layers, and a random vector that each begins with. */
export type JacobianWorkspace = TopWorkspace & { readonly random: Float64Array; readonly start: Float64Array };

export function jacobianWorkspace({ layers }: Prepared): JacobianWorkspace {
  const widest = layers.slice(1).reduce((most, l) => Math.max(most, l.inputs), 1);
  return { ...topWorkspace(widest), random: new Float64Array(widest), start: new Float64Array(widest) };
}

/** The random vector of a sample's address. */
export function drawStart({ layers }: Prepared, seed: number, index: number, { random }: JacobianWorkspace): void {
  const n = layers.slice(1).reduce((most, l) => Math.max(most, l.inputs), 1);
  const words = wordsAt(seed, AUDIT_ENTRY_STREAM, index, n);
  for (let i = 0; i < n; i++) random[i] = (words[i] as number) * 2 ** -31 - 1;
}

/** How much smaller the iteration's error is made than the accuracy that was asked for. */
const SHARPER = 1 / 64;

/**
 * ‖J_t‖ at these slopes, from the random vector that was drawn; null where it did not converge to 1/64 of the accuracy asked for.
 * @param accuracy relative, of the norm.
 */
export function convergedNorm(
  prepared: Prepared,
  slopes: readonly Float64Array[],
  t: number,
  accuracy: number,
  workspace: JacobianWorkspace,
): number | null {
  const n = (prepared.layers[t - 2] as PreparedLayer).outputs;
  const start = workspace.start.subarray(0, n);
  // From the random vector's image: what J_t does not reach has no part in it.
  normal(prepared, slopes, t, workspace.random, start);
  const length = euclidean(start);
  if (!(length > 2 ** -500 && length < 2 ** 500)) return null;
  const apply = (x: Float64Array, y: Float64Array): void => {
    normal(prepared, slopes, t, x, y);
  };
  const wanted = 2 * accuracy * SHARPER;
  const { value, error } = topPair(apply, start, wanted, workspace, MOST_STEPS, Math.max(2 ** -50, wanted * 2 ** -10));
  return error <= wanted * value ? Math.sqrt(value) : null;
}
