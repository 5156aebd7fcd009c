import { describe, expect, test } from "vitest";
import { exactChain } from "../../src/exact/chain.ts";
import { dyadic, fromNumber } from "../../src/exact/dyadic.ts";
import { scale } from "../../src/exact/matrix.ts";
import { EXACT_ACTIVATION_NAMES } from "../../src/exact/slopes.ts";
import type { ExactVerdict, MatrixNorm } from "../../src/exact/verdict.ts";
import { exactVerdict, verdictOfChain } from "../../src/exact/verdict.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import { examine } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { parametric, prelu } from "../../src/network/parametric.ts";
import { preluOf } from "../support/parametric.ts";
import { normals } from "../support/stream.ts";
import { spectralNorm } from "../support/svd.ts";
import { diagonal, drawnNetwork, hadamard, networkOf } from "./networks.ts";

const NORMS: readonly MatrixNorm[] = ["spectral", "frobenius"];

function judged(network: Network, head: Head, input: readonly number[], norm: MatrixNorm = "spectral"): ExactVerdict {
  return exactVerdict(network, head, Float64Array.from(input), -1, 0, norm);
}

function kinds(verdict: ExactVerdict): string[] {
  return [...verdict.layers.map((layer) => layer.outcome.kind), verdict.total.outcome.kind];
}

const linear = (...coefficients: number[]): Head => ({ kind: "linear", coefficients: Float64Array.from(coefficients) });

describe("equality, proven", () => {
  const ones: Network = networkOf([hadamard(2, 0.5), hadamard(2, 0.25), hadamard(2, 2)]);

  test("a linear chain of Hadamard/2^k: right − left is 0, and every layer is at equality", () => {
    const verdict = judged(ones, linear(1, -2, 3, 0), [1, 2, -3, 0.5]);
    expect(kinds(verdict)).toEqual(["equality", "equality", "equality", "equality"]);
    expect(verdict.total.margin).toEqual({ lower: 0, upper: 0 });
    expect(verdict.total.lhs).toEqual(verdict.total.rhs);
    expect(verdict.total.ratio).toEqual({ lower: 1, upper: 1 });
    for (const layer of verdict.layers) {
      expect(layer).toMatchObject({ tightness: { lower: 1, upper: 1 }, equality: true, normsExact: true });
    }
    expect(verdict.layers.map((layer) => layer.weightNorm.lower)).toEqual([1, 0.5, 4]);
    expect(verdict.identitiesHold).toBe(true);
  });

  test("and with order 64, relu always active, signs, a permutation and powers of two", () => {
    const signed = hadamard(6, 0.125).map((row, i) => row.map((v) => (i % 3 === 0 ? -v : v)));
    const permutation = Array.from({ length: 64 }, (_, i) =>
      Array.from({ length: 64 }, (_, j) => (j === (i * 5 + 3) % 64 ? 4 : 0)),
    );
    const bias = [new Array<number>(64).fill(1000), new Array<number>(64).fill(1000)];
    const network = networkOf([signed, permutation], "relu", bias);
    const verdict = judged(network, { kind: "sum" }, normals(1, 1, 64));
    expect(kinds(verdict)).toEqual(["equality", "equality", "equality"]);
  });

  test("a PReLU with slopes of 1 and −1 keeps a Hadamard chain at equality, one with a slope of ½ does not", () => {
    const slopes = (other: number) => prelu([1, other, 1, -1]);
    const chain = (other: number): Network =>
      networkOf([hadamard(2, 0.5), hadamard(2, 0.25), hadamard(2, 2)], slopes(other));
    for (const input of [
      [1, 2, 3, 4],
      [-3, 1, 0, 2],
    ]) {
      expect(kinds(judged(chain(-1), linear(1, 2, 3, 5), input))).toEqual(Array.from({ length: 4 }, () => "equality"));
    }
    expect(kinds(judged(chain(0.5), linear(1, 2, 3, 5), [-3, 1, 0, 2])).slice(1)).not.toContain("equality");
  });

  test("a row permutation as W_1 is at equality, a layer above it need not be", () => {
    const network = networkOf([
      [
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
      ],
      [
        [1, 2, 0],
        [0, 1, 1],
      ],
    ]);
    expect(kinds(judged(network, linear(1, 1), [1, 2, 3]))).toEqual(["equality", "holds", "holds"]);
  });

  test("chains of width 1 are at equality in either norm, with any weights", () => {
    const network = drawnNetwork(5, [1, 1, 1, 1], ["leaky-relu"]);
    for (const norm of NORMS) {
      expect(kinds(judged(network, { kind: "sum" }, [0.3], norm))).toEqual([
        "equality",
        "equality",
        "equality",
        "equality",
      ]);
    }
  });

  test("one layer with one output, and n_2 = 1: κ_1 = 1 in the spectral norm, 1/√n_1 in Frobenius's", () => {
    const network = networkOf([[[0.1, 0.2, 0.7, -0.3]]]);
    expect(kinds(judged(network, { kind: "sum" }, [1, 2, 3, 4]))).toEqual(["equality", "equality"]);
    const other = judged(network, { kind: "sum" }, [1, 2, 3, 4], "frobenius");
    expect(kinds(other)).toEqual(["holds", "holds"]);
    expect(other.layers[0]?.tightness).toEqual({ lower: 0.5, upper: 0.5 });
    const deeper = drawnNetwork(2, [5, 1, 3], ["leaky-relu"]);
    expect(kinds(judged(deeper, linear(1, 0, 0), [1, 2, 3, 4, 5]))[0]).toBe("equality");
  });

  test("a J of rank one has an exact norm, its trace: a layer whose rows lie along it is at equality", () => {
    // Width 1 in the middle makes J_3 = W_2 W_1 a column times a row, and W_3 is that column turned.
    const network = networkOf([[[0.1, 0.7, -0.3]], [[0.9], [0.2]], [[0.9, 0.2]]]);
    expect(kinds(judged(network, { kind: "sum" }, [1, 2, 3]))).toEqual([
      "equality",
      "equality",
      "equality",
      "equality",
    ]);
  });
});

