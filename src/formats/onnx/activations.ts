/** Elementwise formulas → our activations. Each activation is written as graphs write it; a formula is recognised up to a·g(αz + β) + c. */
import type { ActivationName } from "../../network/activations.ts";
import type { Activation } from "../../network/parametric.ts";
import { isAllowed, parametric } from "../../network/parametric.ts";
import type { Piece } from "./piecewise.ts";
import { isNear, multipleOfPieces, piecesOf } from "./piecewise.ts";
import type { Algebra, FunctionName, Polynomial } from "./polynomial.ts";

type Formula = (algebra: Algebra, z: Polynomial) => Polynomial | null;

const times = (algebra: Algebra, p: Polynomial | null, q: Polynomial | null): Polynomial | null =>
  p === null || q === null ? null : algebra.multiply(p, q);

const single =
  (name: FunctionName): Formula =>
  (algebra, z) =>
    algebra.apply(name, z);

/** z·f(z). */
const gated =
  (gate: Formula): Formula =>
  (algebra, z) =>
    times(algebra, z, gate(algebra, z));

const oneHalfPlus = (algebra: Algebra, p: Polynomial): Polynomial =>
  algebra.add(algebra.constant(0.5), algebra.scale(p, 0.5));

export const gelu = gated((algebra, z) => oneHalfPlus(algebra, algebra.apply("erf", algebra.scale(z, Math.SQRT1_2))));

