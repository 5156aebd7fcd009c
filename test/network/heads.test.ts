import { expect, test } from "vitest";
import { checkHead, evaluateHead, labelRange, labelUse } from "../../src/network/heads.ts";

const h = Float64Array.of(1, 3, 3, -2);

test("argmax takes the first of equal outputs; margin's rival too", () => {
  expect(Array.from(evaluateHead({ kind: "logit-argmax" }, h, -1, 0).gradient)).toEqual([0, 1, 0, 0]);
  const margin = evaluateHead({ kind: "margin" }, h, -1, 0);
  expect(margin.value).toBe(0);
  expect(Array.from(margin.gradient)).toEqual([0, 1, -1, 0]);
  expect(Array.from(evaluateHead({ kind: "margin" }, h, 1, 0).gradient)).toEqual([0, 1, -1, 0]);
  expect(Array.from(evaluateHead({ kind: "margin" }, Float64Array.of(5), -1, 0).gradient)).toEqual([1]);
});

test("log-sum-exp and cross-entropy neither overflow nor cancel", () => {
  const big = Float64Array.of(1e4, 0, -1e4);
  expect(evaluateHead({ kind: "log-sum-exp" }, big, -1, 0).value).toBe(1e4);
  const sure = evaluateHead({ kind: "cross-entropy" }, Float64Array.of(40, 0), 0, 0);
  // 1 − softmax would be 0 in f64; the gradient at the label is −e⁻⁴⁰/(1 + e⁻⁴⁰).
  expect(Math.abs((sure.gradient[0] ?? 0) / -Math.exp(-40) - 1)).toBeLessThan(1e-14);
  expect(sure.gradient[1]).toBe(-(sure.gradient[0] ?? 0));
});

test("logistic is log(1 + e^(−y h)) of a sign y, neither overflows nor cancels, and adds up over outputs", () => {
  const at = (h: readonly number[], label: number) =>
    evaluateHead({ kind: "logistic" }, Float64Array.from(h), label, 0);
  expect(at([0], 1)).toEqual({ value: Math.LN2, gradient: Float64Array.of(-0.5) });
  expect(at([1e4], -1)).toEqual({ value: 1e4, gradient: Float64Array.of(1) });
  // 1 − σ(40) would be 0 in f64; f and −f′ are e⁻⁴⁰ up to a factor within e⁻⁴⁰ of 1.
  const sure = at([40], 1);
  expect(Math.abs(sure.value / Math.exp(-40) - 1)).toBeLessThan(1e-14);
  expect(Math.abs((sure.gradient[0] ?? 0) / -Math.exp(-40) - 1)).toBeLessThan(1e-14);
  const [both, one, other] = [at([2, -3], -1), at([2], -1), at([-3], -1)];
  expect(both.value).toBeCloseTo(one.value + other.value, 15);
  expect([...both.gradient]).toEqual([...one.gradient, ...other.gradient]);
  // What is no 1 is −1, a class 0 among it.
  expect(at([2], 0)).toEqual(one);
});

test("squared-error reads the sample's own row", () => {
  const targets = Float64Array.of(0, 0, 1, 3);
  const result = evaluateHead({ kind: "squared-error", targets, rows: 2 }, Float64Array.of(2, 5), -1, 1);
  expect(result.value).toBe(0.5 * (1 + 4));
  expect(Array.from(result.gradient)).toEqual([1, 2]);
});

test("a head that does not fit the outputs says what was found and expected", () => {
  expect(() => checkHead({ kind: "logit", index: 4 }, 4, 1)).toThrow("head logit:4: expected an output from 0 to 3");
  expect(() => checkHead({ kind: "linear", coefficients: h }, 3, 1)).toThrow(
    "head linear: found 4 coefficients, expected 3",
  );
  expect(() => checkHead({ kind: "squared-error", targets: h, rows: 2 }, 2, 5)).toThrow("expected 1 or 5 rows of 2");
  expect(labelUse({ kind: "cross-entropy" })).toBe("required");
  expect(labelUse({ kind: "margin" })).toBe("optional");
  expect(labelUse({ kind: "logistic" })).toBe("required");
  expect(labelRange({ kind: "logistic" }, 1)).toEqual({ least: -1, most: 1 });
  expect(labelRange({ kind: "cross-entropy" }, 4)).toEqual({ least: 0, most: 3 });
});
