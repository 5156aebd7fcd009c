import { describe, expect, test } from "vitest";
import type { ExactChain } from "../../src/exact/chain.ts";
import { exactChain } from "../../src/exact/chain.ts";
import { dyadic, isZero, ONE, toNumber } from "../../src/exact/dyadic.ts";
import { EXACT_HEAD_NAMES, exactHead } from "../../src/exact/head.ts";
import { identitiesHold, identityResiduals } from "../../src/exact/identities.ts";
import type { ExactMatrix } from "../../src/exact/matrix.ts";
import { add, fromNumbers, matrix, values } from "../../src/exact/matrix.ts";
import { assertPractical, estimateWork, WORK_LIMIT } from "../../src/exact/practical.ts";
import { EXACT_ACTIVATION_NAMES, exactActivation } from "../../src/exact/slopes.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
import { ModelError } from "../../src/network/errors.ts";
import type { Head } from "../../src/network/heads.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { normals } from "../support/stream.ts";
import { drawnNetwork, networkOf } from "./networks.ts";

const SUM: Head = { kind: "sum" };

function numbers(a: ExactMatrix | undefined): number[] {
  return a === undefined ? [] : values(a).map((v) => toNumber(v));
}

describe("activations in exact arithmetic", () => {
  test("value and slope are network/activations.ts's, at the kinks and beside them", () => {
    const points = [-7, -6, -1, -0.5, -5e-324, 0, 5e-324, 0.5, 1, 5.999999999999999, 6, 6.000000000000001, 7];
    expect(EXACT_ACTIVATION_NAMES).toEqual(["identity", "relu", "leaky-relu", "relu6", "abs"]);
    for (const name of EXACT_ACTIVATION_NAMES) {
      const exact = exactActivation(name, 1);
      for (const z of points) {
        const from = values(fromNumbers(1, 1, [z]))[0] ?? ONE;
        expect([name, z, toNumber(exact.slope(from))]).toEqual([name, z, ACTIVATIONS[name].slope(z) + 0]);
        expect([name, z, toNumber(exact.value(from)) + 0]).toEqual([name, z, ACTIVATIONS[name].value(z) + 0]);
      }
    }
  });

  test("the leaky side's value is not rounded", () => {
    const value = exactActivation("leaky-relu", 1).value(dyadic(-3n));
    expect(value).not.toEqual(dyadic(-3n, 0));
    expect(value.m).toBe(-3n * 5764607523034235n);
    expect(value.e).toBe(-59);
  });

  test.each(ACTIVATION_NAMES.filter((name) => !EXACT_ACTIVATION_NAMES.includes(name)))(
    "%s is refused by name",
    (name) => {
      const network = networkOf([[[1]], [[1]]], name);
      const mixed: Network = { layers: network.layers.map((l, i) => (i === 0 ? { ...l, activation: "relu" } : l)) };
      expect(() => exactChain(mixed, SUM, Float64Array.of(1), -1, 0)).toThrow(
        new ModelError(
          `layer 2: activation ${name} is not piecewise linear; exact arithmetic knows identity, relu, leaky-relu, relu6, abs`,
        ),
      );
    },
  );
});

