import { describe, expect, test } from "vitest";
import { cos, erf, erfc, exp, expm1, log, log1p, sigmoid, sin, tanh } from "../../src/network/elementary.ts";
import { drawer } from "../support/stream.ts";

/**
 * Fixed-point integers with 1,200 bits after the point: an arithmetic of its own, in which the defining series are summed.
 * Every f64 is an integer times a power of two, so that arguments enter exactly where |x| ≥ 2⁻¹¹⁰⁰.
 */
const BITS = 1200n;
const ONE = 1n << BITS;
const view = new DataView(new ArrayBuffer(8));

function fixed(x: number): bigint {
  if (x === 0) return 0n;
  view.setFloat64(0, x);
  const raw = view.getBigUint64(0);
  const exponent = (raw >> 52n) & 0x7ffn;
  const mantissa = exponent === 0n ? raw & 0xfffffffffffffn : (raw & 0xfffffffffffffn) | (1n << 52n);
  const shift = BITS + (exponent === 0n ? 1n : exponent) - 1075n;
  const value = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return x < 0 ? -value : value;
}
const mul = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
const div = (a: bigint, b: bigint): bigint => (a << BITS) / b;

/** Σ x^n/n! after halving x until it is small. */
function expFixed(x: bigint): bigint {
  const halvings = 40n;
  const small = x >> halvings;
  let term = ONE;
  let sum = ONE;
  for (let n = 1n; term !== 0n; n++) {
    term = mul(term, small) / n;
    sum += term;
    if (n > 400n) break;
  }
  for (let i = 0n; i < halvings; i++) sum = mul(sum, sum);
  return sum;
}
function sinCosFixed(x: bigint): [bigint, bigint] {
  let [s, c, term] = [0n, 0n, ONE];
  for (let n = 0n; n < 4000n && term !== 0n; n++) {
    const sign = n % 4n < 2n ? 1n : -1n;
    if (n % 2n === 0n) c += sign * term;
    else s += sign * term;
    term = mul(term, x) / (n + 1n);
  }
  return [s, c];
}
function erfFixed(x: bigint): bigint {
  // 2/√π Σ (−1)^n x^(2n+1)/(n!(2n+1)); π by Machin, √ by Newton on integers.
  const arctan = (q: bigint): bigint => {
    let [power, sum] = [ONE / q, 0n];
    for (let n = 1n, sign = 1n; power !== 0n; n += 2n, sign = -sign) {
      sum += (sign * power) / n;
      power /= q * q;
    }
    return sum;
  };
  const pi = 4n * (4n * arctan(5n) - arctan(239n));
  let root = pi;
  for (let i = 0; i < 1300; i++) {
    const next = (root + div(pi, root)) / 2n;
    if (next === root) break;
    root = next;
  }
  const square = mul(x, x);
  let [term, sum] = [x, 0n];
  for (let n = 0n; n < 1500n && term !== 0n; n++) {
    sum += term / (2n * n + 1n);
    term = -mul(term, square) / (n + 1n);
  }
  return div(2n * sum, root);
}

/** |value − truth| in units of the last place of the truth. */
function ulps(value: number, truth: bigint): number {
  if (truth === 0n) return value === 0 ? 0 : Infinity;
  const magnitude = truth < 0n ? -truth : truth;
  const exponent = magnitude.toString(2).length - 1 - Number(BITS);
  const unit = fixed(2 ** Math.max(exponent - 52, -1074));
  const difference = fixed(value) - truth;
  return Number(((difference < 0n ? -difference : difference) * 1000n) / unit) / 1000;
}

function points(seed: number, count: number, low: number, high: number): number[] {
  const draw = drawer(seed, 0);
  return Array.from(
    { length: count },
    () => low + ((high - low) * (draw(2 ** 30) + draw(2 ** 20) / 2 ** 20)) / 2 ** 30,
  );
}

describe("errors in units in the last place, against integers of 1,200 bits", () => {
  const worst = (f: (x: number) => number, truth: (x: bigint) => bigint, xs: readonly number[]): number =>
    Math.max(...xs.map((x) => ulps(f(x), truth(fixed(x)))));
  const small = [2 ** -30, -(2 ** -30), 1e-5, -1e-5, 0.01, -0.01];

  test("exp is within 1", () => {
    expect(worst(exp, expFixed, [...points(1, 60, -30, 30), ...points(2, 10, -600, 600), ...small])).toBeLessThan(1);
  });
  test("log is within 1: exp of it, corrected to first order", () => {
    // ln x = y + (x − e^y)/e^y up to a square of 2⁻⁵⁰.
    const truth = (x: bigint): bigint => {
      const y = fixed(Math.log(Number(x >> (BITS - 60n)) / 2 ** 60));
      const e = expFixed(y);
      const first = y + div(x - e, e);
      const again = expFixed(first);
      return first + div(x - again, again);
    };
    expect(
      worst(log, truth, [...points(3, 40, 0.1, 10), ...points(4, 10, 1e3, 1e12), 0.75, 1.5, 1 + 2 ** -20]),
    ).toBeLessThan(1);
    expect(
      worst(
        (x) => log1p(x),
        (x) => truth(x + ONE),
        [...points(5, 30, -0.9, 5), ...small],
      ),
    ).toBeLessThan(3);
  });
  test("expm1 is within 4, tanh within 5, the sigmoid within 3", () => {
    const e1 = (x: bigint): bigint => expFixed(x) - ONE;
    expect(worst(expm1, e1, [...points(6, 40, -5, 5), ...small])).toBeLessThan(4);
    const tanhFixed = (x: bigint): bigint => div(expFixed(2n * x) - ONE, expFixed(2n * x) + ONE);
    expect(worst(tanh, tanhFixed, [...points(7, 40, -9, 9), ...small])).toBeLessThan(5);
    expect(worst(sigmoid, (x) => div(ONE, ONE + expFixed(-x)), [...points(8, 40, -40, 40), ...small])).toBeLessThan(3);
  });
  test("sin and cos are within 1, also at large arguments and near multiples of π/2", () => {
    const near = [Math.PI, Math.PI / 2, 3 * Math.PI, 355, 11, 22, 100.53096491487338];
    const xs = [...points(9, 40, -10, 10), ...points(10, 10, -200, 200), ...near, ...small];
    expect(worst(sin, (x) => sinCosFixed(x)[0], xs)).toBeLessThan(1);
    expect(worst(cos, (x) => sinCosFixed(x)[1], xs)).toBeLessThan(1);
    // Published values at 10²² (the classical test of argument reduction).
    expect(sin(1e22)).toBe(-0.8522008497671888);
    expect(cos(1e22)).toBe(0.523214785395139);
  });
  test("erf is within 8; erfc within 8 beyond 2.5, within 3e−12 relatively between", () => {
    expect(worst(erf, erfFixed, [...points(11, 40, -4, 4), ...small])).toBeLessThan(8);
    expect(worst(erfc, (x) => ONE - erfFixed(x), points(12, 25, 2.5, 7))).toBeLessThan(8);
    for (const x of points(13, 20, 0.5, 2.5)) {
      expect(ulps(erfc(x), ONE - erfFixed(fixed(x))) * 2 ** -52).toBeLessThan(3e-12);
    }
  });
  test("limits and NaN", () => {
    expect([exp(-800), exp(800), log(0), tanh(1e308), sigmoid(-1e308)]).toEqual([0, Infinity, -Infinity, 1, 0]);
    for (const f of [exp, log, tanh, sin, cos, erf, erfc, expm1, log1p, sigmoid]) expect(f(NaN)).toBeNaN();
    expect(log(-1)).toBeNaN();
  });
});
