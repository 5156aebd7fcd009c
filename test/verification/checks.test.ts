/** The checks beside the inequality: overflow, the local residual of a replay, what a suspicion leads to, flushes in the cut test. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Refinement } from "../../src/engine/cpu/refine.ts";
import type { Engine, Measurements, StoredSample, TracedSample } from "../../src/engine/engine.ts";
import { IEEE_F64, WGSL_F32 } from "../../src/engine/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { cutResiduals, suspicionThreshold } from "../../src/verification/cut.ts";
import { localFault } from "../../src/verification/local.ts";
import type { Activation } from "../../src/network/parametric.ts";
import { parametric } from "../../src/network/parametric.ts";
import { overflowRisk, overflowRisks } from "../../src/verification/overflow.ts";
import { backwardStepError, gamma, layerBounds } from "../../src/verification/rounding.ts";
import { columns } from "./one-sample.ts";

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
    // Each direction's tangents count, and the biases beside ‖W‖‖h‖.
    for (const k of [0, 1]) {
      const directions = m.directions.map((d, i) => ({
        ...d,
        tangentNorm: d.tangentNorm.map((n, j) => (i === k && j === 1 ? n.map(() => 3e38) : n)),
      })) as unknown as Measurements["directions"];
      expect(overflowRisk(plan, layers, { ...m, directions }, 0)).toMatch(/^the linear passes of layer 2 may overflow/);
    }
    const biased = (bias: number): typeof plan => {
      const shifted = network.layers.map((l, i) =>
        i === 1 ? { ...l, bias: l.bias.map((_, k) => (k === 7 ? -bias : 0)) } : l,
      );
      return makePlan({ layers: shifted }, { ...settings, precision: "f32" });
    };
    expect(overflowRisk(biased(8e37), layers, m, 0)).toBeNull();
    expect(overflowRisk(biased(9e37), layers, m, 0)).toMatch(/^layer 2 may overflow: ‖W‖‖h‖ reaches 9\.00e\+37/);
  });

  test("counts a slope above 2 in the layer's own products and in those on both sides of it, and β", async () => {
    const m = await measured();
    const planOf = (activation: Activation): typeof plan => {
      const sloped = network.layers.map((l, i) => (i === 1 ? { ...l, activation } : l));
      return makePlan({ layers: sloped }, { ...settings, precision: "f32" });
    };
    const steep = planOf(parametric("leaky-relu", 2 ** 20));
    const hidden = (factor: number): Measurements => ({
      ...m,
      hiddenNorm: m.hiddenNorm.map((h, i) => (i === 1 ? h.map((v) => v * factor) : h)),
    });
    expect(overflowRisk(plan, layers, hidden(1e33), 0)).toBeNull();
    for (const own of [steep, planOf(parametric("softplus", 2 ** 20))])
      expect(overflowRisk(own, layers, hidden(1e33), 0)).toMatch(/^layer 2 may overflow/);
    expect(overflowRisk(planOf(parametric("softplus", 2 ** -20)), layers, hidden(1e33), 0)).toBeNull();
    const adjoint = (layer: number): Measurements => ({
      ...m,
      adjointNorm: m.adjointNorm.map((d, i) => (i === layer ? d.map(() => 1e33) : d)),
    });
    // D_2 multiplies what the backward pass of layer 3 and the tangent pass of layer 2 make.
    for (const layer of [1, 2]) {
      expect(overflowRisk(plan, layers, adjoint(layer), 0)).toBeNull();
      expect(overflowRisk(steep, layers, adjoint(layer), 0)).toMatch(
        new RegExp(`^the linear passes of layer ${String(layer + 1)} may overflow`),
      );
    }
    expect([...overflowRisks(steep, layers, adjoint(2)).keys()]).toEqual([0, 1, 2]);
    expect(overflowRisks(plan, layers, adjoint(2)).size).toBe(0);
  });
});

describe("the local residual of a replay", () => {
  const refinement = (residual: number): Refinement => ({
    ...columns({ slopeMax: [1, 1, 1] }),
    layers: [
      null,
      {
        ...columns({ adjointNorm: 2, gradientNorm: 1, pullbackNorm: 1, stageNorms: [1, 2], localResidual: residual }),
        witness: null,
        explicit: null,
      },
      null,
    ],
  });

  test("is a fault at its layer beyond one step's rounding, and none within", () => {
    const bound = backwardStepError(layers[1] as (typeof layers)[number], 2, WGSL_F32);
    expect(localFault(layers, WGSL_F32, refinement(0.99 * bound), 0)).toBeNull();
    expect(localFault(layers, WGSL_F32, refinement(1.01 * bound), 0)).toMatchObject({
      ...{ kind: "violated", check: "local", layer: 2 },
      // The norm of δ and the f64 replay have a rounding of their own: 3e-6 of it.
      numbers: { found: 1.01 * bound, right: 0, bound: expect.closeTo(bound, 9) as number },
    });
    expect(localFault(layers, WGSL_F32, refinement(NaN), 0)).not.toBeNull();
  });
});

interface Change {
  readonly measured?: (m: Measurements) => Measurements;
  /** Of every sample, and with its tangents and witnesses. */
  readonly stored?: (s: StoredSample) => StoredSample;
  readonly traced?: (s: TracedSample) => TracedSample;
}

