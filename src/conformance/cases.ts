/**
 * The kernels' cases by address: case `index` of a seed is a function of the two alone. The first GRID of them go through every kernel
 * systematically (shapes, kinds of numbers, activations, heads; the seed makes the numbers alone); from there on the seed draws all of it.
 */
import { ACTIVATION_NAMES } from "../network/activations.ts";
import type { ActivationName } from "../network/activations.ts";
import type { ParametricName } from "../network/parametric.ts";
import { parametric, prelu } from "../network/parametric.ts";
import { wordsAt } from "../sampling/philox.ts";
import { CONFORMANCE_STREAM } from "../sampling/streams.ts";
import type { KernelCall } from "./call.ts";
import {
  dotCall,
  gatherCall,
  headCall,
  krylovCall,
  leastCall,
  normaliseCall,
  normCall,
  notFiniteNormCall,
  packCall,
  philoxCall,
  sharedCall,
  spreadCall,
  unitVectorsCall,
} from "./cases/columns.ts";
import type { Draw } from "./cases/numbers.ts";
import { drawer, PAIRS } from "./cases/numbers.ts";
import type { Named, Pair, Shape } from "./cases/products.ts";
import {
  activationArguments,
  combineCall,
  forwardCall,
  maskCall,
  notFinite,
  productCall,
  SHAPES,
  TALL_SHAPES,
  throughCall,
} from "./cases/products.ts";
import { HEAD_KINDS } from "./oracles/head.ts";

export interface KernelCase {
  readonly seed: number;
  readonly index: number;
  readonly name: string;
  readonly call: KernelCall;
}

/** A slope that is relu's, identity's, negative, steep; α that bends the other way; β that is flat and steep. */
const PARAMETERS: readonly (readonly [ParametricName, number])[] = [
  ...[0, 1, 0.2, -1.5, 30].map((a) => ["leaky-relu", a] as const),
  ...[0, 0.5, -0.3, 1e4].map((a) => ["elu", a] as const),
  ...[0.01, 2, 1000].map((a) => ["softplus", a] as const),
];

type Make = (draw: Draw) => Named;

const ORDINARY: Pair = ["ordinary", "ordinary"];
const RAGGED: Shape = [11, 13, 12, 2];
const PRODUCTS = ["vectorJacobianProduct", "jacobianVectorProduct"] as const;
const TALL_PRODUCTS = ["vectorJacobianProductTall", "jacobianVectorProductTall"] as const;
const PIECEWISE = ["identity", "relu", "leaky-relu", "relu6", "abs"] as const satisfies readonly ActivationName[];

/** Without signs: a long sum of numbers of both is hardly larger than its bound, so that 0 would pass for it. */
const positive =
  (draw: Draw): Draw =>
  (...words) =>
    draw(...words).map(Math.abs);

/** Of the kernels that go down columns, each of which has two layouts. */
const COLUMNS: readonly Make[] = [
  ...[1, 2, 31, 300].map(
    (rows): Make =>
      (draw) =>
        normCall(draw, rows, 12),
  ),
  (draw) => normCall(draw, 5, 68),
  notFiniteNormCall,
  (draw) => dotCall(draw, 1, 8, 1),
  (draw) => dotCall(draw, 37, 8, 2),
  (draw) => dotCall(draw, 300, 68, 1),
  ...(
    [
      [0, 0],
      [0, 6],
      [-3, 3],
    ] as const
  ).map(
    (places): Make =>
      (draw) =>
        leastCall(draw, 37, 12, places),
  ),
  ...[true, false].map(
    (first): Make =>
      (draw) =>
        krylovCall(draw, 13, 12, first, "ordinary"),
  ),
  (draw) => krylovCall(draw, 13, 12, false, "small"),
  (draw) => krylovCall(draw, 3, 68, false, "ordinary"),
  // Loops of more iterations than one dispatch has.
  (draw) => normCall(draw, 35_000, 12),
  (draw) => dotCall(positive(draw), 66_000, 4, 1),
  (draw) => leastCall(draw, 33_000, 4, [-3, 3]),
  (draw) => krylovCall(draw, 17_000, 4, false, "ordinary"),
];

