import { describe, expect, test } from "vitest";
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
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
