/** Each part of the audit by itself: one stored, measured or reported number is changed, and the audit must name it and its layer. */
import { describe, expect, test } from "vitest";
import type { Measurements, TracedSample } from "../../src/engine/engine.ts";
import { WGSL_F32 } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { auditSample, detectableShare } from "../../src/verification/audit/audit.ts";
import { auditPlan } from "../../src/verification/audit/planned-norms.ts";
import { prepareAudit } from "../../src/verification/audit/prepared.ts";
import { layerBounds } from "../../src/verification/rounding.ts";
import type { Audited, Wanted } from "./audited.ts";
import { auditedSample } from "./audited.ts";

const network = randomNetwork({
  seed: 21,
  index: 0,
  widths: [4, 6, 5, 3],
  activations: ["tanh", "gelu", "identity"],
  initialiser: "he",
  biasScale: 0.2,
});
/** A clean sample; a copy at each call, to be spoilt. */
const clean = (norm: "spectral" | "frobenius" = "spectral", change: Partial<Wanted> = {}): Promise<Audited> =>
  auditedSample({
    ...{ network, head: { kind: "log-sum-exp" }, input: Float64Array.of(0.3, -1, 2, 0.7), norm },
    ...change,
  });

type Spoil = (c: Audited) => void;

/** Changes the first entry that is not 0 by a part in a million. */
function spoil(values: Float64Array | undefined): void {
  if (values === undefined) throw new RangeError("nothing to spoil");
  const i = Math.max(
    0,
    values.findIndex((v) => v !== 0),
  );
  values[i] = (values[i] as number) * (1 + 1e-6) + 1e-9;
}

type Pick = (c: Audited) => Float64Array | undefined;

const STORED: readonly (readonly [quantity: string, layer: number, pick: Pick])[] = [
  ["the input", 1, (c) => c.traced.hidden[0]],
  ["z", 2, (c) => c.traced.preactivation[1]],
  ["h", 2, (c) => c.traced.hidden[1]],
  ["D", 1, (c) => c.traced.slopes[0]],
  ["∂f/∂h", 3, (c) => c.traced.topGradient],
  ["δ", 3, (c) => c.traced.adjoints[2]],
  ["δ", 1, (c) => c.traced.adjoints[0]],
  ["Wᵀδ", 2, (c) => c.traced.pullbacks[1]],
  ["∇ₓf", 1, (c) => c.traced.inputGradient],
  ["v₀", 1, (c) => c.traced.directions[0].tangents[0]],
  ["the random direction", 1, (c) => c.traced.directions[1].tangents[0]],
  ["ζ", 2, (c) => c.traced.directions[1].pushed[1]],
  ["τ", 3, (c) => c.traced.directions[0].tangents[2]],
  ["the witness's stage", 3, (c) => c.traced.witnesses[2]?.stages[1]],
  ["the witness's stage", 2, (c) => c.traced.witnesses[1]?.vector],
  ["the witness's pullback", 3, (c) => c.traced.witnesses[2]?.result],
];

const MEASURED: readonly (readonly [quantity: string, layer: number | null, pick: Pick])[] = [
  ["the reported f", null, (c) => c.measurements.value],
  ["‖h‖", 2, (c) => c.measurements.hiddenNorm[1]],
  ["‖δ‖", 1, (c) => c.measurements.adjointNorm[0]],
  ["‖Wᵀδ‖", 3, (c) => c.measurements.pullbackNorm[2]],
  ["max|D|", 1, (c) => c.measurements.slopeMax[0]],
  ["‖τ‖", 2, (c) => c.measurements.directions[1].tangentNorm[1]],
  ["the witness's norm", 2, (c) => c.measurements.witnesses[1]?.vectorNorm],
  ["‖J‖ of the witness", 3, (c) => c.measurements.witnesses[2]?.pullbackNorm],
  ["the norm of the witness's stage", 3, (c) => c.measurements.witnesses[2]?.stageNorm[0]],
  ["the cut test's product", 2, (c) => c.measurements.directions[0].products[2]],
  ["the cut test's product", 1, (c) => c.measurements.directions[1].products[0]],
];

