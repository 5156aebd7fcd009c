import { describe, expect, test } from "vitest";
import { ACTIVATION_NAMES, ACTIVATIONS, tanhWithSlope } from "../../src/network/activations.ts";
import { curvature, isPiecewiseLinear, roundedJet } from "../../src/network/curvature.ts";
import { derivative } from "../../src/reference/differences.ts";

const KINKS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  relu: [[0, 0]],
  "leaky-relu": [[0, 0.01]],
  relu6: [
    [0, 0],
    [6, 0],
  ],
  abs: [[0, 0]],
  "hard-swish": [
    [-3, 0],
    [3, 1],
  ],
};

describe.each(ACTIVATION_NAMES)("%s", (name) => {
  const { value, slope } = ACTIVATIONS[name];

  test("has the slope of its value between −12 and 12, away from kinks", () => {
    for (let z = -12; z <= 12; z += 0.0917) {
      if ((KINKS[name] ?? []).some(([at]) => Math.abs(z - at) < 0.01)) continue;
      const estimate = derivative((s) => value(z + s), 2 ** -8);
      expect(Math.abs(slope(z) - estimate.value)).toBeLessThanOrEqual(
        20 * estimate.error + 2 ** 8 * 100 * 2 ** -53 * Math.max(1, Math.abs(value(z))),
      );
    }
  });

  test("has the stated slope at its kinks", () => {
    for (const [at, expected] of KINKS[name] ?? []) expect(slope(at)).toBe(expected);
  });

  test("is finite for every finite z and passes NaN on", () => {
    for (const z of [0, 1e-310, -1e-310, 50, -50, 800, -800, 1e30, -1e30, 1e308, -1e308]) {
      // selu's scale takes 1.7e308 beyond the format; nothing else grows.
      if (!(name === "selu" && z === 1e308)) expect(Number.isFinite(value(z))).toBe(true);
      expect(Number.isFinite(slope(z))).toBe(true);
      expect(Math.abs(slope(z))).toBeLessThan(2);
    }
    expect(value(NaN)).toBeNaN();
    expect(slope(NaN)).toBeNaN();
  });
});

test("slopes keep their relative accuracy in the tails, where 1 − tanh² and its kin cancel", () => {
  // tanh′(20) = 4e⁻⁴⁰(1 − …), σ′(−50) = e⁻⁵⁰(1 − …).
  expect(Math.abs(ACTIVATIONS.tanh.slope(20) / (4 * Math.exp(-40)) - 1)).toBeLessThan(1e-14);
  expect(Math.abs(ACTIVATIONS.sigmoid.slope(-50) / Math.exp(-50) - 1)).toBeLessThan(1e-14);
  expect(Math.abs(ACTIVATIONS.mish.value(-40) / (-40 * Math.exp(-40)) - 1)).toBeLessThan(1e-14);
  // Φ(−10) to 16 digits (Abramowitz & Stegun's asymptotic series, tabulated): 7.619853024160527e-24.
  expect(Math.abs(ACTIVATIONS.gelu.value(-10) / (-10 * 7.619853024160527e-24) - 1)).toBeLessThan(1e-13);
});

describe.each(ACTIVATION_NAMES)("%s", (name) => {
  const { slope, value } = ACTIVATIONS[name];
  const jumps = [...(KINKS[name] ?? []).map(([at]) => at), ...(name === "selu" || name === "elu" ? [0] : [])];

  test("has the curvature of its slope between −12 and 12, away from where the slope jumps", () => {
    for (let z = -12; z <= 12; z += 0.0917) {
      if (jumps.some((at) => Math.abs(z - at) < 0.01)) continue;
      const estimate = derivative((s) => slope(z + s), 2 ** -8);
      // The rounding of a slope (100 u of a number below 2) over the smallest step.
      const bound = 20 * estimate.error + 2 ** 10 * 200 * 2 ** -53;
      expect(Math.abs(curvature(name, z) - estimate.value)).toBeLessThanOrEqual(bound);
    }
  });

  test("has a finite curvature for every finite z, 0 far out unless it oscillates", () => {
    for (const z of [0, 1e-310, 50, -50, 800, -800, 1e30, -1e30, 1e308, -1e308]) {
      expect(Math.abs(curvature(name, z))).toBeLessThanOrEqual(2);
      if (name !== "sin" && Math.abs(z) >= 1e30) expect(Math.abs(curvature(name, z))).toBeLessThan(1e-80);
    }
    expect(curvature(name, NaN)).toBeNaN();
  });

  test("rounded at its kinks, has the slope and curvature of its value, and tends to itself", () => {
    for (let z = -8; z <= 8; z += 0.173) {
      if (!isPiecewiseLinear(name)) continue;
      const jet = roundedJet(name, z, 0.5);
      const first = derivative((s) => roundedJet(name, z + s, 0.5).value, 2 ** -6);
      const second = derivative((s) => roundedJet(name, z + s, 0.5).slope, 2 ** -6);
      const rounding = 2 ** 8 * 100 * 2 ** -53 * 10;
      expect(Math.abs(jet.slope - first.value)).toBeLessThanOrEqual(20 * first.error + rounding);
      expect(Math.abs(jet.curvature - second.value)).toBeLessThanOrEqual(20 * second.error + rounding);
      if (jumps.every((at) => Math.abs(z - at) > 0.05)) {
        // e^(−0.05/s) of the jump, s = 1e−3.
        expect(Math.abs(roundedJet(name, z, 1e-3).slope - slope(z))).toBeLessThan(2 * Math.exp(-50));
        expect(Math.abs(roundedJet(name, z, 1e-3).value - value(z))).toBeLessThan(1e-14);
      }
    }
  });
});

test("tanh and its slope made at once have the bits of each alone", () => {
  const z = Float64Array.of(0, -0, NaN, Infinity, -Infinity, 1e-310, 800, 1e-9, 0.3, -19.5);
  const both = tanhWithSlope(Float64Array.from([...z, ...Array.from({ length: 500 }, (_, i) => 0.08 * (i - 250))]));
  expect(both.value.subarray(0, z.length)).toEqual(z.map(ACTIVATIONS.tanh.value));
  expect(both.slope.subarray(0, z.length)).toEqual(z.map(ACTIVATIONS.tanh.slope));
  for (let i = 0; i < 500; i++) {
    const x = 0.08 * (i - 250);
    expect(both.value[z.length + i]).toBe(ACTIVATIONS.tanh.value(x));
    expect(both.slope[z.length + i]).toBe(ACTIVATIONS.tanh.slope(x));
  }
});
