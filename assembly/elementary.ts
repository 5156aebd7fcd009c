/**
 * Elementary functions in f64 with the bits of src/network/elementary.ts, whose comments say where each formula is from; tanh with its
 * slope for the lanes of a register, in f64 with the same bits again, and in f32.
 */

const LN2_HIGH: f64 = 6.9314718036912381649e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** 2^k for −1022 ≤ k ≤ 1023. */
function power(k: i32): f64 {
  return reinterpret<f64>(((k + 1023) as i64) << 52);
}

/** x·2^k for |k| ≤ 2044, exact unless the result is subnormal. */
export function exp2(x: f64, k: i32): f64 {
  const half = k >> 1;
  return x * power(half) * power(k - half);
}

export function exp(x: f64): f64 {
  if (x != x) return NaN;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  const k = floor<f64>(x * 1.4426950408889634 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  return exp2(1 - (low - (r * c) / (2 - c) - high), k as i32);
}

function log(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return Infinity;
  let k: i32 = 0;
  let m = x;
  if (m < 2.2250738585072014e-308) {
    m *= 18014398509481984.0;
    k -= 54;
  }
  const bits = reinterpret<i64>(m);
  k += ((bits >> 52) as i32) - 1023;
  m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k += 1;
  }
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
  return (k as f64) * LN2_HIGH - (half - (s * (half + even + odd) + (k as f64) * LN2_LOW) - f);
}

export function log1p(x: f64): f64 {
  const u = 1 + x;
  if (u == 1 || u == Infinity) return x;
  return (log(u) * x) / (u - 1);
}