const inBoth = (make: Make): Make[] => [make, (draw) => sharedCall(make(draw))];

const SYSTEMATIC: readonly Make[] = [
  ...SHAPES.map(
    (shape): Make =>
      (draw) =>
        forwardCall(draw, shape, ORDINARY, "relu"),
  ),
  ...SHAPES.flatMap((shape) =>
    PRODUCTS.flatMap((kernel) =>
      [true, false].map(
        (masked): Make =>
          (draw) =>
            productCall(draw, kernel, shape, ORDINARY, masked),
      ),
    ),
  ),
  ...TALL_SHAPES.flatMap((shape) =>
    TALL_PRODUCTS.flatMap((kernel) =>
      [true, false].map(
        (masked): Make =>
          (draw) =>
            productCall(draw, kernel, shape, ORDINARY, masked),
      ),
    ),
  ),
  ...PAIRS.slice(1).flatMap((pair): Make[] =>
    TALL_PRODUCTS.map(
      (kernel): Make =>
        (draw) =>
          productCall(draw, kernel, [20, 12, 12, 2], pair, true),
    ),
  ),
  ...[...PRODUCTS, ...TALL_PRODUCTS].map(
    (kernel): Make =>
      (draw) =>
        productCall(draw, kernel, [20, 12, 12, 2], ORDINARY, "alone"),
  ),
  // Rows that are no multiple of 4 are the tangents' alone.
  (draw) => productCall(draw, "jacobianVectorProductTall", [67, 32, 64, 3], ORDINARY, true),
  ...PAIRS.slice(1).flatMap((pair): Make[] => [
    (draw) => forwardCall(draw, RAGGED, pair, "relu"),
    ...PRODUCTS.map(
      (kernel): Make =>
        (draw) =>
          productCall(draw, kernel, RAGGED, pair, true),
    ),
    (draw) => maskCall(draw, RAGGED, pair),
  ]),
  ...ACTIVATION_NAMES.map(
    (name): Make =>
      () =>
        throughCall(activationArguments(name), name, "at hard arguments"),
  ),
  // A PReLU's units are leaky-relu's with slopes of their own.
  ...PARAMETERS.map(([name, parameter]): Make => () => {
    const own = parametric(name, parameter);
    return throughCall(activationArguments(own), own, "at hard arguments");
  }),
  (draw) => forwardCall(draw, RAGGED, ORDINARY, prelu(draw("ordinary", RAGGED[0]))),
  () => throughCall(notFinite(), "sigmoid", "hands NaN and infinities on"),
  ...COLUMNS.flatMap(inBoth),
  (draw) => maskCall(draw, [7, 1, 8, 3], ORDINARY),
  (draw) => packCall(draw, 4),
  (draw) => packCall(draw, 68),
  (draw) => gatherCall(draw, 5, 6, 7),
  (draw) => spreadCall(draw, 1, 4, 4, false),
  (draw) => spreadCall(draw, 11, 12, 3, true),
  (draw) => spreadCall(draw, 3, 68, 0, false),
  () => unitVectorsCall(5, 4, 3),
  ...[9, 1].flatMap((rows) =>
    [false, true].map(
      (second): Make =>
        (draw) =>
          normaliseCall(draw, rows, 12, second),
    ),
  ),
  () => philoxCall(1, 3, 0, 0),
  () => philoxCall(11, 70, 2 ** 53 - 1, 2 ** 32 - 30),
  ...[true, false].map(
    (first): Make =>
      (draw) =>
        combineCall(draw, 5, 9, first),
  ),
  ...HEAD_KINDS.flatMap((kind) =>
    [1, 2, 10].flatMap((width) =>
      [false, true].map(
        (labelled): Make =>
          (draw) =>
            headCall(draw, kind, width, labelled, 1),
      ),
    ),
  ),
  (draw) => headCall(draw, "log-sum-exp", 10, false, 30),
  (draw) => headCall(draw, "cross-entropy", 10, true, 30),
  (draw) => headCall(draw, "logistic", 10, true, 30),
  (draw) => headCall(draw, "each-logit", 10, true, 30),
  (draw) => headCall(draw, "squared-error", 10, false, 1e15),
  (draw) => headCall(draw, "half-squared-norm", 10, false, 1e-30),
  // Loops of more iterations than one dispatch has, and than a driver may share among the loops of a shader: 65,535.
  (draw) => forwardCall(positive(draw), [2, 66_000, 4, 1], ORDINARY, "relu"),
  ...PRODUCTS.map(
    (kernel): Make =>
      (draw) =>
        productCall(positive(draw), kernel, [2, 66_000, 4, 1], ORDINARY, true),
  ),
  ...TALL_PRODUCTS.map(
    (kernel): Make =>
      (draw) =>
        productCall(positive(draw), kernel, [4, 66_000, 4, 1], ORDINARY, "alone"),
  ),
  (draw) => normaliseCall(draw, 23_000, 4, false),
  (draw) => normaliseCall(draw, 9_900, 4, true),
  ...(["cross-entropy", "margin", "mean"] as const).map(
    (kind): Make =>
      (draw) =>
        headCall(draw, kind, 11_500, kind !== "mean", 1),
  ),
  // More workgroups than one dimension has.
  (draw) => maskCall(draw, [65_540, 1, 4, 1], ORDINARY),
  (draw) => combineCall(draw, 65_540, 1, true),
  () => unitVectorsCall(65_540, 1, 65_536),
  () => philoxCall(262_150, 1, 5, 0),
  (draw) => gatherCall(draw, 1_048_600, 1, 0),
];

