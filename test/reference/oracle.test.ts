import { describe, expect, test } from "vitest";
import type { ActivationName } from "../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { derivative, jacobianByDifferences } from "../../src/reference/differences.ts";
import { examine, forward, jacobians } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { drawer, normals } from "../support/stream.ts";
import { spectralNorm, svdError } from "../support/svd.ts";

const OUTPUTS = 4;
const HEADS: readonly (readonly [string, Head, number])[] = [
  ["sum", { kind: "sum" }, -1],
  ["mean", { kind: "mean" }, -1],
  ["logit:2", { kind: "logit", index: 2 }, -1],
  ["logit:argmax", { kind: "logit-argmax" }, -1],
  ["linear", { kind: "linear", coefficients: Float64Array.of(0.3, -1.2, 2, 0.7) }, -1],
  ["half-squared-norm", { kind: "half-squared-norm" }, -1],
  ["log-sum-exp", { kind: "log-sum-exp" }, -1],
  ["cross-entropy", { kind: "cross-entropy" }, 1],
  ["squared-error", { kind: "squared-error", targets: Float64Array.of(0.1, -0.4, 0.9, 2), rows: 1 }, -1],
  ["margin by argmax", { kind: "margin" }, -1],
  ["margin of a label", { kind: "margin" }, 3],
];

function value(network: Network, head: Head, x: readonly number[], label: number): number {
  return evaluateHead(head, Float64Array.from(forward(network, x).hidden.at(-1) ?? []), label, 0).value;
}

function small(activation: ActivationName, seed: number): Network {
  return randomNetwork({
    seed,
    index: 0,
    widths: [3, 5, 4, OUTPUTS],
    activations: [activation, activation, activation],
    initialiser: "lecun",
    biasScale: 0.3,
  });
}

/** A point none of whose preactivations lies within the differences' reach of a kink. */
function smoothPoint(network: Network, seed: number): number[] {
  for (let index = 0; ; index++) {
    const x = normals(seed, index, 3);
    const clear = forward(network, x).preactivation.every((z) =>
      z.every((v) => [0, 3, -3, 6].every((kink) => Math.abs(v - kink) > 0.02)),
    );
    if (clear) return x;
  }
}

const STEP = 2 ** -9;

/** Truncation by the extrapolations' own disagreement, rounding by the values' size over the smallest step. */
const allowance = (error: number, size: number): number => 20 * error + (200 * 2 ** -53 * Math.max(1, size)) / STEP;

function withChange(network: Network, layer: number, kind: "weight" | "bias", at: number, s: number): Network {
  return {
    layers: network.layers.map((l, i) =>
      i === layer ? { ...l, [kind]: l[kind].map((v, k) => (k === at ? v + s : v)) } : l,
    ),
  };
}

describe("gradients agree with central differences", () => {
  test.each(ACTIVATION_NAMES)("for the activation %s: ∇ₓf, every ∇_W f, every ∇_b f, every J_t", (activation) => {
    const network = small(activation, 11);
    const x = smoothPoint(network, 12);
    const head: Head = { kind: "linear", coefficients: Float64Array.of(1, -0.5, 0.25, 2) };
    const found = examine(network, head, x, -1, 0, "spectral", spectralNorm);
    x.forEach((_, k) => {
      const estimate = derivative(
        (s) =>
          value(
            network,
            head,
            x.map((v, m) => (m === k ? v + s : v)),
            -1,
          ),
        STEP,
      );
      expect(Math.abs((found.inputGradient[k] ?? NaN) - estimate.value)).toBeLessThanOrEqual(
        allowance(estimate.error, found.value),
      );
    });
    const { hidden, slopes } = forward(network, x);
    network.layers.forEach((layer, i) => {
      const delta = found.adjoints[i] ?? [];
      for (let at = 0; at < layer.weight.length; at++) {
        const exact = (delta[Math.floor(at / layer.inputs)] ?? NaN) * (hidden[i]?.[at % layer.inputs] ?? NaN);
        const estimate = derivative((s) => value(withChange(network, i, "weight", at, s), head, x, -1), STEP);
        expect(Math.abs(exact - estimate.value)).toBeLessThanOrEqual(allowance(estimate.error, found.value));
      }
      for (let at = 0; at < layer.outputs; at++) {
        const estimate = derivative((s) => value(withChange(network, i, "bias", at, s), head, x, -1), STEP);
        expect(Math.abs((delta[at] ?? NaN) - estimate.value)).toBeLessThanOrEqual(
          allowance(estimate.error, found.value),
        );
      }
    });
    jacobians(network, slopes).forEach((jacobian, i) => {
      const estimates = jacobianByDifferences((y) => forward(network, y).hidden[i] ?? [], x, STEP);
      jacobian.forEach((row, r) => {
        row.forEach((v, c) => {
          const estimate = estimates[r]?.[c] ?? { value: NaN, error: NaN };
          expect(Math.abs(v - estimate.value)).toBeLessThanOrEqual(allowance(estimate.error, 4));
        });
      });
    });
  });

  test.each(HEADS)("for the head %s", (_, head, label) => {
    const network = small("tanh", 21);
    const x = smoothPoint(network, 22);
    const found = examine(network, head, x, label, 0, "spectral", spectralNorm);
    expect(found.value).toBe(value(network, head, x, label));
    x.forEach((_, k) => {
      const estimate = derivative(
        (s) =>
          value(
            network,
            head,
            x.map((v, m) => (m === k ? v + s : v)),
            label,
          ),
        STEP,
      );
      expect(Math.abs((found.inputGradient[k] ?? NaN) - estimate.value)).toBeLessThanOrEqual(
        allowance(estimate.error, found.value),
      );
    });
  });
});

