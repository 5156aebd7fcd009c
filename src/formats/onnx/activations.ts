/** Elementwise formulas → our activations. Each activation is written as graphs write it; a formula is recognised up to a·g(αz + β) + c. */
import type { ActivationName } from "../../network/activations.ts";
import type { Activation } from "../../network/parametric.ts";
import { isAllowed, parametric } from "../../network/parametric.ts";
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

const FORMULAS: readonly (readonly [ActivationName, Formula])[] = [
  ["relu", single("relu")],
  ["tanh", single("tanh")],
  ["sigmoid", single("sigmoid")],
  ["gelu", gelu],
  ["gelu-tanh", geluTanh],
  ["silu", silu],
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
  return found;
}

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
