/** Units at a kink: the forward error they are within, by hand, on either side of it; and z's that underflow there. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Measurements } from "../../src/engine/engine.ts";
import { IEEE_F64 } from "../../src/engine/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Network } from "../../src/network/network.ts";
import { forwardUnderflow, markUnderflow } from "../../src/verification/forward-underflow.ts";
import { kinkBounds, nearKink } from "../../src/verification/kinks.ts";

const host = createCpuEngine({ threads: 0, runtime: "test" });

/** Two layers: diag(1, 1) with this bias and activation, then a sum. */
const twoUnits = (bias: readonly [number, number], activation: ActivationName): Network => ({
  layers: [
    { inputs: 2, outputs: 2, weight: Float64Array.of(1, 0, 0, 1), bias: Float64Array.from(bias), activation },
    { inputs: 2, outputs: 1, weight: Float64Array.of(1, 1), bias: Float64Array.of(0), activation: "identity" },
  ],
});

async function measured(network: Network, x: readonly number[]) {
  const plan = makePlan(network, {
    ...{ head: { kind: "sum" }, precision: "f64", norm: "spectral", accuracy: "verdict", seed: 1 },
  } as const);
  const batch = await host.measure(plan, { first: 0, samples: 1, inputs: Float64Array.from(x), labels: null });
  const [stored] = await batch.stored([0]);
  batch.release();
  if (stored === undefined) throw new Error("nothing stored");
  return { plan, m: batch.measurements, stored };
}

describe("a unit at a kink", () => {
  test("is one whose z is within γ_{n+1}(ω‖h‖ + max|b|) of it, and none a little beyond", async () => {
    // z = (x_1 + b_1, 2): ω = 1, ‖h‖ = 1 but for rounding, n = 2.
    const error = ((3 * 2 ** -53) / (1 - 3 * 2 ** -53)) * 2;
    for (const [distance, near] of [
      [0, true],
      [0.5 * error, true],
      [1.5 * error, false],
    ] as const) {
      const { plan, m } = await measured(twoUnits([-1, 1], "relu"), [1, 0]);
      const moved: Measurements = {
        ...m,
        kinkDistance: [Float64Array.of(distance), m.kinkDistance[1] as Float64Array],
      };
      expect(nearKink(kinkBounds(plan, m.arithmetic), moved, 0), String(distance)).toEqual(
        near ? { layer: 1, bound: "cumulative" } : null,
      );
    }
  });

  test("is measured as the least distance over units and kinks, Infinity where there is none", async () => {
    const distance = async (activation: ActivationName, x: readonly number[]): Promise<number | undefined> =>
      (await measured(twoUnits([0, 0], activation), x)).m.kinkDistance[0]?.[0];
    expect(await distance("relu", [3, -0.25])).toBe(0.25);
    expect(await distance("relu6", [3, 5.75])).toBe(0.25);
    expect(await distance("hard-swish", [-3.5, 9])).toBe(0.5);
    expect(await distance("tanh", [0, 0])).toBe(Infinity);
  });

  test("is within the local error alone where the pass's own is too wide to mean anything", async () => {
    const { plan, m } = await measured(twoUnits([0, 0], "relu"), [1, 0]);
    const coarse: Measurements = { ...m, arithmetic: { ...IEEE_F64, unitRoundoff: 2 ** -4 } };
    expect(nearKink(kinkBounds(plan, coarse.arithmetic), coarse, 0)).toEqual({ layer: 1, bound: "local" });
  });
});

describe("a z that underflows at a kink", () => {
  const flush = IEEE_F64.flush;
  const found = async (network: Network, x: readonly number[]): Promise<string | null> => {
    const { plan, m, stored } = await measured(network, x);
    const marks = new Uint8Array(1);
    markUnderflow(kinkBounds(plan, m.arithmetic), m, marks);
    return marks[0] === 1 ? forwardUnderflow(plan, stored, flush) : null;
  };
  const tiny = (bias: number): Network => ({
    layers: twoUnits([bias, 1], "leaky-relu").layers.map((layer, i) =>
      i === 0 ? { ...layer, weight: Float64Array.of(1e-200, 0, 0, 1) } : layer,
    ),
  });

  test("is named with its layer", async () => {
    expect(await found(tiny(0), [1e-200, 1])).toMatch(/^a term of z_2, which lies at a kink of leaky-relu/);
  });

  test("is none where the terms are 0, or cancel, or something else decides the sign", async () => {
    expect(await found(tiny(0), [0, 1])).toBeNull();
    expect(await found(tiny(0.5), [1e-200, 1])).toBeNull();
    expect(await found(twoUnits([-1, 1], "leaky-relu"), [1, 1])).toBeNull();
  });
});
