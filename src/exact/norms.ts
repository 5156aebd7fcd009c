/**
 * Exact statements about the spectral norm: with Gram matrix G = AᵀA or AAᵀ, whichever is smaller,
 * ‖A‖² ≤ λ if and only if λI − G is positive semidefinite, and ‖A‖² = λ if and only if it is singular besides.
 */
import type { Dyadic } from "./dyadic.ts";
import { dyadic, isZero } from "./dyadic.ts";
import type { ExactMatrix } from "./matrix.ts";
import { dot, identityMatrix, isZeroMatrix, product, scale, subtract, sumOfSquares, transpose } from "./matrix.ts";
import type { Rational } from "./rational.ts";
import { rational } from "./rational.ts";
import { definiteness, eliminationWork } from "./semidefinite.ts";

/** AᵀA or AAᵀ, the smaller one; their largest eigenvalue is ‖A‖² either way. */
export function gram(a: ExactMatrix): ExactMatrix {
  return a.rows <= a.columns ? product(a, transpose(a)) : product(transpose(a), a);
}

/** Whether ‖A‖₂² ≤ ρ², decided exactly. */
export function normAtMost(a: ExactMatrix, rhoSquared: Dyadic): boolean {
  const g = gram(a);
  return definiteness(above(g, rational(rhoSquared)), g.rows) !== "indefinite";
}

/** Whether ‖A‖₂² = λ, decided exactly. */
export function normSquaredIs(a: ExactMatrix, lambda: Dyadic | Rational): boolean {
  return largestEigenvalueIs(gram(a), "denominator" in lambda ? lambda : rational(lambda), Infinity) === "yes";
}

/** Whether the largest eigenvalue of a Gram matrix is λ; "too costly" beyond so many word multiplications. */
export function largestEigenvalueIs(g: ExactMatrix, lambda: Rational, workLimit: number): "yes" | "no" | "too costly" {
  const entries = above(g, lambda);
  if (eliminationWork(entries, g.rows) > workLimit) return "too costly";
  return definiteness(entries, g.rows) === "semidefinite" ? "yes" : "no";
}

/**
 * λ where every eigenvalue of a symmetric matrix is 0 or λ, that is G² = λG; undefined where not, or G = 0. Needs no elimination.
 * So it is for the Gram matrices of multiples of orthonormal rows, some of them perhaps zeroed, and of matrices of rank one.
 */
export function onlyEigenvalue(g: ExactMatrix): Rational | undefined {
  const sum = trace(g);
  if (isZero(sum)) return undefined;
  // Tr G² = λ Tr G.
  const lambda = rational(sumOfSquares(g), sum);
  const rest = subtract(scale(lambda.denominator, product(g, g)), scale(lambda.numerator, g));
  return isZeroMatrix(rest) ? lambda : undefined;
}

/** Σ g_ii. */
export function trace(g: ExactMatrix): Dyadic {
  let sum = 0n;
  for (let i = 0; i < g.rows; i++) sum += g.entries[i * (g.columns + 1)] as bigint;
  return dyadic(sum, g.e);
}

/**
 * ‖Av‖²/‖v‖² ≤ ‖A‖², a lower bound.
 * @param v a column of as many entries as A has columns.
 * @throws RangeError if v is 0.
 */
export function rayleighSquared(a: ExactMatrix, v: ExactMatrix): Rational {
  return rational(sumOfSquares(product(a, v)), sumOfSquares(v));
}

/** The entries of λI − G for λ = p/q: integers proportional to pI − qG, q > 0. */
function above(g: ExactMatrix, lambda: Rational): readonly bigint[] {
  return subtract(scale(lambda.numerator, identityMatrix(g.rows)), scale(lambda.denominator, g)).entries;
}

/** λ where Mv = λv, given v ≠ 0 and its image Mv; undefined where v is no eigenvector. Decided exactly. */
export function eigenvalueOf(image: ExactMatrix, v: ExactMatrix): Rational | undefined {
  const [along, square] = [dot(image, v), sumOfSquares(v)];
  return isZeroMatrix(subtract(scale(square, image), scale(along, v))) ? rational(along, square) : undefined;
}