describe("heads in exact arithmetic", () => {
  const outputs = [
    [1.5, -2, 3, 3],
    [0, 0, 0, 0],
    [-1, -1, -0.25, -4],
    [5, 5, 1, 2],
  ];
  const heads: Head[] = [
    SUM,
    { kind: "mean" },
    { kind: "logit", index: 2 },
    { kind: "logit-argmax" },
    { kind: "linear", coefficients: Float64Array.of(1, -2, 0.5, 0) },
    { kind: "margin" },
    { kind: "half-squared-norm" },
    { kind: "squared-error", targets: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8), rows: 2 },
  ];

  test("value and gradient are network/heads.ts's; the mean's are multiplied by the width", () => {
    expect(heads.map((head) => head.kind)).toEqual(EXACT_HEAD_NAMES);
    for (const head of heads) {
      for (const output of outputs) {
        for (const label of [-1, 0, 3]) {
          const exact = exactHead(head, fromNumbers(4, 1, output), label, 1);
          const expected = evaluateHead(head, Float64Array.from(output), label, 1);
          const multiple = head.kind === "mean" ? 4 : 1;
          expect(exact.multiple).toBe(multiple);
          expect(toNumber(exact.value)).toBe(multiple * expected.value + 0);
          expect(numbers(exact.gradient)).toEqual(Array.from(expected.gradient, (v) => multiple * v + 0));
        }
      }
    }
  });

  test("with one output the margin is the output", () => {
    expect(numbers(exactHead({ kind: "margin" }, fromNumbers(1, 1, [-3]), -1, 0).gradient)).toEqual([1]);
  });

  test("transcendental heads, labels and samples out of range are refused", () => {
    const at = (head: Head, label = -1, sample = 0): ExactChain =>
      exactChain(networkOf([[[1], [2]]]), head, Float64Array.of(1), label, sample);
    const known =
      "exact arithmetic knows sum, mean, logit, logit-argmax, linear, margin, half-squared-norm, squared-error";
    expect(() => at({ kind: "log-sum-exp" })).toThrow(
      new ModelError(`head log-sum-exp: its gradient is not a rational number; ${known}`),
    );
    expect(() => at({ kind: "cross-entropy" }, 1)).toThrow(
      new ModelError(`head cross-entropy: its gradient is not a rational number; ${known}`),
    );
    expect(() => at({ kind: "margin" }, 2)).toThrow(
      new ModelError("head margin: found label 2, expected one from 0 to 1"),
    );
    expect(() => at({ kind: "squared-error", targets: new Float64Array(4), rows: 2 }, -1, 2)).toThrow(
      new ModelError("head squared-error: found sample 2, expected one from 0 to 1"),
    );
    expect(() => at({ kind: "linear", coefficients: Float64Array.of(1, NaN) })).toThrow(
      new ModelError("head: coefficient 1 is NaN, expected finite numbers"),
    );
  });
});

describe("the exact chain", () => {
  test("a network of two layers by hand", () => {
    // z_2 = (1·2 + 2·1 − 1, 3·2 − 4·1 − 3) = (3, −1); h_2 = (3, 0); z_3 = 5·3 + 7·0 + 0.5.
    const network = networkOf(
      [
        [
          [1, 2],
          [3, -4],
        ],
        [[5, 7]],
      ],
      "relu",
      [[-1, -3], [0.5]],
    );
    const chain = exactChain(network, { kind: "half-squared-norm" }, Float64Array.of(2, 1), -1, 0);
    expect(chain.hidden.map(numbers)).toEqual([[2, 1], [3, 0], [15.5]]);
    expect(chain.slopes.map(numbers)).toEqual([[1, 0], [1]]);
    expect(toNumber(chain.value)).toBe(15.5 ** 2 / 2);
    expect(numbers(chain.topGradient)).toEqual([15.5]);
    expect(chain.adjoints.map(numbers)).toEqual([[77.5, 0], [15.5]]);
    expect(numbers(chain.inputGradient)).toEqual([77.5, 155]);
    expect(chain.jacobians.map(numbers)).toEqual([
      [1, 0, 0, 1],
      [1, 2, 0, 0],
    ]);
  });

  test("nothing is rounded: 1e-200 added to 1e200 and subtracted again is still there", () => {
    const network = networkOf([
      [
        [1, 1],
        [1, 0],
      ],
      [[1, -1]],
    ]);
    const chain = exactChain(network, SUM, Float64Array.of(1e200, 1e-200), -1, 0);
    expect(toNumber(chain.value)).toBe(1e-200);
  });

  test("inputs of another width or not finite are refused", () => {
    const network = networkOf([[[1, 2]]]);
    expect(() => exactChain(network, SUM, Float64Array.of(1), -1, 0)).toThrow(
      new ModelError("input: found 1 numbers, expected 2, the network's inputs"),
    );
    expect(() => exactChain(network, SUM, Float64Array.of(1, Infinity), -1, 0)).toThrow(
      new ModelError("input[1] is Infinity, expected finite numbers"),
    );
  });
});