describe("strict, proven", () => {
  test("one weight changed by its last bit leaves the equality, however close", () => {
    for (const factor of [1 + 2 ** -52, 1 - 2 ** -53]) {
      const rows = diagonal([1, 1, 1]);
      (rows[0] as number[])[0] = factor;
      const verdict = judged(networkOf([rows, diagonal([1, 1, 1])]), linear(1, 1, 1), [1, 2, 3]);
      expect(kinds(verdict)).toEqual(["holds", "holds", "holds"]);
      expect(verdict.layers[0]?.tightness.lower).toBeGreaterThan(1 - 1e-13);
      expect(verdict.layers[0]?.equality).toBe(false);
      expect(verdict.total.margin.lower).toBeGreaterThanOrEqual(0);
    }
  });

  test("orthogonal initialisation in f64 is not orthogonal: 1 − κ_1 is about 1e-16 and never undecided", () => {
    for (let seed = 0; seed < 5; seed++) {
      const network = randomNetwork({
        seed,
        index: 0,
        widths: [8, 6, 5],
        activations: ["identity", "identity"],
        initialiser: "orthogonal",
      });
      const verdict = judged(network, { kind: "sum" }, normals(seed, 1, 8));
      expect(kinds(verdict)).toEqual(["holds", "holds", "holds"]);
      expect(verdict.layers[0]?.tightness.lower).toBeGreaterThan(1 - 1e-12);
      expect(verdict.layers[0]?.tightness.upper).toBeLessThanOrEqual(1);
    }
  });
});

describe("dead factors", () => {
  test("a dead relu: every layer below and the total are 0 ≤ something, with tightness 0", () => {
    const network = networkOf(
      [
        [
          [1, 2],
          [3, 4],
        ],
        [[1, 1]],
      ],
      "relu",
      [[-100, -100], [1]],
    );
    for (const norm of NORMS) {
      const verdict = judged(network, { kind: "sum" }, [1, 1], norm);
      expect(kinds(verdict)).toEqual(["trivial", "trivial", "holds"]);
      expect(verdict.layers.map((layer) => layer.tightness)).toEqual([
        { lower: 0, upper: 0 },
        { lower: 0, upper: 0 },
      ]);
      expect(verdict.total.rhs).toEqual({ lower: 1, upper: 1 });
    }
  });

  test("everything dead is 0 ≤ 0", () => {
    const network = networkOf([[[1]], [[1]]], "relu", [[0], [-1]]);
    const verdict = judged(network, { kind: "sum" }, [-1]);
    expect(kinds(verdict)).toEqual(["trivial", "trivial", "trivial"]);
    expect(verdict.total).toMatchObject({ margin: { lower: 0, upper: 0 }, ratio: { lower: 0, upper: 0 } });
  });

  test("a gradient of 0 without a dead factor holds strictly", () => {
    const network = networkOf([
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 0],
        [0, 0],
      ],
    ]);
    expect(kinds(judged(network, linear(0, 1), [1, 1]))).toEqual(["trivial", "holds", "holds"]);
  });
});