/** ½z(1 + tanh(√(2/π)(z + 0.044715 z³))). */
export const geluTanh = gated((algebra, z) => {
  const cube = times(algebra, z, times(algebra, z, z));
  if (cube === null) return null;
  const inner = algebra.scale(algebra.add(z, algebra.scale(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return oneHalfPlus(algebra, algebra.apply("tanh", inner));
});

export const silu = gated(single("sigmoid"));

export const mish = gated((algebra, z) => algebra.apply("tanh", algebra.apply("softplus", z)));

/** z·min(max(z + 3, 0), 6)/6. */
export const hardSwish = gated((algebra, z) =>
  algebra.scale(algebra.clip(algebra.add(z, algebra.constant(3)), 6), 1 / 6),
);

/** max(z, 0) + log(1 + exp(−|z|)). */
const stableSoftplus: Formula = (algebra, z) =>
  algebra.add(algebra.apply("relu", z), algebra.apply("softplus", algebra.scale(algebra.apply("abs", z), -1)));

/** ½ + ½·tanh(z/2). */
const sigmoidByTanh: Formula = (algebra, z) => oneHalfPlus(algebra, algebra.apply("tanh", algebra.scale(z, 0.5)));

const FORMULAS: readonly (readonly [ActivationName, Formula])[] = [
  ["relu", single("relu")],
  ["tanh", single("tanh")],
  ["sigmoid", single("sigmoid")],
  ["sigmoid", sigmoidByTanh],
  ["gelu", gelu],
  ["gelu-tanh", geluTanh],
  ["silu", silu],
  ["silu", gated(sigmoidByTanh)],
  ["mish", mish],
  ["hard-swish", hardSwish],
  ["relu6", (algebra, z) => algebra.clip(z, 6)],
  ["softplus", single("softplus")],
  ["softplus", stableSoftplus],
  ["softsign", single("softsign")],
  [
    "softsign",
    gated((algebra, z) => algebra.apply("reciprocal", algebra.add(algebra.constant(1), algebra.apply("abs", z)))),
  ],
  ["selu", single("selu")],
  ["abs", single("abs")],
  ["sin", single("sin")],
];

/** P(z) = scale·g(factor·z + offset) + shift. */
export interface Recognised {
  readonly activation: Activation;
  readonly factor: number;
  readonly offset: number;
  readonly scale: number;
  readonly shift: number;
}

/** The activation that a formula is, bare where it can be; null for none of ours. */
export function recognise(algebra: Algebra, p: Polynomial): Recognised | null {
  const affine = algebra.affine(p);
  if (affine !== null) return { activation: "identity", ...affine, scale: 1, shift: 0 };
  const bare = { factor: 1, offset: 0 };
  const inner = algebra.arguments(p);
  // erf's argument is z/√2.
  const candidates = [
    bare,
    ...inner,
    ...inner.map(({ factor, offset }) => ({ factor: factor * Math.SQRT2, offset: offset * Math.SQRT2 })),
  ];
  const own = algebra.activations.map((g): [Activation, Formula] => [g, (_, z) => algebra.activate(g, z)]);
  let found: Recognised | null = null;
  for (const { factor, offset } of candidates) {
    if (factor === 0) continue;
    const z = algebra.add(algebra.scale(algebra.variable(), factor), algebra.constant(offset));
    for (const [activation, formula] of [...FORMULAS, ...own]) {
      const pattern = formula(algebra, z);
      const multiple = pattern === null ? null : algebra.multiple(p, pattern);
      if (multiple === null) continue;
      const match = withBeta({ activation, factor, offset, ...multiple });
      if (match.scale === 1 && match.shift === 0) return match;
      found ??= match;
    }
  }
  return found ?? recogniseKinked(algebra, p, candidates);
}

type Affine = Pick<Recognised, "factor" | "offset">;

/** A formula with kinks by its pieces. @param candidates what our activations' argument may be, of the formula's own functions. */
function recogniseKinked(algebra: Algebra, p: Polynomial, candidates: readonly Affine[]): Recognised | null {
  const pieces = piecesOf(algebra, p);
  if (pieces === null) return null;
  const [left, right, ...others] = pieces;
  if (left === undefined) return null;
  if (right === undefined) return algebra.agree(left.formula, p) ? null : recognise(algebra, left.formula);
  if (others.length === 0) {
    const own = twoLines(algebra, left, right) ?? lineAndExponential(algebra, left, right);
    if (own !== null) return own;
    // PyTorch's softplus is βz beyond a threshold, 20: there the two differ by less than e^-20.
    if (algebra.affine(right.formula) !== null) {
      const smooth = recognise(algebra, left.formula);
      const isFar = smooth?.activation === "softplus" || isSoftplusWithBeta(smooth?.activation);
      if (isFar && Math.abs(algebra.value(left.formula, right.low) - algebra.value(right.formula, right.low)) < 1e-8)
        return smooth;
    }
  }
  const kinks = pieces.slice(1).map(({ low }) => low);
  const [first = 0, second = first + 1] = kinks;
  // relu6 has its kinks at 0 and 6, hard-swish at −3 and 3.
  const ofTwo = [0, -3].map((at) => ({ factor: 6 / (second - first), offset: at - (6 * first) / (second - first) }));
  for (const own of [...candidates, ...(kinks.length === 2 ? ofTwo : [])]) {
    const z = algebra.add(algebra.scale(algebra.variable(), own.factor), algebra.constant(own.offset));
    for (const [activation, formula] of FORMULAS) {
      const pattern = formula(algebra, z);
      const ours = pattern === null ? null : piecesOf(algebra, pattern);
      const multiple = ours === null ? null : multipleOfPieces(algebra, pieces, ours);
      if (multiple !== null) return { activation, ...rounded(own), ...rounded(multiple) };
    }
  }
  return null;
}

function isSoftplusWithBeta(activation: Activation | undefined): boolean {
  return typeof activation === "object" && activation.name === "softplus";
}

/** What is 0 or 1 but for the rounding of stored constants is meant to be. */
function rounded<K extends string>(own: Readonly<Record<K, number>>): Record<K, number> {
  const meantBy = (v: number): number => (Math.abs(v) < 1e-6 ? 0 : Math.abs(v - 1) < 1e-6 ? 1 : v);
  return Object.fromEntries(Object.entries<number>(own).map(([key, v]) => [key, meantBy(v)])) as Record<K, number>;
}

/** Two lines that meet: relu, leaky-relu or abs, of either side. */
function twoLines(algebra: Algebra, left: Piece, right: Piece): Recognised | null {
  const [l, r] = [algebra.affine(left.formula), algebra.affine(right.formula)];
  if (l === null || r === null) return null;
  const kink = right.low;
  // The side that ours has for positive arguments.
  const isMirrored = Math.abs(l.factor) > Math.abs(r.factor) && !isNear(algebra, r.factor, 1);
  const [slope, other] = isMirrored ? [-l.factor, -r.factor] : [r.factor, l.factor];
  const size = Math.abs(slope);
  const ratio = meant(other / slope);
  const activation = Math.abs(ratio) <= 2 ** -22 ? "relu" : isNear(algebra, ratio, -1) ? "abs" : leaky(ratio);
  if (activation === null) return null;
  const factor = isMirrored ? -size : size;
  const own = rounded({ factor, offset: -factor * kink, shift: algebra.value(right.formula, kink) });
  return { activation, ...own, scale: Math.sign(slope) };
}

function leaky(slope: number): Activation | null {
  return isAllowed("leaky-relu", slope) ? parametric("leaky-relu", slope) : null;
}

/** A line and s·α(e^u − 1) + c that meet: elu(α) or selu of u, scaled and shifted. */
function lineAndExponential(algebra: Algebra, left: Piece, right: Piece): Recognised | null {
  const kink = right.low;
  const isMirrored = algebra.affine(left.formula) !== null;
  const [line, curve] = isMirrored ? [left, right] : [right, left];
  const affine = algebra.affine(line.formula);
  const exponential = algebra.exponential(curve.formula);
  // The curve is where its exponent is negative.
  if (affine === null || exponential === null || exponential.factor < 0 !== isMirrored) return null;
  const { factor } = exponential;
  const scale = affine.factor / factor;
  const height = exponential.scale * Math.exp(exponential.offset + factor * kink);
  const shift = algebra.value(line.formula, kink);
  if (scale === 0 || !isNear(algebra, height + exponential.shift, shift)) return null;
  const alpha = meant(height / scale);
  const own = rounded({ factor, offset: -factor * kink, shift });
  if (isNear(algebra, alpha, SELU.alpha) && isNear(algebra, scale, SELU.scale))
    return { activation: "selu", ...own, scale: 1 };
  if (!isAllowed("elu", alpha)) return null;
  const known = isNear(algebra, alpha, 1) ? 1 : alpha;
  return { activation: parametric("elu", known), ...own, ...rounded({ scale }) };
}

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const;

/** softplus(βz)/β is the activation softplus(β); any other multiple of a softplus stays what it is. */
function withBeta(match: Recognised): Recognised {
  const { activation, factor, offset, scale, shift } = match;
  const beta = meant(factor);
  const isOwn = Math.abs(scale * factor - 1) <= 1e-6 && factor !== 1 && offset === 0 && shift === 0;
  if (activation !== "softplus" || !isOwn || !isAllowed("softplus", beta)) return match;
  return { activation: parametric("softplus", beta), factor: 1, offset: 0, scale: 1, shift: 0 };
}

/** The number that somebody wrote before it was stored in f32: the shortest decimal that rounds to it. */
export function meant(stored: number): number {
  const shortest = [1, 2, 3, 4, 5, 6, 7, 8].find((n) => Math.fround(Number(stored.toPrecision(n))) === stored);
  return shortest === undefined ? stored : Number(stored.toPrecision(shortest));
}
