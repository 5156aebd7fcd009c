/** Every sample's norms: right ones pass for each activation and size, a wrong one is named with its layer. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Measurements } from "../../src/engine/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { steepestSlope, valueAtZero } from "../../src/network/growth.ts";
import { createLengthCheck } from "../../src/verification/lengths.ts";
import type { Activation } from "../../src/network/parametric.ts";
import { layerBounds } from "../../src/verification/rounding.ts";
import { PARAMETRIC_ACTIVATIONS, preluOf } from "../support/parametric.ts";

const SAMPLES = 5;
const WIDTHS = [9, 14, 11, 3] as const;

async function measured(activation: Activation | ((width: number) => Activation), scale: number) {
  const own = (width: number): Activation => (typeof activation === "function" ? activation(width) : activation);
  const activations = [own(WIDTHS[1]), own(WIDTHS[2]), "identity"] as const;
  const network = randomNetwork({
    ...{ seed: 5, index: 0, widths: WIDTHS, activations, initialiser: "he", scale: 1, biasScale: 0.5 },
  });
  const settings = {
    head: { kind: "logit-argmax" },
    precision: "f64",
    norm: "spectral",
    accuracy: 1e-3,
    seed: 5,
  } as const;
  const plan = makePlan(network, settings);
  const inputs = fillInputs({ distribution: "normal", scale, seed: 5 }, 0, SAMPLES, WIDTHS[0]);
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const { measurements } = await engine.measure(plan, { first: 0, samples: SAMPLES, inputs, labels: null });
  const check = createLengthCheck(plan, layerBounds(plan), measurements.arithmetic);
  const found = (m: Measurements) => {
    const faults = check(m, inputs, new Map());
    return Array.from({ length: SAMPLES }, (_, at) => faults.get(at) ?? null);
  };
  return { measurements, found };
}

/** The norms of one place, times a factor. */
const scaled = (list: readonly Float64Array[], place: number, factor: number): Float64Array[] =>
  list.map((norms, i) => (i === place ? norms.map((v) => factor * v) : norms));

test.each(ACTIVATION_NAMES)("right norms pass, whatever the size of the input: %s", async (activation) => {
  for (const scale of [1e-150, 1e-3, 1, 30, 1e150]) {
    const { measurements, found } = await measured(activation, scale);
    expect(found(measurements), String(scale)).toEqual(Array.from({ length: SAMPLES }, () => null));
  }
});

test.each([...PARAMETRIC_ACTIVATIONS, ["a slope for each unit", preluOf] as const])(
  "right norms pass, whatever the size of the input: %s",
  async (_, activation) => {
    for (const scale of [1e-150, 1e-3, 1, 30, 1e140]) {
      const { measurements, found } = await measured(activation, scale);
      expect(found(measurements), String(scale)).toEqual(Array.from({ length: SAMPLES }, () => null));
    }
  },
);

describe("a wrong norm is named", () => {
  const all = (layer: number): unknown[] =>
    Array.from({ length: SAMPLES }, (): unknown => expect.objectContaining({ check: "norms", layer }));

  test.each([0.5, 1 - 1e-12, 1 + 1e-12, 2])("the input's, times %s", async (factor) => {
    const { measurements: m, found } = await measured("relu", 1);
    expect(found({ ...m, hiddenNorm: scaled(m.hiddenNorm, 0, factor) })).toEqual(all(1));
  });

  test("a hidden one beyond what the layer before can give", async () => {
    const { measurements: m, found } = await measured("tanh", 1);
    expect(found({ ...m, hiddenNorm: scaled(m.hiddenNorm, 1, 1e3) })).toEqual(all(2));
  });

  test("the direction's, which should be 1", async () => {
    const { measurements: m, found } = await measured("tanh", 1);
    const [along, random] = m.directions;
    const longer = { ...along, tangentNorm: scaled(along.tangentNorm, 0, 1 + 1e-12) };
    expect(found({ ...m, directions: [longer, random] })).toEqual(all(1));
  });

  test("an iterate's: at its start 0 too, afterwards not", async () => {
    const { measurements: m, found } = await measured("tanh", 1);
    const one = new Float64Array(SAMPLES).fill(1);
    const none = new Float64Array(SAMPLES);
    const iterated = (...iterateNorm: Float64Array[]): Measurements => ({
      ...m,
      witnesses: m.witnesses.map((w, i) => (i === 1 && w !== null ? { ...w, iterateNorm } : w)),
    });
    expect(found(iterated(one, none))).toEqual(found(m));
    expect(found(iterated(none, one))).toEqual(all(2));
    expect(
      found(
        iterated(
          one,
          one.map(() => 1.1),
        ),
      ),
    ).toEqual(all(2));
  });
});

test.each(ACTIVATION_NAMES)("no slope is steeper than the bound says, on a grid: %s", (name) => {
  const { slope, value } = ACTIVATIONS[name];
  let most = 0;
  for (let z = -12; z <= 12; z += 1e-3) most = Math.max(most, Math.abs(slope(z)));
  expect(most).toBeLessThanOrEqual(steepestSlope(name));
  expect(Math.abs(value(0))).toBeLessThanOrEqual(valueAtZero(name));
});