describe("a wrong chain", () => {
  const network = networkOf([hadamard(2, 0.5), hadamard(2)]);
  const chain = exactChain(network, linear(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4), -1, 0);

  test("a gradient larger by 2^-52 than the equality allows is violated", () => {
    const wrong = { ...chain, inputGradient: scale(fromNumber(1 + 2 ** -52), chain.inputGradient) };
    const verdict = verdictOfChain(wrong, "spectral");
    expect(kinds(verdict)).toEqual(["violated", "violated", "violated"]);
    expect(verdict.identitiesHold).toBe(false);
    expect(verdict.total.margin.upper).toBeLessThan(0);
    expect(verdict.layers[0]?.tightness.upper).toBeGreaterThan(1);
  });

  test("a smaller one holds, and the identities tell", () => {
    const wrong = { ...chain, inputGradient: scale(fromNumber(1 - 2 ** -52), chain.inputGradient) };
    const verdict = verdictOfChain(wrong, "spectral");
    expect(kinds(verdict)).toEqual(["holds", "holds", "holds"]);
    expect(verdict.identitiesHold).toBe(false);
  });

  test("a gradient beside a zero factor is violated", () => {
    const wrong = { ...chain, adjoints: chain.adjoints.map((delta) => scale(dyadic(0n), delta)) };
    expect(kinds(verdictOfChain(wrong, "frobenius"))).toEqual(["violated", "violated", "violated"]);
  });

  test("a gradient within the width of a bracket is undecided", () => {
    const drawn = exactChain(drawnNetwork(4, [3, 3], ["identity"]), linear(1, 0, 0), Float64Array.of(1, 2, 3), -1, 0);
    const bracketed = verdictOfChain(drawn, "spectral").layers[0];
    const by = fromNumber((bracketed?.tightness.lower ?? 0) ** -1 * (1 - 1e-16));
    const outcome = verdictOfChain({ ...drawn, inputGradient: scale(by, drawn.inputGradient) }, "spectral").layers[0]
      ?.outcome;
    expect(outcome).toEqual({ kind: "undecided" });
  });
});

describe("agreement with the f64 oracle", () => {
  const heads = (width: number): Head[] => [
    { kind: "sum" },
    { kind: "mean" },
    { kind: "logit", index: width - 1 },
    { kind: "logit-argmax" },
    { kind: "linear", coefficients: Float64Array.from(normals(8, 1, width)) },
    { kind: "margin" },
    { kind: "half-squared-norm" },
    { kind: "squared-error", targets: Float64Array.from(normals(9, 1, width)), rows: 1 },
  ];
  const close = (found: number, expected: number): void => {
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected) + 1e-300);
  };

  const PIECEWISE_LINEAR = [
    ...EXACT_ACTIVATION_NAMES.map((name) => [name, name] as const),
    ["leaky-relu(-1.3)", parametric("leaky-relu", -1.3)],
    ["a slope for each unit", preluOf],
  ] as const;
  test.each(PIECEWISE_LINEAR)("%s: value, norms, tightness and both sides, for every head", (_, activation) => {
    for (const [seed, widths] of [
      [4, 6, 5, 3],
      [7, 3, 4],
      [2, 9, 2, 5, 4],
    ].entries()) {
      for (const norm of NORMS) {
        for (const head of heads(widths.at(-1) ?? 1)) {
          const network = drawnNetwork(seed, widths, [activation]);
          const input = normals(seed, 5, inputWidth(network));
          const verdict = judged(network, head, input, norm);
          const oracle = examine(network, head, input, -1, 0, norm, spectralNorm);
          close(verdict.value, oracle.value);
          close(verdict.inputGradientNorm.lower, oracle.inputGradientNorm);
          close(verdict.total.lhs.lower, oracle.lhs);
          close(verdict.total.lhs.upper, oracle.lhs);
          close(verdict.total.rhs.upper, oracle.rhs);
          close(verdict.total.ratio.upper, oracle.ratio);
          oracle.layers.forEach((layer, i) => {
            const exact = verdict.layers[i];
            close(exact?.tightness.lower ?? NaN, layer.tightness);
            close(exact?.tightness.upper ?? NaN, layer.tightness);
            close(exact?.weightNorm.lower ?? NaN, layer.weightNorm);
            close(exact?.jacobianNorm.upper ?? NaN, layer.jacobianNorm);
          });
          expect(verdict.identitiesHold).toBe(true);
          for (const kind of kinds(verdict)) expect(["holds", "equality", "trivial"]).toContain(kind);
        }
      }
    }
  });

  test("bounds are in order, and 32 wide and 6 deep with f32 weights ends in seconds", () => {
    const network = drawnNetwork(1, [32, 32, 32, 32, 32, 32, 32], ["relu"], "f32");
    const verdict = judged(network, { kind: "logit-argmax" }, normals(1, 1, 32).map(Math.fround));
    expect(kinds(verdict)).toEqual(new Array(7).fill("holds"));
    expect(verdict.identitiesHold).toBe(true);
    for (const { tightness, weightNorm, jacobianNorm } of verdict.layers) {
      for (const { lower, upper } of [tightness, weightNorm, jacobianNorm]) {
        expect(lower).toBeLessThanOrEqual(upper);
        expect(upper / lower - 1).toBeLessThan(1e-12);
      }
    }
  }, 20_000);
});
