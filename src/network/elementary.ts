/**
 * Elementary functions in f64 of + − × ÷, Math.sqrt, Math.floor and exact scaling by powers of two alone, so that they have the
 * same bits on every runtime (Math.exp and its kin differ between engines in the last place).
 *
 * exp, log, sin and cos reduce their argument and evaluate the minimax polynomials of FreeBSD's msun (Sun Microsystems, 1993,
 * freely usable); the rest is derived from them as said at each. Error figures are measured against exact rational arithmetic in
 * test/network/elementary.test.ts, in units in the last place.
 */
import { powerOfTwo } from "./powers-of-two.ts";

const LN2_HIGH = 6.9314718036912381649e-1; // 32 bits, so that k·LN2_HIGH is exact for |k| < 2²¹
const LN2_LOW = 1.90821492927058770002e-10;

/** x·2^k for |k| ≤ 2044, exact unless the result is subnormal. */
function scaleByPower(x: number, k: number): number {
  const half = Math.floor(k / 2);
  return x * powerOfTwo(half) * powerOfTwo(k - half);
}

/** eˣ, error below 1 ulp; 0 and Infinity beyond the range. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  const k = Math.floor(x * 1.4426950408889634 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const c = oddPart(r);
  return scaleByPower(1 - (low - (r * c) / (2 - c) - high), k);
}

/** c of e^r = 1 + r + rc/(2 − c), |r| ≤ ½ ln 2. */
function oddPart(r: number): number {
  const t = r * r;
  return (
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))))
  );
}

const bits = new DataView(new ArrayBuffer(8));

/** ln x, error below 1 ulp; −Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  let k = 0;
  let m = x;
  if (m < 2 ** -1022) {
    m *= 2 ** 54;
    k -= 54;
  }
  bits.setFloat64(0, m);
  const head = bits.getUint32(0);
  k += (head >>> 20) - 1023;
  bits.setUint32(0, (head & 0xfffff) | 0x3ff00000);
  m = bits.getFloat64(0);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k += 1;
  }
  // ln(1 + f) = 2s + s·R, s = f/(2 + f).
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + even + odd) + k * LN2_LOW) - f);
}

/** ln(1 + x) by Kahan's correction of log(fl(1 + x)), error below 3 ulp. */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1 || u === Infinity) return x;
  return (log(u) * x) / (u - 1);
}

/** eˣ − 1 by Kahan's correction of fl(eˣ) − 1, error below 4 ulp. */
export function expm1(x: number): number {
  const u = exp(x);
  if (u === 1) return x;
  const m = u - 1;
  if (m === -1 || u === Infinity || Math.abs(x) > 1) return m;
  return (m * x) / log(u);
}

/** tanh x = −m/(1 + e), e = e^(−2|x|) and m = e − 1, error below 5 ulp. */
export function tanh(x: number): number {
  return tanhFrom(exp(-2 * Math.abs(x)), x);
}

/** The same where e^(−2|x|) is known. @param e exp(−2|x|) */
export function tanhFrom(e: number, x: number): number {
  const t = (0 - decayLessOne(-2 * Math.abs(x))) * (1 / (1 + e));
  return x < 0 ? -t : t;
}

/** eˣ − 1 = 2^k·p + (2^k − 1) for x ≤ 0, p = e^r − 1 as `exp` makes it on the way: no cancellation for k = 0, and little beyond. */
function decayLessOne(x: number): number {
  if (x < -745.1332191019412) return -1;
  const k = Math.floor(x * 1.4426950408889634 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const c = oddPart(r);
  const p = high - (low - (r * c) / (2 - c));
  const power = scaleByPower(1, k);
  return power * p + (power - 1);
}

/** 1/(1 + e^(−x)), evaluated on the side that cannot overflow, error below 3 ulp. */
export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

const TWO_OVER_ROOT_PI = 1.1283791670955126;
const ERFC_SWITCH = 2.5;

/** e^(−x²) with x² = xₕ² + (x − xₕ)(x + xₕ), xₕ of 26 bits, so that the square's rounding is not amplified. */
export function expMinusSquare(x: number): number {
  const a = Math.abs(x);
  if (!(a < 28)) return Number.isNaN(x) ? NaN : 0;
  const high = Math.floor(a * 2 ** 20) * 2 ** -20;
  return exp(-high * high) * exp(-(a - high) * (a + high));
}

/** Σ_n 2ⁿ x^(2n+1)/(1·3···(2n+1)): erf x = 2/√π e^(−x²) times this; no term is negative (Abramowitz & Stegun 7.1.6). */
function erfSeries(x: number): number {
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 1; term > 2 ** -56 * sum; n++) {
    term *= square / (2 * n + 1);
    sum += term;
  }
  return sum;
}

/** Γ(½, x²)-type continued fraction of erfc (A & S 7.1.14), evaluated backwards from a depth that suffices at x ≥ 2.5. */
function erfcFraction(x: number): number {
  let f = x;
  for (let n = 60; n >= 1; n--) f = x + n / 2 / f;
  return (expMinusSquare(x) * TWO_OVER_ROOT_PI) / 2 / f;
}

/** erf x, error below 8 ulp. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return NaN;
  if (a === 0) return x;
  const value = a < ERFC_SWITCH ? TWO_OVER_ROOT_PI * expMinusSquare(a) * erfSeries(a) : 1 - erfcFraction(a);
  return x < 0 ? -value : value;
}

/** erfc x = 1 − erf x: relative error below 8 ulp for x ≥ 2.5 and x ≤ 0.5, below 3e−12 between, where 8 ulp of erf stand beside erfc ≥ 4e−4. */
export function erfc(x: number): number {
  if (x >= ERFC_SWITCH) return erfcFraction(x);
  return 1 - erf(x);
}