/** How many cases are systematic. */
export const GRID = SYSTEMATIC.length;

export function kernelCase(seed: number, index: number): KernelCase {
  const make = SYSTEMATIC[index] ?? drawnCase(seed, index);
  const { name, call } = make(drawer(seed, index));
  return { seed, index, name, call };
}

/** Everything about the case by the words of its address. */
function drawnCase(seed: number, index: number): Make {
  const words = wordsAt(seed, CONFORMANCE_STREAM, index, 12);
  const below = (k: number, n: number): number => Math.floor(((words[k] as number) * n) / 2 ** 32);
  const pick = <T>(k: number, list: readonly T[]): T => list[below(k, list.length)] as T;
  // Mostly small and ragged, sometimes more than one workgroup of 64 × 4 columns.
  const shape: Shape = [
    1 + below(1, 70),
    1 + below(2, 140),
    4 * (1 + below(3, 20) * (1 + below(4, 4))),
    1 + below(5, 3),
  ];
  const [rows, inner, samples, groups] = shape;
  const pair = pick(6, PAIRS);
  const flag = below(7, 2) === 1;
  const far = pair.includes("large") || pair.includes("huge");
  const layout = (make: Make): Make => pick(11, inBoth(make));
  const makes: readonly Make[] = [
    (draw) => forwardCall(draw, shape, pair, pick(8, far ? PIECEWISE : ACTIVATION_NAMES)),
    ...PRODUCTS.map(
      (kernel): Make =>
        (draw) =>
          productCall(draw, kernel, shape, pair, flag),
    ),
    (draw) => maskCall(draw, shape, pair),
    layout((draw) => normCall(draw, inner, samples)),
    layout((draw) => dotCall(draw, inner, samples, groups)),
    layout((draw) => leastCall(draw, inner, samples, flag ? [0, 0] : [-3, 3])),
    (draw) => gatherCall(draw, rows, 1 + below(8, 40), below(9, 9)),
    (draw) => spreadCall(draw, rows, samples, below(8, 5), flag),
    () => unitVectorsCall(rows, samples, below(8, rows)),
    (draw) => normaliseCall(draw, rows, 4 * (1 + below(8, 22)), flag),
    () => philoxCall(rows, 1 + below(8, 90), 2 ** 21 * (words[9] as number) + below(10, 2 ** 21), words[11] as number),
    layout((draw) => krylovCall(draw, 2 + below(8, 60), 4 * (1 + below(9, 23)), flag, pick(10, ["ordinary", "small"]))),
    (draw) => combineCall(draw, rows, 1 + below(8, 90), flag),
    (draw) => headCall(draw, pick(8, HEAD_KINDS), 1 + below(9, 40), flag, pick(10, [1, 1, 1e-3, 5, 30])),
  ];
  return pick(0, makes);
}
