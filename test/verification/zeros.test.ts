/** Which zeros are certain (MATH.md §2, rule 2), and what becomes of the samples that have the others. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { IEEE_F64 } from "../../src/engine/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { kinksOf, slopeIsZero, slopesAt } from "../../src/network/kinks.ts";
import type { Network } from "../../src/network/network.ts";
import type { CertainZeros } from "../../src/verification/zeros.ts";
import { certainZeros } from "../../src/verification/zeros.ts";

const host = createCpuEngine({ threads: 0, runtime: "test" });
const SUM: Head = { kind: "sum" };

type LayerOf = readonly [weight: readonly (readonly number[])[], activation: ActivationName, bias?: readonly number[]];

const net = (...layers: LayerOf[]): Network => ({
  layers: layers.map(([weight, activation, bias]) => ({
    inputs: weight[0]?.length ?? 0,
    outputs: weight.length,
    weight: Float64Array.from(weight.flat()),
    bias: Float64Array.from(bias ?? weight.map(() => 0)),
    activation,
  })),
});

async function zerosOf(network: Network, x: readonly number[], head: Head = SUM): Promise<CertainZeros> {
  const plan = makePlan(network, { head, precision: "f64", norm: "spectral", accuracy: "verdict", seed: 1 });
  const batch = await host.measure(plan, { first: 0, samples: 1, inputs: Float64Array.from(x), labels: null });
  const [stored] = await batch.stored([0]);
  batch.release();
  if (stored === undefined) throw new Error("nothing stored");
  return certainZeros(plan, stored, IEEE_F64.flush, 0);
}

async function rowOf(network: Network, x: readonly number[], head: Head = SUM): Promise<SampleRow> {
  const rows: SampleRow[] = [];
  await verify({
    network,
    head,
    source: { samples: 1, width: x.length, read: () => ({ inputs: Float64Array.from(x), labels: null }) },
    engine: host,
    host,
    norm: "spectral",
    accuracy: 1e-3,
    audit: 1,
    seed: 1,
    onRow: (row) => rows.push(row),
  });
  return rows[0] as SampleRow;
}

describe("a zero is certain", () => {
  test("where relu is off by definition, whatever the weights", async () => {
    const dead = await zerosOf(net([[[1, 2]], "relu", [-9]], [[[3], [4]], "identity"]), [1, 1]);
    expect(dead).toEqual({
      gradient: true,
      pattern: true,
      slopes: [true, false],
      adjoint: [true, false],
      jacobian: [false, true],
    });
  });

  test("where the pattern of zeros leaves no path, though no factor is 0", async () => {
    // Unit 1 is off; unit 2 is on and does not reach the output.
    const split = await zerosOf(net([[[1], [1]], "relu", [-9, 9]], [[[1, 0]], "identity"]), [1]);
    expect(split).toMatchObject({
      gradient: true,
      slopes: [false, false],
      adjoint: [true, false],
      jacobian: [false, false],
    });
  });

  test("where small integers cancel, since no step of that rounds", async () => {
    const integers = await zerosOf(net([[[1], [1]], "identity"], [[[1, -1]], "identity"]), [3]);
    expect(integers).toMatchObject({ gradient: true, adjoint: [false, false], jacobian: [false, false] });
    // 0.1·3 and 0.3 are not the same number: the sum of 0 is rounding's.
    const rounded = await zerosOf(net([[[0.1], [-0.30000000000000004]], "identity"], [[[3, 1]], "identity"]), [1]);
    expect(rounded.gradient).toBe(false);
  });

  test("never where a slope has run out of f64", async () => {
    const saturated = await zerosOf(net([[[1]], "tanh", [400]], [[[1]], "identity"]), [1]);
    expect(saturated).toEqual({
      gradient: false,
      pattern: false,
      slopes: [false, false],
      adjoint: [false, false],
      jacobian: [false, false],
    });
    // Nor where such a slope stands beside an exact cancellation of the others.
    const beside = net([[[1], [1], [1]], "tanh", [400, 0, 0]], [[[1, 1, -1]], "identity"]);
    expect((await zerosOf(beside, [0])).gradient).toBe(false);
  });

  test("of the top gradient by the head's formula alone", async () => {
    const two = net([[[1], [1]], "identity"]);
    expect((await zerosOf(two, [1], { kind: "linear", coefficients: Float64Array.of(0, 0) })).gradient).toBe(true);
    const targets = Float64Array.of(1, 1);
    expect((await zerosOf(two, [1], { kind: "squared-error", targets, rows: 1 })).gradient).toBe(true);
    expect((await zerosOf(two, [0], { kind: "half-squared-norm" })).gradient).toBe(true);
    // σ(−800) is no 0.
    const tiny = net([[[1]], "sigmoid", [-800]]);
    expect((await zerosOf(tiny, [0], { kind: "half-squared-norm" })).gradient).toBe(false);
  });
});

describe("a zero that is not certain", () => {
  test("leaves κ an interval: of a sum that cancelled, one that holds the exact κ", async () => {
    const row = await rowOf(net([[[0.1], [-0.30000000000000004]], "identity"], [[[3, 1]], "identity"]), [1]);
    // Exactly: ∇ₓf = 3·0.1 − 0.30000000000000004 = 2.77e-17 by 0.1's own error, over √10·√0.1·…
    expect(row).toMatchObject({ verdict: "holds", ratio: 0 });
    expect(row.reason).toBeUndefined();
    expect(row.layers[1]?.tightnessUpper).toBeGreaterThan(2.77e-17);
    expect(row.layers[1]?.tightnessUpper).toBeLessThan(1e-14);
  });

  test("of a saturated slope in f64 is unresolved, and named", async () => {
    const row = await rowOf(net([[[1]], "tanh", [400]], [[[1]], "identity"]), [1]);
    expect(row.verdict).toBe("unresolved");
    expect(row.reason).toMatch(/^D_1 came out as 0, which may be a number too small for f64/);
  });
});

describe("a kink", () => {
  test("admits both slopes beside it where z may be flushed, its convention alone at 0", () => {
    expect(slopesAt("relu", 2 ** -130, 2 ** -126)).toEqual(expect.arrayContaining([0, 1]));
    expect(slopesAt("relu", -(2 ** -130), 2 ** -126)).toEqual(expect.arrayContaining([0, 1]));
    expect(slopesAt("relu", 0, 2 ** -126)).toEqual([0]);
    expect(slopesAt("relu", 2 ** -126, 2 ** -126)).toEqual([1]);
    expect(slopesAt("abs", 2 ** -130, 2 ** -126)).toEqual(expect.arrayContaining([-1, 0, 1]));
    expect(slopesAt("hard-swish", 3, 2 ** -126)).toEqual(expect.arrayContaining([1, 1.5]));
    expect(slopesAt("hard-swish", -3, 2 ** -126)).toEqual(expect.arrayContaining([0, -0.5]));
    expect(slopesAt("relu6", 6, 2 ** -126)).toEqual([0]);
    expect(slopesAt("tanh", 2 ** -130, 2 ** -126)).toHaveLength(1);
  });

  test("stands wherever the slope jumps, and nowhere else", () => {
    for (const name of ["relu", "leaky-relu", "selu", "relu6", "abs", "hard-swish"] as const) {
      for (const { at, below, beyond } of kinksOf(name)) {
        const h = 2 ** -40;
        expect(Math.abs((slopesAt(name, at - h, 0)[0] as number) - below), name).toBeLessThan(4 * h);
        expect(Math.abs((slopesAt(name, at + h, 0)[0] as number) - beyond), name).toBeLessThan(4 * h);
      }
    }
    expect(slopeIsZero("relu", -1, 0)).toBe(true);
    expect(slopeIsZero("hard-swish", -1.5, 0)).toBe(true);
    expect(slopeIsZero("sigmoid", -800, 0)).toBe(false);
    expect(slopeIsZero("selu", -800, 0)).toBe(false);
  });
});
