/**
 * The spectral norm of an exact matrix between two exact numbers, or exactly.
 *
 * The lower bound is a Rayleigh quotient, in exact arithmetic, of a direction found in f64. The upper bound needs no elimination: for
 * any matrix L at all, ρ²I − G = L Lᵀ + R with R computed exactly, and L Lᵀ is positive semidefinite, so λ_max(G) ≤ ρ² + max_i Σ_j |R_ij|.
 * L is the f64 Cholesky factor of ρ²I − G, which makes R about 2^−52 of G.
 * Where the norm's square is simple, it is proved to be what it is: as the only eigenvalue of G but 0 (Hadamard matrices, permutations,
 * signs, powers of two, rank one), or by exact elimination (norms.ts) for the quotient of an exact eigenvector and for a number of few bits.
 */
import { choleskyFactor, topEigenvector } from "./doubles.ts";
import type { Dyadic } from "./dyadic.ts";
import * as dyadics from "./dyadic.ts";
import type { ExactMatrix } from "./matrix.ts";
import {
  at,
  dot,
  identityMatrix,
  isZeroMatrix,
  largestMagnitude,
  matrix,
  product,
  scale,
  subtract,
  sumOfSquares,
  transpose,
} from "./matrix.ts";
import { eigenvalueOf, gram, largestEigenvalueIs, onlyEigenvalue, rayleighSquared, trace } from "./norms.ts";
import type { Rational } from "./rational.ts";
import { compare, larger, rational, toDyadic } from "./rational.ts";

/** lowerSquared ≤ ‖A‖² ≤ upperSquared. */
export interface NormBracket {
  readonly lowerSquared: Rational;
  readonly upperSquared: Rational;
  /** Whether both are ‖A‖². */
  readonly exact: boolean;
  /** Whether lowerSquared < ‖A‖² is proven. Neither this nor `exact` only where the elimination would be too long. */
  readonly strict: boolean;
}

/** Bits of a direction's entries: the quotient's relative error is about their square. */
const DIRECTION_BITS = 32;
/** A candidate for an exact value has at most so many bits. */
const CANDIDATE_BITS = 24;
/** Word multiplications allowed for one elimination: about 20 seconds. */
const ELIMINATION_LIMIT = 1e10;
/** Bits to which the bounds are rounded outward. */
const BOUND_BITS = 96;

/** A norm whose square is known. */
export function exactly(square: Rational): NormBracket {
  return { lowerSquared: square, upperSquared: square, exact: true, strict: false };
}

/**
 * A bracket of ‖A‖₂².
 * @param witness a column of A's width, not 0: the lower bound is at least its ‖Av‖²/‖v‖².
 * @param workLimit word multiplications allowed for one elimination; a candidate that needs more stays unproven.
 */
export function normBracket(a: ExactMatrix, witness?: ExactMatrix, workLimit = ELIMINATION_LIMIT): NormBracket {
  const g = gram(a);
  if (isZeroMatrix(g)) return exactly(rational(dyadics.ZERO));
  if (g.rows === 1) return exactly(rational(at(g, 0, 0)));
  const { direction, upper } = proposals(g);
  const found = rational(dot(direction, product(g, direction)), sumOfSquares(direction));
  const named = witness === undefined ? undefined : rayleighSquared(a, witness);
  const useWitness = witness !== undefined && named !== undefined && compare(named, found) >= 0;
  const eigenvalue = useWitness
    ? eigenvalueOf(product(transpose(a), product(a, witness)), witness)
    : eigenvalueOf(product(g, direction), direction);
  const best = useWitness ? named : found;
  const within = (x: Rational): boolean => compare(x, best) >= 0 && compare(x, rational(upper)) <= 0;
  const only = within(rational(sumOfSquares(g), trace(g))) ? onlyEigenvalue(g) : undefined;
  if (only !== undefined) return exactly(only);
  // A quotient of no eigenvector is less than the largest eigenvalue, and so is an eigenvalue that elimination refutes.
  let strict = true;
  for (const candidate of [eigenvalue, shortest(best, upper)]) {
    if (candidate === undefined || !within(candidate)) continue;
    const answer = largestEigenvalueIs(g, candidate, workLimit);
    if (answer === "yes") return exactly(candidate);
    if (answer === "too costly" && candidate === eigenvalue) strict = false;
  }
  const rounded = rational(toDyadic(found, BOUND_BITS, "down"));
  return {
    lowerSquared: named === undefined ? rounded : larger(rounded, named),
    upperSquared: rational(upper),
    exact: false,
    strict,
  };
}