/** Engine cpu, but for a change of what it measured and stored. */
function altered({ measured: measure = (m) => m, stored: store = (s) => s, traced: trace = (s) => s }: Change): Engine {
  return {
    ...host,
    measure: async (p, batch) => {
      const result = await host.measure(p, batch);
      return {
        ...result,
        measurements: measure(result.measurements),
        stored: async (samples) => (await result.stored(samples)).map(store),
        traced: async (samples) => (await result.traced(samples)).map(trace),
      };
    },
  };
}

describe("a cut test's difference below its bound", () => {
  const run = (engine: Engine): ReturnType<typeof verify> =>
    verify({ network, source, engine, host, audit: 0, ...settings });
  const f64Plan = makePlan(network, { ...settings, precision: "f64" });
  const f64 = layerBounds(f64Plan);
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

  /** ζ_3 of the random direction with each entry moved by `share` of γ_n(|W||τ|), all to one side of S_3; the least residual of layer 3. */
  const pushedByRounding = async (share: number): Promise<{ changed: Engine; residual: number }> => {
    const { scaledWeight } = f64Plan.layers[2] as (typeof f64Plan.layers)[number];
    const inner = 40;
    const pushed = ({ adjoints, directions: [, random] }: TracedSample): Float64Array => {
      const tangent = random.tangents[2] as Float64Array;
      return (random.pushed[2] as Float64Array).map((zeta, k) => {
        const row = scaledWeight.subarray(k * inner, (k + 1) * inner);
        const size = row.reduce((sum, w, i) => sum + Math.abs(w * (tangent[i] as number)), 0);
        return zeta + share * gamma(inner, IEEE_F64) * size * Math.sign(adjoints[2]?.[k] ?? NaN);
      });
    };
    const traced = (s: TracedSample): TracedSample => {
      const [along, random] = s.directions;
      return { ...s, directions: [along, { ...random, pushed: [...random.pushed.slice(0, 2), pushed(s)] }] };
    };
    const clean = await host.measure(f64Plan, { first: 0, samples: 3, inputs: source.read().inputs, labels: null });
    const products = Float64Array.from(await clean.traced([0, 1, 2]), (s) =>
      pushed(s).reduce((sum, zeta, k) => sum + zeta * (s.adjoints[2]?.[k] ?? NaN), 0),
    );
    clean.release();
    const measured = (m: Measurements): Measurements => {
      const [along, random] = m.directions;
      return { ...m, directions: [along, { ...random, products: [...random.products.slice(0, 3), products] }] };
    };
    const m = measured(clean.measurements);
    const residual = Math.min(
      ...[0, 1, 2].map((j) => {
        const at = (list: readonly Float64Array[]): number[] => list.map((x) => x[j] as number);
        const cut = { products: at(m.directions[1].products), tangentNorms: at(m.directions[1].tangentNorm) };
        return cutResiduals(f64, at(m.adjointNorm), at(m.slopeMax), cut, IEEE_F64)[2] as number;
      }),
    );
    return { changed: altered({ measured, traced }), residual };
  };

  test("from the threshold on leads to a look at everything stored, which finds the product wrong", async () => {
    const threshold = suspicionThreshold(f64[0] as (typeof f64)[number]);
    const below = await run(altered({ measured: moved(0.8 * threshold) }));
    const above = await run(altered({ measured: moved(1.2 * threshold) }));
    expect(below.report.escalations.replayed).toBe(0);
    expect(below.report.verdicts.violated).toBe(0);
    expect(above.report.escalations.replayed).toBe(3);
    expect(above.report.faults).toMatchObject([{ check: "norms", layer: 1, count: 3 }]);
    // Samples that were not drawn are not counted among the audit's draws.
    expect(above.report.audited.samples).toBe(0);
  });

  test("and beyond its bound is proven already: only a sample that is drawn is audited then", async () => {
    const engine = altered({ measured: moved(2) });
    expect((await run(engine)).report.faults).toMatchObject([{ check: "cut", layer: 1, count: 3 }]);
    const { report } = await verify({ network, source, engine, host, audit: 1, ...settings });
    expect(report.faults).toMatchObject([
      { check: "cut", layer: 1, count: 3 },
      { check: "norms", layer: 1, count: 3 },
    ]);
  });

  test("acquits stored values that differ by no more than rounding, in the worst direction throughout", async () => {
    const { changed, residual } = await pushedByRounding(0.9);
    const { report } = await run(changed);
    expect(residual).toBeGreaterThan(suspicionThreshold(f64[2] as (typeof f64)[number]));
    expect(residual).toBeLessThan(1);
    expect(report.escalations.replayed).toBe(3);
    expect(report.verdicts).toMatchObject({ violated: 0, unresolved: 0 });
  });

  test("leads to a violation where a tangent is wrong by more than rounding, which no backward product shows", async () => {
    const { changed, residual } = await pushedByRounding(2.5);
    const { report } = await run(changed);
    expect(residual).toBeLessThan(1);
    expect(report.faults).toMatchObject([{ check: "local", layer: 3, count: 3 }]);
  });

  test("leads to a violation where the replay finds the stored gradient wrong", async () => {
    const wrong = <T extends StoredSample>(s: T): T => ({
      ...s,
      inputGradient: s.inputGradient.map((v) => v * (1 + 1e-9)),
    });
    const { report } = await run(altered({ measured: moved(0.5), stored: wrong }));
    const local = report.faults.find((f) => f.check === "local");
    expect(local).toMatchObject({ layer: 1, count: 3 });
    expect(local?.example?.reason).toContain("the stored adjoint differs from its product");
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