/** Rounding of an oracle's quotient: sums of at most 2·n·l terms, and the SVD's own error. */
const slack = (width: number, depth: number): number => 8 * depth * svdError(width, width);

describe("the theorem", () => {
  test("holds on 150 drawn networks: total, weight and bias forms, tightness, identities, in both norms", () => {
    for (let index = 0; index < 150; index++) {
      const draw = drawer(31, index);
      const depth = 1 + draw(5);
      const widths = Array.from({ length: depth }, () => 1 + draw(9));
      const network = randomNetwork({
        seed: 32,
        index,
        widths: [...widths, OUTPUTS],
        activations: Array.from({ length: depth }, () => ACTIVATION_NAMES[draw(ACTIVATION_NAMES.length)] ?? "relu"),
        initialiser: (["orthogonal", "he", "glorot", "lecun"] as const)[draw(4)] ?? "he",
        biasScale: draw(2) * 0.5,
      });
      const [, head, label] = HEADS[index % HEADS.length] ?? ["", { kind: "sum" } as const, -1];
      const x = normals(33, index, widths[0] ?? 1);
      for (const statement of ["spectral", "frobenius"] as const) {
        const found = examine(network, head, x, label, 0, statement, spectralNorm);
        const one = 1 + slack(10, depth);
        const where = `network ${String(index)}, ${statement}`;
        expect(found.lhs, where).toBeLessThanOrEqual(found.rhs * one);
        for (const layer of found.layers) {
          expect(layer.weightForm[0], where).toBeLessThanOrEqual(layer.weightForm[1] * one);
          expect(layer.biasForm[0], where).toBeLessThanOrEqual(layer.biasForm[1] * one);
          expect(layer.tightness, where).toBeLessThanOrEqual(one);
          expect(layer.tightness, where).toBeLessThanOrEqual(layer.directionalTightness * one);
          expect(layer.alignmentWeight, where).toBeLessThanOrEqual(one);
          expect(layer.alignmentJacobian, where).toBeLessThanOrEqual(one);
          for (const { residual, scale } of Object.values(layer.identities)) {
            // Products of at most 3·depth matrices up to 10 wide whose terms may cancel: a factor 1e4 covers the cancellation met here.
            expect(residual, where).toBeLessThanOrEqual(1e4 * slack(10, depth) * scale + 1e-300);
          }
        }
      }
    }
  });

  const linear = (index: number): Head => ({ kind: "logit", index });

  test("is an equality for one layer with one output, and at layer 1 where n_2 = 1 or W_1 has orthonormal rows", () => {
    const single = randomNetwork({ seed: 41, index: 0, widths: [7, 1], activations: ["tanh"], initialiser: "he" });
    const one = examine(single, linear(0), normals(42, 0, 7), -1, 0, "spectral", spectralNorm);
    expect(Math.abs(one.ratio - 1)).toBeLessThanOrEqual(slack(8, 1));
    const narrow = randomNetwork({
      seed: 41,
      index: 1,
      widths: [6, 1, 5, 3],
      activations: ["tanh", "silu", "identity"],
      initialiser: "he",
    });
    const second = examine(narrow, linear(1), normals(42, 1, 6), -1, 0, "spectral", spectralNorm);
    expect(Math.abs((second.layers[0]?.tightness ?? 0) - 1)).toBeLessThanOrEqual(slack(8, 3));
    const orthogonal = randomNetwork({
      seed: 41,
      index: 2,
      widths: [8, 5, 4],
      activations: ["relu", "identity"],
      initialiser: "orthogonal",
    });
    const third = examine(orthogonal, { kind: "sum" }, normals(42, 2, 8), -1, 0, "spectral", spectralNorm);
    expect(Math.abs((third.layers[0]?.tightness ?? 0) - 1)).toBeLessThanOrEqual(slack(8, 2));
  });

  test("is an equality everywhere for a linear Hadamard network and for a chain of width 1", () => {
    const hadamard = randomNetwork({
      seed: 51,
      index: 0,
      widths: [16, 16, 16, 16],
      activations: ["identity", "identity", "identity"],
      initialiser: "hadamard",
    });
    const chain = randomNetwork({
      seed: 51,
      index: 1,
      widths: [1, 1, 1, 1],
      activations: ["tanh", "sigmoid", "identity"],
      initialiser: "normal",
    });
    for (const [network, width] of [
      [hadamard, 16],
      [chain, 1],
    ] as const) {
      const found = examine(network, linear(0), normals(52, 0, width), -1, 0, "spectral", spectralNorm);
      expect(Math.abs(found.ratio - 1)).toBeLessThanOrEqual(slack(16, 3));
    }
  });

  test("counts the terms of a dead layer as 0", () => {
    const dead = randomNetwork({
      seed: 61,
      index: 0,
      widths: [3, 4, 2],
      activations: ["relu", "identity"],
      initialiser: "he",
    });
    const off = { layers: dead.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map(() => -1e6) } : l)) };
    const found = examine(off, linear(0), [1, 2, 3], -1, 0, "spectral", spectralNorm);
    expect(found.inputGradientNorm).toBe(0);
    expect(found.lhs).toBe(0);
    expect(found.layers[1]?.tightness).toBe(0);
  });
});