/** sin x and cos x, error below 1 ulp, for every finite x: the reduction is exact beyond 2²⁰. */
export function sin(x: number): number {
  const { quadrant, high, low } = reduce(x);
  const s = quadrant % 2 === 0 ? sinKernel(high, low) : cosKernel(high, low);
  return quadrant >= 2 ? -s : s;
}

export function cos(x: number): number {
  const { quadrant, high, low } = reduce(x);
  const c = quadrant % 2 === 0 ? cosKernel(high, low) : sinKernel(high, low);
  return quadrant === 1 || quadrant === 2 ? -c : c;
}

/** sin(y + z) for |y| ≤ π/4, z its tail. */
function sinKernel(y: number, z: number): number {
  const w = y * y;
  const r =
    8.33333333332248946124e-3 +
    w *
      (-1.98412698298579493134e-4 +
        w * (2.75573137070700676789e-6 + w * (-2.50507602534068634195e-8 + w * 1.58969099521155010221e-10)));
  const v = w * y;
  return y - (w * (0.5 * z - v * r) - z - v * -1.66666666666666324348e-1);
}

/** cos(y + z) for |y| ≤ π/4, z its tail. */
function cosKernel(y: number, z: number): number {
  const w = y * y;
  const r =
    w *
    (4.16666666666666019037e-2 +
      w *
        (-1.38888888888741095749e-3 +
          w *
            (2.48015872894767294178e-5 +
              w * (-2.75573143513906633035e-7 + w * (2.0875723212981748279e-9 + w * -1.13596475577881948265e-11)))));
  const half = 0.5 * w;
  const one = 1 - half;
  return one + (1 - one - half + (w * r - y * z));
}

interface Reduced {
  /** x = (4j + quadrant)·π/2 + high + low. */
  readonly quadrant: number;
  readonly high: number;
  readonly low: number;
}

const HALF_PI_1 = 1.57079632673412561417; // 33 bits
const HALF_PI_2 = 6.0771005063039659766e-11; // 33 bits
const HALF_PI_3 = 2.0222662487111664558e-21; // 33 bits
const HALF_PI_3_TAIL = 8.47842766036889956997e-32;

/** Cody and Waite in three parts up to 2²⁰ quadrants, each product exact; integer arithmetic beyond and where they cancel. */
function reduce(x: number): Reduced {
  if (!Number.isFinite(x)) return { quadrant: 0, high: NaN, low: NaN };
  const k = Math.floor(x * 0.6366197723675814 + 0.5);
  if (Math.abs(k) >= 2 ** 20) return reduceExactly(x);
  const r1 = x - k * HALF_PI_1;
  const p2 = k * HALF_PI_2;
  const r2 = r1 - p2;
  const e2 = r1 - r2 - p2;
  const p3 = k * HALF_PI_3;
  const tail = k * HALF_PI_3_TAIL;
  const correction = e2 - p3 - tail;
  const high = r2 + correction;
  const low = r2 - high + correction;
  // Where two parts cancel, digits beyond the third would be needed.
  if (k !== 0 && Math.abs(high) < 2 ** -30) return reduceExactly(x);
  return { quadrant: ((k % 4) + 4) % 4, high, low };
}

const PI_BITS = 1300n;
let halfPiBits: bigint | null = null;

/** ⌊π/2 · 2^PI_BITS⌋ to within a few units, by Machin's formula in integers. */
function halfPi(): bigint {
  if (halfPiBits !== null) return halfPiBits;
  const one = 1n << (PI_BITS + 16n);
  const arctanInverse = (q: bigint): bigint => {
    let power = one / q;
    let sum = power;
    for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
      power /= q * q;
      sum += (sign * power) / n;
    }
    return sum;
  };
  halfPiBits = (8n * arctanInverse(5n) - 2n * arctanInverse(239n)) >> 16n;
  return halfPiBits;
}

/** x is an integer times a power of two: its remainder by π/2 in integers of 1300 bits after the point. */
function reduceExactly(x: number): Reduced {
  bits.setFloat64(0, x);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn) - 1075;
  const mantissa = ((raw & 0xfffffffffffffn) | 0x10000000000000n) * (x < 0 ? -1n : 1n);
  const shift = PI_BITS + BigInt(exponent);
  const value = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  const period = halfPi();
  let k = value / period;
  let rest = value - k * period;
  if (2n * rest > period) {
    rest -= period;
    k += 1n;
  } else if (2n * rest < -period) {
    rest += period;
    k -= 1n;
  }
  const high = toNumber(rest);
  const low = toNumber(rest - fromNumber(high));
  return { quadrant: Number(((k % 4n) + 4n) % 4n), high, low };
}

/** rest·2^−PI_BITS, to nearest within one unit of the last place. */
function toNumber(rest: bigint): number {
  const negative = rest < 0n;
  const magnitude = negative ? -rest : rest;
  const length = magnitude.toString(2).length;
  const drop = Math.max(0, length - 53);
  const value = scaleByPower(Number(magnitude >> BigInt(drop)), drop - Number(PI_BITS));
  return negative ? -value : value;
}

function fromNumber(x: number): bigint {
  if (x === 0) return 0n;
  bits.setFloat64(0, x);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn) - 1075;
  const mantissa = (raw & 0xfffffffffffffn) | 0x10000000000000n;
  const shift = PI_BITS + BigInt(exponent);
  const value = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return x < 0 ? -value : value;
}