/** Numbers of a row, or of its second layer, and what they are multiplied by. */
const REPORTED: readonly (readonly [quantity: string, layer: number | null, key: string, factor: number])[] = [
  ["‖∇ₓf‖", null, "inputGradientNorm", 1.001],
  ["‖∇_θ f‖", null, "parameterGradientNorm", 1.001],
  ["the left side", null, "lhs", 0.999],
  ["the right side", null, "rhs", NaN],
  ["‖h‖", 2, "hiddenNorm", 1.001],
  ["‖∇_b f‖", 2, "biasGradientNorm", NaN],
  ["‖∇_W f‖", 2, "weightGradientNorm", 0.999],
  ["‖J‖", 2, "jacobianNorm", 1.001],
  ["‖J‖ below its upper bound", 2, "jacobianNormUpper", 1e-3],
];

async function findings(change: Spoil): Promise<string[]> {
  const caught = await clean();
  change(caught);
  const { discrepancies } = auditSample(caught.subject, caught.row, caught.outcome, []);
  return discrepancies.map((d) => `${d.check}: ${d.quantity} ${String(d.layer)}`);
}

describe("the audit of a sample", () => {
  test("finds nothing in a clean one", async () => {
    expect(await findings(() => undefined)).toEqual([]);
  });

  test("allows every stored value what f32's rounding does to it, and no more in f64", async () => {
    const rounded = (traced: TracedSample, measurements: Measurements): void => {
      const all: Float64Array[] = [
        ...[traced.hidden, traced.preactivation, traced.slopes, traced.adjoints, traced.pullbacks].flat(),
        ...traced.directions.flatMap((d) => [...d.tangents, ...d.pushed]),
        ...traced.witnesses.flatMap((w) => (w === null ? [] : [w.vector, ...w.stages, w.result])),
        traced.topGradient,
        traced.inputGradient,
      ];
      for (const values of all) values.set(values.map(Math.fround));
      // What is one product of stored values is made of the rounded ones, as an f32 engine makes it.
      const masked = (t: number, to: Float64Array | undefined, x: Float64Array | undefined): void => {
        to?.set((x ?? to).map((v, i) => Math.fround(v * (traced.slopes[t - 1]?.[i] ?? NaN))));
      };
      masked(3, traced.adjoints[2], traced.topGradient);
      for (const t of [1, 2]) {
        masked(t, traced.adjoints[t - 1], traced.pullbacks[t]);
        for (const d of traced.directions) masked(t, d.tangents[t], d.pushed[t - 1]);
        masked(t, traced.witnesses[t]?.stages[t - 1], traced.witnesses[t]?.vector);
      }
      measurements.slopeMax.forEach((m) => m.set(m.map(Math.fround)));
    };
    const input = Float64Array.of(0.3, -1, 2, 0.7).map(Math.fround);
    const audit = ({ subject, row, outcome }: Audited): string[] =>
      auditSample(subject, row, outcome, []).discrepancies.map((d) => d.quantity);
    expect(audit(await clean("spectral", { input, arithmetic: WGSL_F32, change: rounded }))).toEqual([]);
    const found = audit(await clean("spectral", { input, change: rounded }));
    for (const quantity of ["z", "h", "D", "Wᵀδ", "ζ", "the witness's pullback", "‖h‖"])
      expect(found).toContain(quantity);
  });

  test.each(STORED)("names a stored %s of layer %d", async (quantity, layer, pick) => {
    const found = await findings((c) => {
      spoil(pick(c));
    });
    expect(found).toContain(`local: ${quantity} ${String(layer)}`);
  });

  test("names a stored f, and an exponent of ∂f/∂h that is not the one stored", async () => {
    const found = await findings((c) => {
      (c.traced as { value: number }).value += 1e-6;
      c.measurements.topExponent[0] = 99;
    });
    expect(found).toContain("local: f 3");
    expect(found).toContain("norms: the exponent of ∂f/∂h null");
  });

  test.each(MEASURED)("names a measured %s of layer %s", async (quantity, layer, pick) => {
    const found = await findings((c) => {
      spoil(pick(c));
    });
    expect(found).toContain(`norms: ${quantity} ${String(layer)}`);
  });

  test.each(REPORTED)("names a reported %s of layer %s", async (quantity, layer, key, factor) => {
    const found = await findings((c) => {
      const place = (layer === null ? c.row : c.row.layers[1]) as unknown as Record<string, number>;
      place[key] = (place[key] ?? NaN) * factor;
    });
    expect(found).toContain(`norms: ${quantity} ${String(layer)}`);
  });

  test("names each identity that a wrong gradient or adjoint breaks", async () => {
    const wrong = await findings((c) => {
      c.traced.inputGradient.forEach((v, i) => (c.traced.inputGradient[i] = v * (1 + 1e-6)));
      c.traced.pullbacks[0]?.set(c.traced.inputGradient);
    });
    for (const name of ["matrix", "contracted", "bias"])
      expect(wrong).toContain(`identity: the ${name} identity's residual 2`);
  });

  test("recomputes explicit Jacobians under the Frobenius norm", async () => {
    const { subject, row, outcome, measurements } = await clean("frobenius");
    expect(auditSample(subject, row, outcome, []).discrepancies).toEqual([]);
    spoil(measurements.explicit[2]?.frobenius);
    expect(auditSample(subject, row, outcome, []).discrepancies[0]).toMatchObject({
      check: "norms",
      quantity: "‖J‖_F",
      layer: 3,
    });
  });
});

