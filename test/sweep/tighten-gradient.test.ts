/** The gradient that the search climbs, held against differences of the oracle's ratio: no line of the reverse pass is used there. */
import { describe, expect, test } from "vitest";
import type { ActivationName } from "../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import { log } from "../../src/network/elementary.ts";
import { evaluateHead, headHessianProduct } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { derivative, derivatives } from "../../src/reference/differences.ts";
import { examine } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { makeObjective } from "../../src/sweep/tighten/objective.ts";
import type { Point } from "../../src/sweep/tighten/objective.ts";
import { headCases, SMALL_WIDTHS, smallNetwork, smoothPoint } from "../reference/support/cases.ts";
import type { HeadCase } from "../reference/support/cases.ts";
import { normals } from "../support/stream.ts";
import { spectralNorm, svdError } from "../support/svd.ts";

const heads = headCases(SMALL_WIDTHS.at(-1) as number);
const linear = heads.find((h) => h.name === "linear") as HeadCase;
const STEP = 2 ** -9;

/** log(left/right) of the oracle. */
function oracle(network: Network, { head, label }: HeadCase, norm: "spectral" | "frobenius", point: Point): number {
  const moved = { layers: network.layers.map((l, i) => ({ ...l, weight: point.weights[i] as Float64Array })) };
  return log(examine(moved, head, Array.from(point.x), label, 0, norm, spectralNorm).ratio);
}

function along(point: Point, direction: Point, s: number): Point {
  const move = (a: Float64Array, d: Float64Array | undefined): Float64Array =>
    d === undefined ? a : a.map((v, i) => v + s * (d[i] as number));
  return { x: move(point.x, direction.x), weights: point.weights.map((w, i) => move(w, direction.weights[i])) };
}

function inner(a: Point, b: Point): number {
  const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);
  return a.weights.reduce((sum, w, i) => sum + dot(w, b.weights[i] as Float64Array), dot(a.x, b.x));
}

function draw(seed: number, index: number, length: number): Float64Array {
  return Float64Array.from(normals(seed, index, length));
}

interface Case {
  readonly name: string;
  readonly network: Network;
  readonly headCase: HeadCase;
  readonly x: Float64Array;
}

function caseOf(activations: readonly ActivationName[], headCase: HeadCase, name: string): Case {
  const network = smallNetwork(activations, 181);
  return { name, network, headCase, x: Float64Array.from(smoothPoint(network, 182, 2e-2, 2e-2)) };
}

/** 6 inputs before 4: the search then works with the triangle of W_1 where weights stand still. */
const narrowing: Case = {
  name: "inputs wider than the first layer",
  network: randomNetwork({
    ...{ seed: 183, index: 0, widths: [6, 4, 5, 3], activations: ["tanh", "silu", "identity"] },
    ...{ initialiser: "lecun", biasScale: 0.3 },
  }),
  headCase: { name: "sum", head: { kind: "sum" }, label: -1 },
  x: draw(184, 0, 6),
};

const cases: readonly Case[] = [
  ...ACTIVATION_NAMES.map((a) => caseOf([a, a, a], linear, `the activation ${a}`)),
  ...heads.map((headCase) => caseOf(["silu", "softsign", "tanh"], headCase, `the head ${headCase.name}`)),
  narrowing,
];

describe.each(["spectral", "frobenius"] as const)("in the %s norm", (norm) => {
  describe.each([false, true])("weights moving: %s", (moving) => {
    test.each(cases)("for $name, value and gradient are the oracle's", ({ network, headCase, x }) => {
      const { head, label } = headCase;
      const objective = makeObjective({ network, head, norm, label, sample: 0, moving });
      const point = { x, weights: network.layers.map((l) => l.weight) };
      const { value, gradient } = objective.ascent(point, 0);
      expect(objective.value(point)).toBe(value);
      // Twice the error of each of the six norms' logarithms; the few hundred other operations are far below that.
      const rounding = 12 * svdError(6, 5);
      expect(Math.abs(value - oracle(network, headCase, norm, point))).toBeLessThanOrEqual(rounding);
      for (let k = 0; k < 3; k++) {
        const weights = moving ? network.layers.map((l, i) => draw(185 + i, k, l.weight.length)) : [];
        const direction = { x: draw(190, k, x.length), weights };
        const estimate = derivative((s) => oracle(network, headCase, norm, along(point, direction, s)), STEP);
        const found = inner(gradient, direction);
        const tolerance = 20 * estimate.error + (8 * rounding) / STEP;
        expect(Math.abs(found - estimate.value)).toBeLessThanOrEqual(tolerance);
        // The tolerance must not swallow what it judges.
        if (norm === "spectral" && k === 0) expect(tolerance).toBeLessThan(1e-3);
      }
    });
  });
});

test("with rounded kinks the gradient is that of the rounded network", () => {
  const network = smallNetwork(["relu", "abs", "relu6"], 191);
  const objective = makeObjective({ network, head: linear.head, norm: "spectral", label: -1, sample: 0, moving: true });
  const point = { x: draw(192, 0, 3), weights: network.layers.map((l) => l.weight) };
  const { gradient } = objective.ascent(point, 0.4);
  const direction = { x: draw(193, 0, 3), weights: network.layers.map((l, i) => draw(194, i, l.weight.length)) };
  const estimate = derivative((s) => objective.ascent(along(point, direction, s), 0.4).value, 2 ** -7);
  expect(Math.abs(inner(gradient, direction) - estimate.value)).toBeLessThanOrEqual(20 * estimate.error + 1e-9);
});

test("a dead network has nothing to climb", () => {
  const network = smallNetwork(["relu", "relu", "relu"], 191);
  const dead = { layers: network.layers.map((l) => ({ ...l, bias: l.bias.map(() => -1e3) })) };
  const point = { x: draw(192, 0, 3), weights: network.layers.map((l) => l.weight) };
  const objective = makeObjective({
    network: dead,
    head: linear.head,
    norm: "spectral",
    label: -1,
    sample: 0,
    moving: false,
  });
  expect(objective.value(point)).toBe(-Infinity);
});

describe("the head's Hessian times a vector is the difference of its gradients", () => {
  test.each(heads)("$name", ({ head, label }) => {
    const h = draw(195, 0, 4);
    const v = draw(195, 1, 4);
    const found = headHessianProduct(head, h, v);
    const moved = (s: number): number[] =>
      Array.from(
        evaluateHead(
          head,
          h.map((a, i) => a + s * (v[i] as number)),
          label,
          0,
        ).gradient,
      );
    derivatives(moved, 2 ** -7).forEach((estimate, i) => {
      expect(Math.abs((found[i] as number) - estimate.value)).toBeLessThanOrEqual(20 * estimate.error + 1e-12);
    });
  });
});
