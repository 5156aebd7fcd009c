/**
 * Formulas with kinks, piece by piece. A formula of relu, abs, clip and steps is resolved into smooth polynomials on intervals of z; two
 * graphs that write one function in other ways, such as max(z, αz) and relu(z) − α·relu(−z), have the same pieces.
 *
 * Limits: a kink's argument is affine in z or a·e^(affine) + b, at most 8 pieces. A formula that jumps has no pieces.
 */
import type { Algebra, Atom, Polynomial } from "./polynomial.ts";

/** formula(z) for low < z < high. */
export interface Piece {
  readonly low: number;
  readonly high: number;
  readonly formula: Polynomial;
}

const MOST_PIECES = 8;

/** Null where P jumps, or a kink lies where it cannot be found. */
export function piecesOf(algebra: Algebra, p: Polynomial): readonly Piece[] | null {
  const found = resolve(algebra, { low: -Infinity, high: Infinity, formula: p });
  if (found === null) return null;
  const pieces: Piece[] = [];
  for (const piece of found) {
    const last = pieces.at(-1);
    if (last !== undefined && !isContinuous(algebra, last, piece)) return null;
    if (last !== undefined && algebra.agree(last.formula, piece.formula))
      pieces[pieces.length - 1] = { ...last, high: piece.high };
    else pieces.push(piece);
  }
  return pieces;
}

function isContinuous(algebra: Algebra, left: Piece, right: Piece): boolean {
  const [a, b] = [algebra.value(left.formula, right.low), algebra.value(right.formula, right.low)];
  return Math.abs(a - b) <= algebra.tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

function resolve(algebra: Algebra, piece: Piece): Piece[] | null {
  const { low, high, formula } = piece;
  const kinked = algebra.kinkedAtom(formula);
  if (kinked === null) return [piece];
  const inner = rootsOf(algebra, kinked);
  if (inner === null) return null;
  const root = inner.find((z) => z > low + tiny(algebra, z) && z < high - tiny(algebra, z));
  if (root === undefined) {
    const next = algebra.replaced(formula, kinked, sideOf(algebra, kinked, between(low, high)));
    return next === null ? null : resolve(algebra, { low, high, formula: next });
  }
  const [left, right] = [
    resolve(algebra, { low, high: root, formula }),
    resolve(algebra, { low: root, high, formula }),
  ];
  if (left === null || right === null || left.length + right.length > MOST_PIECES) return null;
  return [...left, ...right];
}

/** Two roots so near are one, but for the rounding of stored constants. */
const tiny = (algebra: Algebra, z: number): number => algebra.tolerance * Math.max(1, Math.abs(z));

function between(low: number, high: number): number {
  if (low === -Infinity) return high === Infinity ? 0 : high - 1;
  return high === Infinity ? low + 1 : (low + high) / 2;
}

/** Where an atom has its kinks; null where they cannot be found. */
function rootsOf(algebra: Algebra, { name, argument }: Atom): number[] | null {
  const ends = name === "clip" ? [0, 1] : [0];
  const affine = algebra.affine(argument);
  if (affine !== null) {
    if (affine.factor === 0) return [];
    return ends.map((end) => (end - affine.offset) / affine.factor).sort((a, b) => a - b);
  }
  const exponential = algebra.exponential(argument);
  if (exponential === null) return null;
  const { scale, factor, offset, shift } = exponential;
  return ends
    .map((end) => (end - shift) / scale)
    .filter((y) => y > 0)
    .map((y) => (Math.log(y) - offset) / factor)
    .sort((a, b) => a - b);
}

/** The atom as it is around a point that is none of its kinks. */
function sideOf(algebra: Algebra, { name, argument }: Atom, z: number): Polynomial {
  const value = algebra.value(argument, z);
  const isOn = value > 0;
  switch (name) {
    case "step":
      return algebra.constant(isOn ? 1 : 0);
    case "abs":
      return isOn ? argument : algebra.scale(argument, -1);
    case "clip":
      return value >= 1 ? algebra.constant(1) : isOn ? argument : algebra.constant(0);
    default:
      return isOn ? argument : algebra.constant(0);
  }
}

/** { scale, shift } with P = scale·Q + shift, piece by piece; null where there are none, or either is one line. */
export function multipleOfPieces(
  algebra: Algebra,
  p: readonly Piece[],
  q: readonly Piece[],
): { scale: number; shift: number } | null {
  if (p.length !== q.length) return null;
  let found: { scale: number; shift: number } | null = null;
  const flat: [Piece, Piece][] = [];
  for (const [i, own] of p.entries()) {
    const other = q[i] as Piece;
    if (i > 0 && Math.abs(own.low - other.low) > tiny(algebra, own.low)) return null;
    if (other.formula.size === 0 || (other.formula.size === 1 && other.formula.has(""))) {
      flat.push([own, other]);
      continue;
    }
    const multiple = algebra.multiple(own.formula, other.formula);
    if (multiple === null) return null;
    if (
      found !== null &&
      (!isNear(algebra, multiple.scale, found.scale) || !isNear(algebra, multiple.shift, found.shift))
    )
      return null;
    found ??= multiple;
  }
  if (found === null) return null;
  const { scale, shift } = found;
  const isOwn = flat.every(
    ([own, other]) =>
      own.formula.size <= 1 &&
      isNear(algebra, algebra.value(own.formula, 0), scale * algebra.value(other.formula, 0) + shift) &&
      algebra.affine(own.formula)?.factor === 0,
  );
  return isOwn ? found : null;
}

export function isNear(algebra: Algebra, a: number, b: number): boolean {
  return Math.abs(a - b) <= algebra.tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}