describe("the identities", () => {
  const chainOf = (seed: number, widths: readonly number[], activations: readonly ActivationName[]): ExactChain =>
    exactChain(
      drawnNetwork(seed, widths, activations),
      { kind: "squared-error", targets: Float64Array.from(normals(seed, 3, widths.at(-1) ?? 1)), rows: 1 },
      Float64Array.from(normals(seed, 2, widths[0] ?? 1)),
      -1,
      0,
    );

  test("every residual is 0 on drawn networks, also beyond one block of rows", () => {
    for (const [seed, widths] of [
      [3, 5, 4, 2],
      [1, 1, 1],
      [6, 2],
      [130, 3, 2],
      [4, 4, 4, 4, 4, 4],
    ].entries()) {
      for (const activations of [["relu"], ["leaky-relu", "abs"], ["relu6", "identity"]] as const) {
        const residuals = identityResiduals(chainOf(seed, widths, activations));
        expect(residuals.map((r) => r.layer)).toEqual(widths.slice(1).map((_, i) => i + 1));
        for (const { matrix: m, contracted, bias } of residuals)
          expect([m, contracted, bias ?? m].every(isZero)).toBe(true);
        expect(identitiesHold(residuals)).toBe(true);
      }
    }
  });

  /** The chain with the smallest possible change at one entry of one quantity. */
  const nudged = (a: ExactMatrix, entry: number): ExactMatrix =>
    add(
      a,
      matrix(
        a.rows,
        a.columns,
        a.entries.map((_, i) => (i === entry ? 1n : 0n)),
        -3000,
      ),
    );

  test.each([
    ["adjoints", 1, [false, true, false]],
    ["jacobians", 2, [false, false, true]],
    ["weights", 0, [true, false, false]],
    // h_t enters both sides of its own layer's identities: they hold for any h.
    ["hidden", 1, [false, false, false]],
  ] as const)("2^-3000 added to one entry of %s is seen, at its layer", (name, index, expected) => {
    const chain = chainOf(3, [3, 4, 4, 2], ["leaky-relu"]);
    const changed = { ...chain, [name]: chain[name].map((a, i) => (i === index ? nudged(a, 1) : a)) };
    expect(identityResiduals(changed).map((r) => r.bias !== null && !isZero(r.bias))).toEqual(expected);
    expect(identityResiduals(changed).map((r) => !isZero(r.matrix))).toEqual(expected);
    expect(identityResiduals(changed).map((r) => !isZero(r.contracted))).toEqual(expected);
  });

  test("2^-3000 added to the input gradient is seen at every layer", () => {
    const chain = chainOf(3, [3, 4, 4, 2], ["leaky-relu"]);
    const residuals = identityResiduals({ ...chain, inputGradient: nudged(chain.inputGradient, 0) });
    for (const { bias } of residuals) expect(bias).toEqual(dyadic(1n, -3000));
    for (const r of residuals) expect([r.matrix, r.contracted].some(isZero)).toBe(false);
    expect(identitiesHold(residuals)).toBe(false);
  });
});

describe("the matrix identity beyond one block of rows", () => {
  test("a residual in the last row alone is seen", () => {
    const input = new Float64Array(130);
    input[129] = 1;
    const chain = exactChain(drawnNetwork(1, [130, 2], ["identity"]), SUM, input, -1, 0);
    expect(identitiesHold(identityResiduals(chain))).toBe(true);
    const wrong = { ...chain, inputGradient: add(chain.inputGradient, chain.inputGradient) };
    expect(identityResiduals(wrong).map((r) => isZero(r.matrix))).toEqual([false]);
  });
});

describe("what is practical", () => {
  test("32 wide and 6 deep is far within the limit, and so is a wide input to a narrow network", () => {
    for (const widths of [
      [32, 32, 32, 32, 32, 32, 32],
      [784, 32, 32, 10],
      [64, 64, 64, 64, 10],
    ]) {
      const network = drawnNetwork(1, widths, ["leaky-relu"]);
      expect(() => assertPractical(network)).not.toThrow();
      expect(estimateWork(network, new Float64Array(widths[0] ?? 1))).toBeLessThanOrEqual(estimateWork(network));
    }
    expect(estimateWork(drawnNetwork(1, [32, 32, 32, 32, 32, 32, 32], ["leaky-relu"]))).toBeLessThan(WORK_LIMIT / 10);
  });

  test("what is too large is refused before it starts", () => {
    const layers = [512, 512, 512].map((n) => ({
      inputs: n,
      outputs: n,
      weight: new Float64Array(n * n).fill(0.1),
      bias: new Float64Array(n),
      activation: "relu" as const,
    }));
    expect(() => assertPractical({ layers })).toThrow(
      new ModelError(
        "exact arithmetic: found a network of widths 512-512-512-512, about 4e+10 word multiplications, expected at most 1e+10; replay a narrower or shallower network",
      ),
    );
  });

  test("weights of very different sizes cost more, since every bit is kept", () => {
    const network = networkOf([
      [
        [1, 1],
        [1, 1],
      ],
      [[1, 1]],
    ]);
    const spread = networkOf([
      [
        [2 ** 1000, 1],
        [1, 2 ** -1000],
      ],
      [[1, 1]],
    ]);
    expect(estimateWork(spread)).toBeGreaterThan(20 * estimateWork(network));
  });
});
