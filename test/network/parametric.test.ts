/** Activations with a parameter: values by hand, slopes and curvatures as derivatives, kinks, growth, names. */
import { describe, expect, test } from "vitest";
import { activationList, activationNamed, ACTIVATION_PATTERN } from "../../src/network/activation-names.ts";
import { curvature, isPiecewiseLinear, roundedJet } from "../../src/network/curvature.ts";
import { innerGrowth, outputBound, steepestSlope, valueAtZero } from "../../src/network/growth.ts";
import { kinksOf, leastKinkDistance, slopeIsZero, slopesAt } from "../../src/network/kinks.ts";
import type { UnitActivation } from "../../src/network/parametric.ts";
import {
  activated,
  atUnit,
  formatActivation,
  functionsOf,
  keptUnits,
  parametric,
  prelu,
  sameActivation,
} from "../../src/network/parametric.ts";
import { derivative } from "../../src/reference/differences.ts";
import { PARAMETRIC_ACTIVATIONS, preluOf } from "../support/parametric.ts";

test("values and slopes by hand", () => {
  const at = (activation: UnitActivation, z: number): [number, number] => {
    const { value, slope } = functionsOf(activation);
    return [value(z), slope(z)];
  };
  expect(at(parametric("leaky-relu", 0.25), -2)).toEqual([-0.5, 0.25]);
  expect(at(parametric("leaky-relu", -3), -2)).toEqual([6, -3]);
  expect(at(parametric("leaky-relu", -3), 2)).toEqual([2, 1]);
  // α(e^−log 2 − 1) = −α/2, slope α/2.
  const [value, slope] = at(parametric("elu", 3), -Math.LN2);
  expect(Math.abs(value + 1.5)).toBeLessThan(1e-15);
  expect(Math.abs(slope - 1.5)).toBeLessThan(1e-15);
  expect(at(parametric("elu", 3), 2)).toEqual([2, 1]);
  // log(1 + e^(2 log 3 / 2))/2 = log(4)/2 = log 2; slope 3/4.
  const [soft, steep] = at(parametric("softplus", 2), Math.log(3) / 2);
  expect(Math.abs(soft - Math.LN2)).toBeLessThan(1e-15);
  expect(Math.abs(steep - 0.75)).toBeLessThan(1e-15);
});

test("units of a PReLU have slopes of their own, row by row", () => {
  const z = Float64Array.of(-2, 2, -2, 2, -2, 2);
  const { value, slope } = activated(prelu([0.5, -1, 3]), z, 2);
  expect([...value]).toEqual([-1, 2, 2, 2, -6, 2]);
  expect([...slope]).toEqual([0.5, 1, -1, 1, 3, 1]);
  expect([...activated(prelu([0.5]), z, 2).value]).toEqual([-1, 2, -1, 2, -1, 2]);
});

test.each([
  ["leaky-relu", 0.01],
  ["elu", 1],
  ["softplus", 1],
] as const)("%s(%d) is the bare name", (name, parameter) => {
  expect(parametric(name, parameter)).toBe(name);
});

describe.each(PARAMETRIC_ACTIVATIONS)("%s", (name, activation) => {
  const unit = atUnit(activation, 0);
  const { value, slope } = functionsOf(unit);
  const kinks = kinksOf(activation).map(({ at }) => at);
  const scale = Math.max(1, steepestSlope(activation));

  test("has the slope of its value and the curvature of its slope, away from kinks", () => {
    const sharp = name === "softplus(1000)";
    for (let z = -12; z <= 12; z += 0.0917) {
      if (kinks.some((at) => Math.abs(z - at) < 0.01) || (sharp && Math.abs(z) < 0.1)) continue;
      for (const [found, of] of [
        [slope(z), value],
        [curvature(unit, z), slope],
      ] as const) {
        const estimate = derivative((s) => of(z + s), 2 ** -8);
        // The rounding of a value (100 u of it) over the smallest step, 2⁻¹⁰.
        const rounding = 2 ** 10 * 200 * 2 ** -53 * Math.max(1, Math.abs(value(z)), scale);
        expect(Math.abs(found - estimate.value)).toBeLessThanOrEqual(20 * estimate.error + rounding);
      }
    }
  });

  test("jumps at its kink from the slope on the left to 1, and takes the left one there", () => {
    for (const { at, below, beyond } of kinksOf(activation)) {
      expect(slope(at)).toBe(below);
      expect(Math.abs(slope(at - 1e-12) - below)).toBeLessThanOrEqual(2e-12 * scale);
      expect(slope(at + 1e-300)).toBe(beyond);
      expect(slopesAt(unit, at - 1e-50, 2 ** -126)).toEqual(expect.arrayContaining([below, beyond]));
    }
    // Without a kink the slope is continuous: |g″| ≤ 250.
    if (kinks.length === 0) expect(Math.abs(slope(1e-9) - slope(-1e-9))).toBeLessThan(1e-6);
  });

  test("is nowhere steeper, and grows no faster, than its bounds say", () => {
    for (let z = -12; z <= 12; z += 1e-2) {
      expect(Math.abs(slope(z))).toBeLessThanOrEqual(steepestSlope(activation));
      expect(Math.abs(value(z))).toBeLessThanOrEqual(outputBound(activation, Math.abs(z), 1));
    }
    expect(Math.abs(value(0))).toBeLessThanOrEqual(valueAtZero(activation));
    expect(innerGrowth(activation)).toBeGreaterThanOrEqual(steepestSlope(activation) / 2);
  });

  test("is finite for every z that the overflow check lets through, and passes NaN on", () => {
    for (const z of [0, 1e-310, -1e-310, 50, -50, 800, -800, 1e300, -1e300]) {
      expect(Number.isFinite(value(z)) && Number.isFinite(slope(z)) && Number.isFinite(curvature(unit, z))).toBe(true);
    }
    expect(value(NaN)).toBeNaN();
    expect(slope(NaN)).toBeNaN();
    expect(curvature(unit, NaN)).toBeNaN();
  });

  test("rounded at its kink, tends to itself", () => {
    if (!isPiecewiseLinear(activation)) return;
    for (let z = -8; z <= 8; z += 0.173) {
      if (Math.abs(z) < 0.05) continue;
      // e^(−0.05/s) of the jump, s = 1e−3.
      const jet = roundedJet(unit, z, 1e-3);
      expect(Math.abs(jet.slope - slope(z))).toBeLessThan(40 * Math.exp(-50));
      expect(Math.abs(jet.value - value(z))).toBeLessThan(1e-12);
    }
  });

  test("reads back from what is printed of it", () => {
    const found = activationNamed(formatActivation(activation));
    expect(found !== null && found !== "prelu" && sameActivation(found, activation)).toBe(true);
    expect(formatActivation(activation)).toBe(name);
    expect(formatActivation(activation)).toMatch(new RegExp(ACTIVATION_PATTERN, "u"));
  });
});

