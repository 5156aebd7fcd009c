/** The checks beside the inequality: overflow, the local residual of a replay, what a suspicion leads to, flushes in the cut test. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Refinement } from "../../src/engine/cpu/refine.ts";
import type { Engine, Measurements } from "../../src/engine/engine.ts";
import { IEEE_F64, WGSL_F32 } from "../../src/engine/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { verify } from "../../src/escalation/verify.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { cutResiduals, suspicionThreshold } from "../../src/verification/cut.ts";
import { localFault } from "../../src/verification/local.ts";
import { overflowRisk } from "../../src/verification/overflow.ts";
import { backwardStepError, layerBounds } from "../../src/verification/rounding.ts";

const network = randomNetwork({
  seed: 3,
  index: 0,
  widths: [6, 40, 40, 4],
  activations: ["relu", "tanh", "identity"],
  initialiser: "he",
});
const settings = { head: { kind: "sum" }, norm: "spectral", accuracy: 1e-3, seed: 1 } as const;
const plan = makePlan(network, { ...settings, precision: "f32" });
const layers = layerBounds(plan);
const host = createCpuEngine({ threads: 0, runtime: "test" });
const source = {
  samples: 3,
  width: 6,
  read: () => ({ inputs: fillInputs({ distribution: "normal", scale: 1, seed: 4 }, 0, 3, 6), labels: null }),
};

async function measured(): Promise<Measurements> {
  const batch = await host.measure(plan, { first: 0, samples: 3, inputs: source.read().inputs, labels: null });
  batch.release();
  return { ...batch.measurements, arithmetic: WGSL_F32 };
}

describe("overflow", () => {
  test("is ruled out by norms, or is a reason: an input, a stored value, a layer", async () => {
    const m = await measured();
    expect(overflowRisk(plan, layers, m, 0)).toBeNull();
    expect(overflowRisk(plan, layers, { ...m, finite: Uint8Array.of(0, 1, 1) }, 0)).toBe(
      "a stored value is not finite",
    );
    const at = (factor: number): Measurements => ({
      ...m,
      hiddenNorm: m.hiddenNorm.map((h, i) => (i === 1 ? h.map((v) => v * factor) : h)),
    });
    // Finite as it came out: WGSL lets an overflow yield any value, so that only the norms tell.
    expect(overflowRisk(plan, layers, at(1e30), 0)).toBeNull();
    expect(overflowRisk(plan, layers, at(1e38), 0)).toMatch(/^layer 2 may overflow: ‖W‖‖h‖ reaches/);
    const backward = { ...m, adjointNorm: m.adjointNorm.map((d) => d.map(() => 3e38)) };
    expect(overflowRisk(plan, layers, backward, 0)).toMatch(/^the linear passes of layer 1 may overflow/);
  });
});

describe("the local residual of a replay", () => {
  const refinement = (residual: number): Refinement => ({
    slopeMax: [1, 1, 1],
    layers: [
      null,
      {
        adjointNorm: 2,
        gradientNorm: 1,
        pullbackNorm: 1,
        stageNorms: [1, 2],
        witnesses: [],
        explicit: null,
        localResidual: residual,
      },
      null,
    ],
  });

  test("is a fault at its layer beyond one step's rounding, and none within", () => {
    const bound = backwardStepError(layers[1] as (typeof layers)[number], 2, WGSL_F32);
    expect(localFault(layers, WGSL_F32, refinement(0.99 * bound))).toBeNull();
    expect(localFault(layers, WGSL_F32, refinement(1.01 * bound))).toMatchObject({
      kind: "violated",
      check: "local",
      layer: 2,
    });
    expect(localFault(layers, WGSL_F32, refinement(NaN))).not.toBeNull();
  });
});

/** Engine cpu, but for a change of what it measured and stored. */
function altered(change: (m: Measurements) => Measurements, scaleGradient = 1): Engine {
  return {
    ...host,
    measure: async (p, batch) => {
      const result = await host.measure(p, batch);
      const stored: typeof result.stored = async (samples) =>
        (await result.stored(samples)).map((s) => ({
          ...s,
          inputGradient: s.inputGradient.map((v) => v * scaleGradient),
        }));
      return { ...result, stored, measurements: change(result.measurements) };
    },
  };
}

describe("a cut test's difference below its bound", () => {
  const run = (engine: Engine): ReturnType<typeof verify> =>
    verify({ network, source, engine, host, audit: 0, ...settings });
  const f64 = layerBounds(makePlan(network, { ...settings, precision: "f64" }));
  /** S_0 of both directions moved until layer 1 uses this share of its bound. */
  const moved =
    (share: number) =>
    (m: Measurements): Measurements => {
      const [first, second] = m.directions;
      const shift = first.products[0]?.map((s, j) => {
        const cut = { products: [1, 0, 0, 0], tangentNorms: first.tangentNorm.map((n) => n[j] as number) };
        const adjoints = m.adjointNorm.map((n) => n[j] as number);
        const slopes = m.slopeMax.map((n) => n[j] as number);
        const bound = 1 / (cutResiduals(f64, adjoints, slopes, cut, IEEE_F64)[0] as number);
        return (first.products[1]?.[j] ?? s) + share * bound;
      });
      const products = [shift as Float64Array, ...first.products.slice(1)];
      return { ...m, directions: [{ ...first, products }, second] };
    };

  test("from the threshold on leads to a replay, which acquits sound values", async () => {
    const threshold = suspicionThreshold(f64[0] as (typeof f64)[number]);
    const below = await run(altered(moved(0.8 * threshold)));
    const above = await run(altered(moved(1.2 * threshold)));
    expect(below.report.escalations.replayed).toBe(0);
    expect(above.report.escalations.replayed).toBe(3);
    expect(above.report.verdicts.violated).toBe(0);
  });

  test("leads to a violation where the replay finds the stored gradient wrong", async () => {
    const { report } = await run(altered(moved(0.5), 1 + 1e-9));
    expect(report.verdicts.violated).toBe(3);
    expect(report.faults).toMatchObject([{ check: "local", layer: 1, count: 3 }]);
  });

  test("may be made of flushed products alone", () => {
    const [own] = layers;
    if (own === undefined) throw new RangeError("no layer");
    const tiny = 2 ** -126;
    const cut = { products: [tiny, 0], tangentNorms: [1] };
    expect(cutResiduals([own], [tiny], [1], cut, WGSL_F32)[0]).toBeLessThanOrEqual(1);
    // A difference a million times that is no flush.
    const large = { products: [2 ** 30 * tiny, 0], tangentNorms: [1] };
    expect(cutResiduals([own], [tiny], [1], large, WGSL_F32)[0]).toBeGreaterThan(1);
  });
});
