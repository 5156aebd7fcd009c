/**
 * Dyadic rationals m·2^e: every finite double is one, and sums and products of them stay so, with no rounding at all.
 *
 * A value is kept in lowest terms (m odd, or m = 0 and e = 0), so equal values have equal fields. Nothing here overflows: m is a
 * BigInt and e stays far below 2^53 for any number that fits in memory.
 */

/** The number m·2^e; m is odd, or m and e are both 0. */
export interface Dyadic {
  readonly m: bigint;
  readonly e: number;
}

/** Where a double is put for a number that lies between two: the nearest (ties to even), or the neighbour below or above. */
export type Rounding = "nearest" | "down" | "up";

export const ZERO: Dyadic = { m: 0n, e: 0 };
export const ONE: Dyadic = { m: 1n, e: 0 };

/** m·2^e in lowest terms. */
export function dyadic(m: bigint, e = 0): Dyadic {
  if (m === 0n) return ZERO;
  const zeros = trailingZeros(m);
  return zeros === 0 ? { m, e } : { m: m >> BigInt(zeros), e: e + zeros };
}

/** Number of bits of |m|; 0 for 0. */
export function bitLength(m: bigint): number {
  if (m === 0n) return 0;
  const digits = (m < 0n ? -m : m).toString(16);
  return 4 * digits.length - (Math.clz32(parseInt(digits.charAt(0), 16)) - 28);
}

/** Number of zero bits below the lowest one bit of m; m is not 0. */
export function trailingZeros(m: bigint): number {
  return (m & 1n) === 1n ? 0 : bitLength(m & -m) - 1;
}

/** m·2^k, rounded towards −∞ where k < 0. */
export function shift(m: bigint, k: number): bigint {
  return k >= 0 ? m << BigInt(k) : m >> BigInt(-k);
}

/**
 * The double x itself.
 * @throws RangeError if x is not finite.
 */
export function fromNumber(x: number): Dyadic {
  if (!Number.isFinite(x)) throw new RangeError(`found ${String(x)}, expected a finite number`);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const word = bits.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const fraction = word & 0xfffffffffffffn;
  const magnitude = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  return dyadic(x < 0 ? -magnitude : magnitude, Math.max(exponent, 1) - 1075);
}

export function add(a: Dyadic, b: Dyadic): Dyadic {
  const e = Math.min(a.e, b.e);
  return dyadic(shift(a.m, a.e - e) + shift(b.m, b.e - e), e);
}

export function negate(a: Dyadic): Dyadic {
  return { m: -a.m, e: a.e };
}

export function subtract(a: Dyadic, b: Dyadic): Dyadic {
  return add(a, negate(b));
}

export function multiply(a: Dyadic, b: Dyadic): Dyadic {
  // Odd times odd is odd: the product is in lowest terms already.
  return a.m === 0n || b.m === 0n ? ZERO : { m: a.m * b.m, e: a.e + b.e };
}

/** −1, 0 or 1. */
export function sign(a: Dyadic): -1 | 0 | 1 {
  return a.m > 0n ? 1 : a.m < 0n ? -1 : 0;
}

export function isZero(a: Dyadic): boolean {
  return a.m === 0n;
}

/** The sign of a − b. */
export function compare(a: Dyadic, b: Dyadic): -1 | 0 | 1 {
  return sign(subtract(a, b));
}

/** The k with 2^(k−1) ≤ |a| < 2^k; a is not 0. */
export function topExponent(a: Dyadic): number {
  return bitLength(a.m) + a.e;
}

/** a rounded to at most `bits` significant bits, down or up on the number line. */
export function roundToBits(a: Dyadic, bits: number, rounding: "down" | "up"): Dyadic {
  const excess = bitLength(a.m) - bits;
  if (excess <= 0) return a;
  const m = rounding === "down" ? shift(a.m, -excess) : -shift(-a.m, -excess);
  return dyadic(m, a.e + excess);
}

/**
 * The double for a, correctly rounded as asked, subnormal results included.
 * Beyond the largest double the nearest is ±Infinity, as in IEEE 754; down and up stop at ±Number.MAX_VALUE on the inner side.
 */
export function toNumber(a: Dyadic, rounding: Rounding = "nearest"): number {
  if (a.m === 0n) return 0;
  const negative = a.m < 0n;
  const magnitude = negative ? -a.m : a.m;
  const outward = rounding === (negative ? "down" : "up");
  const top = bitLength(magnitude) + a.e;
  // Unit in the last place 2^unit: 53 bits, or fewer at the bottom of the range.
  const unit = Math.max(top - 53, -1074);
  if (top > 1024) return signed(rounding === "nearest" || outward ? Infinity : Number.MAX_VALUE, negative);
  const cut = unit - a.e;
  let kept = shift(magnitude, -cut);
  if (cut > 0) {
    const rest = magnitude - (kept << BigInt(cut));
    const half = 1n << BigInt(cut - 1);
    const away = rounding === "nearest" ? rest > half || (rest === half && (kept & 1n) === 1n) : outward && rest > 0n;
    if (away) kept += 1n;
  }
  // Exact unless it overflows: `kept` has at most 53 bits and its unit is representable.
  return signed(timesPowerOfTwo(Number(kept), unit), negative);
}

function signed(value: number, negative: boolean): number {
  return negative ? -value : value;
}

/** x·2^k, in two steps where 2^k itself is out of range. */
function timesPowerOfTwo(x: number, k: number): number {
  const half = Math.trunc(k / 2);
  return x * 2 ** half * 2 ** (k - half);
}

/**
 * Decimal text of `digits` significant digits, scientific beyond six places either way: "0", "0.0625", "-1.25e-310".
 * Half a unit of the last digit is rounded away from zero; trailing zeros are left out, so a short number is written exactly.
 */
export function toDecimal(a: Dyadic, digits = 17): string {
  if (a.m === 0n) return "0";
  const magnitude = a.m < 0n ? -a.m : a.m;
  // m·2^e = m·5^(−e)·10^e for e < 0.
  const scaled = a.e >= 0 ? magnitude << BigInt(a.e) : magnitude * 5n ** BigInt(-a.e);
  const all = scaled.toString();
  const dropped = Math.max(0, all.length - digits);
  const unit = 10n ** BigInt(dropped);
  const kept = ((2n * scaled + unit) / (2n * unit)).toString();
  const exponent = kept.length - 1 + dropped + Math.min(a.e, 0);
  const short = kept.replace(/0+$/, "");
  return (a.m < 0n ? "-" : "") + layOut(short, exponent);
}

/** d.ddd × 10^exponent, plain where that is short. */
function layOut(digits: string, exponent: number): string {
  if (exponent < -6 || exponent > 20) {
    const tail = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits.charAt(0)}${tail}e${exponent < 0 ? "" : "+"}${String(exponent)}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return digits.length > exponent + 1 ? `${whole}.${digits.slice(exponent + 1)}` : whole;
}