test.each([
  ["ReLU(inplace=True)", "relu"],
  ["LeakyReLU(negative_slope=0.2, inplace=True)", "leaky-relu(0.2)"],
  ["Softplus(beta=10, threshold=20)", "softplus(10)"],
  ["GELU(approximate='tanh')", "gelu-tanh"],
  ["GELU(approximate='none')", "gelu"],
  ["ELU(alpha=0.5)", "elu(0.5)"],
])("%s, as PyTorch prints it, is %s, in a list too", (text, name) => {
  const found = activationList(`${text}, tanh`).map((own) => activationNamed(own));
  expect(found.map((own) => (own === null || own === "prelu" ? own : formatActivation(own)))).toEqual([name, "tanh"]);
});

test.each([
  ["Softplus(beta=10, threshold=5)", "expected softplus(BETA)"],
  ["GELU(0.5)", "expected gelu or gelu-tanh, which has no parameter"],
  ["Tanh(2)", "expected tanh, which has no parameter"],
])("%s is another function, and refused", (text, message) => {
  expect(() => activationNamed(text)).toThrow(message);
});

describe("a stored slope of 0", () => {
  test.each([
    ["leaky-relu(0)", -1, true],
    ["leaky-relu(0)", 1, false],
    ["leaky-relu(1e-40)", -1, false],
    ["elu(0)", -50, true],
    ["elu(-200)", -800, false],
    ["elu(0.5)", -800, false],
    ["elu", -800, false],
    ["softplus(1000)", -1, false],
  ])("of %s at %d is a zero by definition: %s", (name, z, expected) => {
    expect(slopeIsZero(activationNamed(name) as UnitActivation, z, 2 ** -126)).toBe(expected);
  });
});

test("the kink of a PReLU is every unit's, unless all slopes are 1", () => {
  expect(kinksOf(prelu([1, 1]))).toEqual([]);
  expect(kinksOf(prelu([1, 0.5]))).toHaveLength(1);
  expect(leastKinkDistance(prelu([1, 0.5]), [-0.25, 3])).toBe(0.25);
  expect(leastKinkDistance(parametric("elu", 1), [0])).toBe(Infinity);
  expect(leastKinkDistance(parametric("elu", 2), [0.5])).toBe(0.5);
});

test("the steepest unit bounds the layer, on either side of 0", () => {
  expect([steepestSlope(prelu([0.5, -3, 2])), steepestSlope(prelu([0.5])), steepestSlope(preluOf(6))]).toEqual([
    3, 1, 2,
  ]);
  expect(steepestSlope(parametric("elu", -200))).toBe(200);
  expect([innerGrowth(parametric("leaky-relu", 30)), innerGrowth(parametric("softplus", 8))]).toEqual([15, 8]);
});

test("units that are dropped take their slopes along", () => {
  expect(keptUnits(preluOf(4), (k) => k !== 1)).toEqual(prelu([0.25, 0, 2]));
  expect(keptUnits(prelu([0.25]), (k) => k !== 1)).toEqual(prelu([0.25]));
  expect(keptUnits("relu", () => false)).toBe("relu");
});