/** A direction near the top eigenvector of g, and a proven upper bound of its largest eigenvalue. */
function proposals(g: ExactMatrix): { direction: ExactMatrix; upper: Dyadic } {
  const n = g.rows;
  // Powers of two bring g to doubles near 1, whatever its scale.
  const k = dyadics.topExponent(largestMagnitude(g));
  const near = { ...g, e: g.e - k };
  const doubles = Float64Array.from(near.entries, (x) => dyadics.toNumber(dyadics.dyadic(x, near.e)));
  const { vector, eigenvalue } = topEigenvector(doubles, n);
  return {
    direction: fixedPoint(n, 1, vector, DIRECTION_BITS),
    upper: dyadics.multiply(upperBound(near, doubles, eigenvalue), dyadics.dyadic(1n, k)),
  };
}

function upperBound(g: ExactMatrix, doubles: Float64Array, eigenvalue: number): Dyadic {
  const n = g.rows;
  for (const gap of [-44, -40, -36, -32, -24, -16, -8]) {
    const rho = eigenvalue * (1 + 2 ** gap);
    const factor = choleskyFactor(
      doubles.map((x, i) => (i % (n + 1) === 0 ? rho - x : -x)),
      n,
    );
    if (factor === undefined) continue;
    const bound = boundFromFactor(g, dyadics.fromNumber(rho), fixedPoint(n, n, factor, 64));
    return dyadics.roundToBits(bound, BOUND_BITS, "up");
  }
  return trace(g);
}

/** ρ² + max_i Σ_j |R_ij| with R = ρ²I − G − L Lᵀ: at least the largest eigenvalue of the symmetric G, whatever ρ² and L are. */
export function boundFromFactor(g: ExactMatrix, rhoSquared: Dyadic, l: ExactMatrix): Dyadic {
  const rest = subtract(subtract(scale(rhoSquared, identityMatrix(g.rows)), g), product(l, transpose(l)));
  return dyadics.add(rhoSquared, largestRowSum(rest));
}

/** Doubles rounded to whole multiples of 2^−bits: what is proposed need not be kept to the last bit. */
function fixedPoint(rows: number, columns: number, values: Float64Array, bits: number): ExactMatrix {
  return matrix(
    rows,
    columns,
    Array.from(values, (x) => BigInt(Math.round(x * 2 ** bits))),
    -bits,
  );
}

/** max_i Σ_j |a_ij|, at least the spectral radius. */
function largestRowSum(a: ExactMatrix): Dyadic {
  let largest = 0n;
  for (let i = 0; i < a.rows; i++) {
    let sum = 0n;
    for (const x of a.entries.slice(i * a.columns, (i + 1) * a.columns)) sum += x < 0n ? -x : x;
    if (sum > largest) largest = sum;
  }
  return dyadics.dyadic(largest, a.e);
}

/** The dyadic number of fewest bits in [lower, upper], if it has at most CANDIDATE_BITS. */
function shortest(lower: Rational, upper: Dyadic): Rational | undefined {
  const low = toDyadic(lower, 2 * BOUND_BITS, "up");
  const top = dyadics.topExponent(upper);
  for (let e = top; e >= top - CANDIDATE_BITS; e--) {
    const candidate = dyadics.dyadic(-dyadics.shift(-low.m, low.e - e), e);
    if (dyadics.compare(candidate, upper) <= 0) return rational(candidate);
  }
  return undefined;
}
