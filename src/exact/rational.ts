/**
 * Quotients of dyadic rationals, for the few places where a division cannot be avoided: 1/(‖W‖²‖J‖²) and Rayleigh quotients.
 * Nothing is reduced to lowest terms except powers of two; comparison multiplies crosswise.
 */
import type { Dyadic, Rounding } from "./dyadic.ts";
import * as dyadics from "./dyadic.ts";

/** numerator/denominator, the denominator > 0. */
export interface Rational {
  readonly numerator: Dyadic;
  readonly denominator: Dyadic;
}

/** @throws RangeError if the denominator is not positive. */
export function rational(numerator: Dyadic, denominator: Dyadic = dyadics.ONE): Rational {
  if (dyadics.sign(denominator) <= 0) throw new RangeError("the denominator of a rational must be positive");
  return { numerator, denominator };
}

export function add(a: Rational, b: Rational): Rational {
  if (dyadics.compare(a.denominator, b.denominator) === 0) {
    return { numerator: dyadics.add(a.numerator, b.numerator), denominator: a.denominator };
  }
  return {
    numerator: dyadics.add(dyadics.multiply(a.numerator, b.denominator), dyadics.multiply(b.numerator, a.denominator)),
    denominator: dyadics.multiply(a.denominator, b.denominator),
  };
}

export function subtract(a: Rational, b: Rational): Rational {
  return add(a, { numerator: dyadics.negate(b.numerator), denominator: b.denominator });
}

export function multiply(a: Rational, b: Rational): Rational {
  return {
    numerator: dyadics.multiply(a.numerator, b.numerator),
    denominator: dyadics.multiply(a.denominator, b.denominator),
  };
}

/** @throws RangeError unless b > 0. */
export function divide(a: Rational, b: Rational): Rational {
  return multiply(a, rational(b.denominator, b.numerator));
}

export function sign(a: Rational): -1 | 0 | 1 {
  return dyadics.sign(a.numerator);
}

export function isZero(a: Rational): boolean {
  return dyadics.isZero(a.numerator);
}

/** The sign of a − b. */
export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  return dyadics.compare(dyadics.multiply(a.numerator, b.denominator), dyadics.multiply(b.numerator, a.denominator));
}

/** The larger one, a where they are equal. */
export function larger(a: Rational, b: Rational): Rational {
  return compare(a, b) >= 0 ? a : b;
}

/** a dyadic number of about `bits` bits, at most a ("down") or at least a ("up"); a itself where that is one. */
export function toDyadic(a: Rational, bits: number, rounding: "down" | "up"): Dyadic {
  const { numerator: n, denominator: d } = a;
  if (n.m === 0n) return dyadics.ZERO;
  const k = Math.max(0, bits + dyadics.bitLength(d.m) - dyadics.bitLength(n.m) + 1);
  const down = floorDivide(n.m << BigInt(k), d.m);
  const exact = down * d.m === n.m << BigInt(k);
  return dyadics.dyadic(exact || rounding === "down" ? down : down + 1n, n.e - d.e - k);
}

/** The double for a. Down and up are outward bounds at most one unit in the last place away; nearest is correct to 0.51 units. */
export function toNumber(a: Rational, rounding: Rounding = "nearest"): number {
  if (rounding !== "nearest") return dyadics.toNumber(toDyadic(a, 64, rounding), rounding);
  return dyadics.toNumber(toDyadic(a, 64, "down"));
}

/** √a as a double, for a ≥ 0, rounded as {@link toNumber}. */
export function rootToNumber(a: Rational, rounding: Rounding = "nearest"): number {
  if (isZero(a)) return 0;
  const wide = toDyadic(a, 130, rounding === "up" ? "up" : "down");
  // m·2^e with e even: √m·2^(e/2).
  const odd = Math.abs(wide.e % 2);
  const m = (wide.m << BigInt(odd)) << 128n;
  const e = (wide.e - odd - 128) / 2;
  const root = floorRoot(m);
  const up = rounding === "up" && root * root !== m;
  return dyadics.toNumber(dyadics.dyadic(up ? root + 1n : root, e), rounding);
}

function floorDivide(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a < 0n && q * b !== a ? q - 1n : q;
}

/** ⌊√m⌋ by Newton's iteration from above, which decreases until it is there. */
function floorRoot(m: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(dyadics.bitLength(m) / 2));
  for (;;) {
    const next = (root + m / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