export function sigmoid(x: f64): f64 {
  const e = exp(-abs<f64>(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

function splat(x: f64): v128 {
  return f64x2.splat(x);
}

/** a·x + b, rounded twice. */
function step(a: v128, x: v128, b: f64): v128 {
  return f64x2.add(splat(b), f64x2.mul(x, a));
}

/** 2^k of integers k in a register, −1022 ≤ k ≤ 1023: 1.5·2⁵² + k holds k in its last bits. */
function powers(k: v128): v128 {
  return i64x2.shl(i64x2.add(f64x2.add(k, splat(6755399441055744.0)), i64x2.splat(1023)), 52);
}

/** c of e^r = 1 + r + rc/(2 − c), |r| ≤ ½ ln 2. */
function oddPart(r: v128): v128 {
  const t = f64x2.mul(r, r);
  let p = step(splat(4.13813679705723846039e-8), t, -1.6533902205465251539e-6);
  p = step(p, t, 6.61375632143793436117e-5);
  p = step(p, t, -2.77777777770155933842e-3);
  p = step(p, t, 1.66666666666666019037e-1);
  return f64x2.sub(r, f64x2.mul(t, p));
}

/** eˣ of two x that are not above 0, or NaN: the bits of `exp`. */
export function expOfTwo(x: v128): v128 {
  // Held above where the result is 0.
  const held = f64x2.pmax(x, splat(-746));
  const k = f64x2.floor(f64x2.add(f64x2.mul(held, splat(1.4426950408889634)), splat(0.5)));
  const high = f64x2.sub(held, f64x2.mul(k, splat(LN2_HIGH)));
  const low = f64x2.mul(k, splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const c = oddPart(r);
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(splat(2), c));
  const mantissa = f64x2.sub(splat(1), f64x2.sub(f64x2.sub(low, quotient), high));
  const half = f64x2.floor(f64x2.mul(k, splat(0.5)));
  const full = f64x2.mul(f64x2.mul(mantissa, powers(half)), powers(f64x2.sub(k, half)));
  return v128.andnot(full, f64x2.lt(x, splat(-745.1332191019412)));
}

/** e = e^(−2|x|) as `expOfTwo` makes it, and −m = 1 − e with the sign of x, m = 2^k·p + (2^k − 1) by p of the same reduction. */
function decayOfTwo(z: usize, decay: usize, rest: usize): void {
  const one = splat(1);
  const zero = splat(0);
  const x = v128.load(z);
  const y = f64x2.mul(splat(-2), f64x2.abs(x));
  const held = f64x2.pmax(y, splat(-746));
  const k = f64x2.floor(f64x2.add(f64x2.mul(held, splat(1.4426950408889634)), splat(0.5)));
  const high = f64x2.sub(held, f64x2.mul(k, splat(LN2_HIGH)));
  const low = f64x2.mul(k, splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const c = oddPart(r);
  const p = f64x2.sub(high, f64x2.sub(low, f64x2.div(f64x2.mul(r, c), f64x2.sub(splat(2), c))));
  const half = f64x2.floor(f64x2.mul(k, splat(0.5)));
  const first = powers(half);
  const second = powers(f64x2.sub(k, half));
  const full = f64x2.mul(f64x2.mul(f64x2.add(one, p), first), second);
  v128.store(decay, v128.andnot(full, f64x2.lt(y, splat(-745.1332191019412))));
  const power = f64x2.mul(first, second);
  const m = f64x2.add(f64x2.mul(power, p), f64x2.sub(power, one));
  v128.store(rest, v128.bitselect(m, f64x2.sub(zero, m), f64x2.lt(x, zero)));
}

/**
 * tanh z = ∓m/(1 + e) and its slope 4e/(1 + e)² of so many bytes, a multiple of 16. In two passes, what is exponential in `slope` and `value`
 * meanwhile: as one the chain of an element is so long that a processor has no room to begin the next. @param value may be z.
 */
export function tanhWithSlope(z: usize, value: usize, slope: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) decayOfTwo(z + at, slope + at, value + at);
  for (let at: usize = 0; at < bytes; at += 16) {
    const e = v128.load(slope + at);
    const inverse = f64x2.div(splat(1), f64x2.add(splat(1), e));
    v128.store(value + at, f64x2.mul(v128.load(value + at), inverse));
    v128.store(slope + at, f64x2.mul(f64x2.mul(splat(4), e), f64x2.mul(inverse, inverse)));
  }
}

function single(x: f32): v128 {
  return f32x4.splat(x);
}

function singleStep(a: v128, x: v128, b: f32): v128 {
  return f32x4.add(single(b), f32x4.mul(x, a));
}

/** e^(−2|x|) of four x in f32. This and `tanhOfFour` are by Moshier's polynomials (Cephes, expf and tanhf): some units in the last place. */
export function decayOfFour(x: v128): v128 {
  const one = single(1);
  const held = f32x4.pmax(f32x4.mul(single(-2), f32x4.abs(x)), single(-80));
  const k = f32x4.floor(f32x4.add(f32x4.mul(held, single(1.44269504)), single(0.5)));
  let r = f32x4.sub(held, f32x4.mul(k, single(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(k, single(-2.1219444e-4)));
  let p = singleStep(single(1.98756915e-4), r, 1.3981999507e-3);
  p = singleStep(p, r, 8.3334519073e-3);
  p = singleStep(p, r, 4.1665795894e-2);
  p = singleStep(p, r, 1.6666665459e-1);
  p = singleStep(p, r, 5.0000001201e-1);
  const mantissa = f32x4.add(one, f32x4.add(r, f32x4.mul(f32x4.mul(r, r), p)));
  // 1.5·2²³ + k holds k in its last bits.
  const power = i32x4.shl(i32x4.add(f32x4.add(k, single(12582912)), i32x4.splat(127)), 23);
  return f32x4.mul(mantissa, power);
}

/** tanh x and 4e/(1 + e)² of four x, stored at two offsets. @param e e^(−2|x|), of `decayOfFour`. */
export function tanhOfFour(x: v128, e: v128, value: usize, slope: usize): void {
  const one = single(1);
  const size = f32x4.abs(x);
  const onePlus = f32x4.add(one, e);
  const inverse = f32x4.div(one, onePlus);
  v128.store(slope, f32x4.mul(f32x4.mul(single(4), e), f32x4.mul(inverse, inverse)));
  const far = f32x4.mul(f32x4.sub(one, e), inverse);
  const z = f32x4.mul(x, x);
  let q = singleStep(single(-5.70498872745e-3), z, 2.06390887954e-2);
  q = singleStep(q, z, -5.37397155531e-2);
  q = singleStep(q, z, 1.33314422036e-1);
  q = singleStep(q, z, -3.33332819422e-1);
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(q, z), x));
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000 as i32)));
  v128.store(value, v128.bitselect(signed, near, f32x4.ge(size, single(0.625))));
}
