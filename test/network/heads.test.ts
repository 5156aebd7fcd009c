import { expect, test } from "vitest";
import { checkHead, evaluateHead, labelUse } from "../../src/network/heads.ts";

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
});
