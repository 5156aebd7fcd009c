/**
 * How long exact arithmetic would take, estimated before it starts, and the refusal of what would take too long.
 *
 * The unit is one multiplication of 64-bit words: a product of an m × k and a k × n matrix takes m·k·n of them, times the words of a
 * factor and of a slot of the result (matrix.ts). The number of bits is followed through the layers: each product adds its factors'.
 */
import { ModelError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { inputWidth } from "../network/network.ts";
import type { Activation } from "../network/parametric.ts";
import { formulaOf, isPrelu } from "../network/parametric.ts";
import type { ExactMatrix } from "./matrix.ts";
import { bitsOf, fromNumbers } from "./matrix.ts";

/** The most word multiplications that are begun; one takes 2 to 3 ns, so this is about half a minute. */
export const WORK_LIMIT = 1e10;

/** Entries are multiples of 2^low and less than 2^top in magnitude. */
interface Range {
  readonly low: number;
  readonly top: number;
}

const WHOLE: Range = { low: 0, top: 1 };
/** Six, where relu6 stops. */
const SIX: Range = { low: 1, top: 3 };
/** An input is taken for a double of one scale where none is given, and so is a top gradient. */
const ASSUMED: Range = { low: -60, top: 4 };
/** Jacobi's rotations of an n × n Gram matrix, in n³ word multiplications, measured. */
const ROTATIONS = 30;

/** Word multiplications that exactVerdict needs, about, eliminations left out (bracket.ts limits those). */
export function estimateWork(network: Network, input?: Float64Array): number {
  const first = inputWidth(network);
  let h = input === undefined ? ASSUMED : rangeOf(fromNumbers(input.length, 1, input));
  let jacobian = WHOLE;
  let total = 0;
  // The backward pass meets the weights in the other order; its bits are those of the products above each layer.
  const weights = network.layers.map((layer) => rangeOf(fromNumbers(layer.outputs, layer.inputs, layer.weight)));
  const above = adjointRanges(network, weights);
  network.layers.forEach((layer, i) => {
    const [m, k] = [layer.outputs, layer.inputs];
    const weight = weights[i] as Range;
    const delta = above[i] as Range;
    const forward = times(weight, jacobian, k);
    // W_t J_t for J_{t+1} and again for the identities, whose other side is (δ_t h_tᵀ)ᵀ W_t J_t.
    total += 2 * productWork(m, k, first, weight, jacobian) + productWork(k, m, first, times(delta, h, 1), forward);
    total += normWork(m, k, weight) + (i === 0 ? 0 : normWork(k, first, jacobian));
    const leaky = leakyRange(layer.activation);
    const z = union(times(weight, h, k), rangeOf(fromNumbers(m, 1, layer.bias)));
    h = leaky !== null ? times(z, leaky, 1) : layer.activation === "relu6" ? union(z, SIX) : z;
    jacobian = times(forward, leaky ?? WHOLE, 1);
  });
  return total;
}

/**
 * Throws if the network is too large for exact arithmetic. @param input tightens the estimate where it is known.
 * @throws ModelError
 */
export function assertPractical(network: Network, input?: Float64Array): void {
  const work = estimateWork(network, input);
  if (work <= WORK_LIMIT) return;
  const widths = [inputWidth(network), ...network.layers.map((layer) => layer.outputs)].join("-");
  throw new ModelError(
    `exact arithmetic: found a network of widths ${widths}, about ${work.toExponential(0)} word multiplications, expected at most ${WORK_LIMIT.toExponential(0)}; replay a narrower or shallower network`,
  );
}

/** Slopes of a leaky side, 0.01 a multiple of 2^−59, and the 1 beside them; null for every other activation, whose slopes are whole. */
function leakyRange(activation: Activation): Range | null {
  if (!isPrelu(activation) && formulaOf(activation).name !== "leaky-relu") return null;
  const slopes = isPrelu(activation) ? activation.slopes : [formulaOf(activation).parameter];
  const { low, top } = rangeOf(fromNumbers(slopes.length, 1, Float64Array.from(slopes)));
  return { low: Math.min(low, 0), top: Math.max(top, 1) };
}

/** δ_t's range: the top gradient's times the weights' and slopes' above. */
function adjointRanges(network: Network, weights: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  let range = ASSUMED;
  for (let i = weights.length - 1; i >= 0; i--) {
    const layer = network.layers[i];
    const leaky = layer === undefined ? null : leakyRange(layer.activation);
    if (leaky !== null) range = times(range, leaky, 1);
    ranges.unshift(range);
    range = times(range, weights[i] as Range, layer?.outputs ?? 1);
  }
  return ranges;
}

/** The Gram matrix of an m × k matrix, its eigenvector and the check of its factor. */
function normWork(m: number, k: number, a: Range): number {
  const n = Math.min(m, k);
  return productWork(n, Math.max(m, k), n, a, a) + (ROTATIONS + 6) * n ** 3;
}

function productWork(m: number, k: number, n: number, a: Range, b: Range): number {
  return m * k * n * words(a) * words(times(a, b, k));
}

function words({ low, top }: Range): number {
  return Math.max(1, Math.ceil((top - low) / 64));
}

/** The range of sums of `count` products. */
function times(a: Range, b: Range, count: number): Range {
  return { low: a.low + b.low, top: a.top + b.top + Math.ceil(Math.log2(count)) };
}

/** The range of sums. */
function union(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), top: Math.max(a.top, b.top) + 1 };
}

function rangeOf(a: ExactMatrix): Range {
  return { low: a.e, top: a.e + bitsOf(a) };
}