describe("the audit of a plan", () => {
  test("compares every bracket with what was proven of the weights, and that with the weights, and names what does not meet", async () => {
    const caught = await clean();
    expect(auditPlan(prepareAudit(caught.plan, layerBounds(caught.plan)))).toEqual([]);
    const changed = (change: (layer: Plan["layers"][number]) => object): Plan => ({
      ...caught.plan,
      layers: caught.plan.layers.map((layer, i) => (i === 1 ? { ...layer, ...change(layer) } : layer)),
    });
    const by = (factor: number) => (b: { lower: number; upper: number }) => ({
      lower: b.lower * factor,
      upper: b.upper * factor,
    });
    /** A false proof that the plan follows. */
    const unproven = (l: Plan["layers"][number], spectral: { lower: number; upper: number }): object => ({
      spectralNorm: spectral,
      proof: { ...l.proof, spectral },
    });
    const cases: readonly [string, (layer: Plan["layers"][number]) => object][] = [
      ["‖W‖", (l) => ({ spectralNorm: by(1 + 1e-9)(l.spectralNorm) })],
      ["‖W‖", (l) => ({ spectralNorm: by(1 - 1e-9)(l.spectralNorm) })],
      ["‖W‖_F", (l) => ({ frobeniusNorm: by(1 + 1e-9)(l.frobeniusNorm) })],
      ["‖ |W| ‖", (l) => ({ absoluteNorm: l.absoluteNorm * (1 - 1e-3) })],
      ["‖ |W| ‖", (l) => ({ absoluteNorm: l.absoluteNorm * (1 + 1e-9) })],
      ["‖W‖'s upper bound", (l) => unproven(l, by(1 - 1e-9)(l.spectralNorm))],
      ["‖W‖'s lower bound", (l) => unproven(l, by(1 + 1e-9)(l.spectralNorm))],
      [
        "‖W‖'s lower bound",
        (l) => ({ proof: { ...l.proof, vector: l.proof.vector.map((v, k) => (k === 0 ? -v : v)) } }),
      ],
      ["W", (l) => ({ scaledWeight: l.scaledWeight.map((w, k) => (k === 2 ? w * (1 + 2 ** -52) : w)) })],
    ];
    for (const [quantity, change] of cases) {
      const plan = changed(change);
      const found = auditPlan(prepareAudit(plan, layerBounds(plan)));
      expect(found[0]).toMatchObject({ check: "norms", quantity, layer: 2 });
      expect(found.every((d) => d.layer === 2 && d.check === "norms")).toBe(true);
    }
  });
});

test("n audited samples show a share of 1 − 0.01^(1/n) with probability 0.99", () => {
  expect(detectableShare(0)).toBeNull();
  expect(detectableShare(1)).toBeCloseTo(0.99, 12);
  for (const n of [10, 459, 10_000]) expect((1 - (detectableShare(n) ?? NaN)) ** n).toBeCloseTo(0.01, 12);
});
