import { describe, expect, test } from "vitest";
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { DirectionMeasurement, Engine, StoredSample } from "../../src/engine/engine.ts";
import { WGSL_F32 } from "../../src/engine/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import type { VerifyOutcome, VerifyRequest } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { Network } from "../../src/network/network.ts";
import { DeviceError } from "../../src/network/errors.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

const engine = createCpuEngine({ threads: 0, runtime: "test" });
const SAMPLES = 70;

async function run(
  network: Network,
  changes: Partial<VerifyRequest> = {},
  inputs?: Float64Array,
): Promise<VerifyOutcome & { rows: SampleRow[] }> {
  const width = network.layers[0]?.inputs ?? 1;
  const values = inputs ?? fillInputs({ distribution: "normal", scale: 1, seed: 4 }, 0, SAMPLES, width);
  const rows: SampleRow[] = [];
  const outcome = await verify({
    network,
    head: { kind: "logit-argmax" },
    source: {
      samples: values.length / width,
      width,
      read: (first, count) => ({ inputs: values.slice(first * width, (first + count) * width), labels: null }),
    },
    engine,
    host: engine,
    norm: "spectral",
    accuracy: 1e-3,
    seed: 1,
    onRow: (row) => rows.push(row),
    ...changes,
  });
  return { ...outcome, rows };
}

const deep = randomNetwork({
  seed: 1,
  index: 0,
  widths: [9, 20, 15, 12, 4],
  activations: ["relu", "tanh", "gelu", "identity"],
  initialiser: "he",
  biasScale: 0.1,
});

/** The network with every weight of every layer multiplied by a factor. */
const scaled = (network: Network, factor: number): Network => ({
  layers: network.layers.map((l) => ({ ...l, weight: l.weight.map((v) => v * factor) })),
});

describe("a report", () => {
  test("covers what is finished when it is interrupted, and says so", async () => {
    const controller = new AbortController();
    const { report, rows } = await run(deep, {
      batchSize: 10,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done >= 20) controller.abort();
      },
    });
    expect(report.timing.interrupted).toBe(true);
    expect(report.samples).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(20);
    expect(rows.length).toBeLessThan(SAMPLES);
  });
});

describe("a device that fails", () => {
  const failing = (at: "measure" | "stored"): CpuEngine => ({
    ...engine,
    async measure(plan, batch) {
      if (at === "measure" && batch.first >= 20) throw new DeviceError("webgpu: the device was lost");
      const measured = await engine.measure(plan, batch);
      const stored = (): Promise<never> => Promise.reject(new DeviceError("webgpu: the device was lost"));
      return at === "stored" && batch.first >= 20 ? { ...measured, stored } : measured;
    },
  });

  test("ends the run with what is finished, and says why; nothing is counted twice", async () => {
    const { report, rows, failure } = await run(deep, { engine: failing("measure"), batchSize: 10 });
    expect(failure?.message).toBe("webgpu: the device was lost");
    expect(report.samples).toBe(20);
    expect(rows.map((r) => r.index)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("also while a sample is being settled", async () => {
    // An orthogonal W_2 gives the screen nothing to settle with (α_2 = 1), so that every sample needs what was stored of it.
    const open = randomNetwork({
      seed: 5,
      index: 0,
      widths: [6, 6, 6],
      activations: ["tanh", "identity"],
      initialiser: "orthogonal",
    });
    const { report, failure } = await run(open, { engine: failing("stored"), batchSize: 10, accuracy: "verdict" });
    expect(failure?.message).toBe("webgpu: the device was lost");
    expect(report.samples).toBe(20);
  });
});

describe("samples that are not finite", () => {
  test("are invalid with the reason, and leave the others' bits alone", async () => {
    const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 4 }, 0, SAMPLES, 9);
    const clean = await run(deep, {}, inputs);
    const bad = Float64Array.from(inputs);
    bad[3 * 9 + 2] = NaN;
    bad[40 * 9] = Infinity;
    const found = await run(deep, {}, bad);
    expect(found.report.verdicts.invalid).toBe(2);
    found.rows.forEach((row, i) => {
      if (i === 3 || i === 40)
        expect(row).toMatchObject({ verdict: "invalid", reason: "the input holds a number that is not finite" });
      else expect(row).toEqual(clean.rows[i]);
    });
  });

  test("a sample that overflowed in f32 is climbed and audited on its f64 numbers, never on what overflowed", async () => {
    const broken = (values: Float64Array): Float64Array => values.map(() => Infinity);
    const overflowing: Engine = {
      ...engine,
      description: { ...engine.description, precision: "f32" },
      async measure(plan, batch, trace) {
        const measured = await engine.measure(plan, batch, trace);
        const { measurements } = measured;
        const spoil = <T extends StoredSample>(sample: T): T => ({ ...sample, hidden: sample.hidden.map(broken) });
        return {
          ...measured,
          measurements: { ...measurements, arithmetic: WGSL_F32, finite: new Uint8Array(batch.samples) },
          stored: async (samples) => (await measured.stored(samples)).map(spoil),
          traced: async (samples) => (await measured.traced(samples)).map(spoil),
        };
      },
    };
    for (const changes of [{ certify: 1e-6 }, { accuracy: 1e-9 }, { norm: "frobenius" }] as const) {
      const { report } = await run(deep, { engine: overflowing, audit: 1, ...changes });
      expect(report.faults).toEqual([]);
      expect(report.verdicts.holds).toBe(SAMPLES);
      expect(report.audited.samples).toBe(SAMPLES);
      if (report.certified !== undefined) expect(report.certified.missed).toBe(0);
    }
  });

  test("weights beyond any scale give the same verdicts and ratio, or invalid with the reason; never a wrong verdict", async () => {
    const linear = randomNetwork({
      seed: 2,
      index: 0,
      widths: [6, 10, 8, 3],
      activations: ["relu", "relu", "identity"],
      initialiser: "he",
    });
    const plain = await run(linear);
    for (const factor of [2 ** 20, 2 ** -20, 2 ** 200, 2 ** -200]) {
      const big = await run(scaled(linear, factor));
      expect(big.report.verdicts).toEqual(plain.report.verdicts);
      // The tightness of a positively homogeneous network does not see the scale, bit for bit where it is a power of two.
      expect(big.rows.map((r) => r.layers.map((l) => l.tightness))).toEqual(
        plain.rows.map((r) => r.layers.map((l) => l.tightness)),
      );
    }
    const beyond = await run(scaled(linear, 2 ** 400));
    expect(beyond.report.verdicts.violated).toBe(0);
    expect(beyond.report.verdicts.invalid).toBe(SAMPLES);
  });
});

describe("exact cases", () => {
  test("one layer with one output is tight; so is a linear Hadamard network", async () => {
    const single = randomNetwork({ seed: 3, index: 0, widths: [12, 1], activations: ["tanh"], initialiser: "he" });
    expect((await run(single)).report.verdicts.tight).toBe(SAMPLES);
    const hadamard = randomNetwork({
      seed: 3,
      index: 1,
      widths: [16, 16, 16, 16],
      activations: ["identity", "identity", "identity"],
      initialiser: "hadamard",
    });
    expect((await run(hadamard)).report.verdicts.tight).toBe(SAMPLES);
  });

  test("κ₁² = cos²φ + c² sin²φ near equality: the right side, tight, or unresolved, never a false statement", async () => {
    for (let power = 1; power <= 8; power++) {
      // W = diag(1, c) with δ at the angle φ: κ = 1 − 10^−power by the choice of c.
      const kappa = 1 - 10 ** -power;
      const c = Math.sqrt(2 * kappa ** 2 - 1);
      const network: Network = {
        layers: [
          {
            inputs: 2,
            outputs: 2,
            weight: Float64Array.of(1, 0, 0, c),
            bias: new Float64Array(2),
            activation: "identity",
          },
        ],
      };
      const { rows } = await run(network, { head: { kind: "linear", coefficients: Float64Array.of(1, 1) } });
      for (const row of rows) {
        const [layer] = row.layers;
        expect(layer?.tightnessLower ?? NaN).toBeLessThanOrEqual(kappa * (1 + 1e-14));
        expect(layer?.tightnessUpper ?? NaN).toBeGreaterThanOrEqual(kappa * (1 - 1e-14));
        expect(row.verdict).toBe("holds");
      }
    }
  });

  test("dead layers, zero weights and zero inputs hold trivially or plainly", async () => {
    const dead: Network = { layers: deep.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map(() => -1e9) } : l)) };
    const { rows } = await run(dead);
    expect(rows.every((r) => r.verdict === "holds" && r.lhs === 0)).toBe(true);
    const zero = await run(scaled(deep, 0));
    expect(zero.report.verdicts.holds).toBe(SAMPLES);
    expect((await run(deep, {}, new Float64Array(9 * 5))).report.verdicts.holds).toBe(5);
  });
});

describe("what is asked of the norms", () => {
  const interval = ({ jacobianNormLower: l, jacobianNormUpper: u }: SampleRow["layers"][number]): number =>
    (u ?? NaN) / (l ?? NaN) - 1;

  test("--certify makes every proven interval of ‖J_t‖ that narrow, and counts those that cannot be had", async () => {
    const plain = await run(deep);
    expect(plain.report.certified).toBeUndefined();
    expect(plain.rows.some((row) => row.layers.some((l) => interval(l) > 0.1))).toBe(true);
    const { report, rows } = await run(deep, { certify: 1e-9 });
    expect(report.certified).toEqual({ width: 1e-9, reached: 3 * SAMPLES, missed: 0 });
    for (const row of rows) for (const layer of row.layers) expect(interval(layer)).toBeLessThanOrEqual(1e-9);
    // f64 itself is not that exact.
    const impossible = await run(deep, { certify: 1e-15 });
    expect(impossible.report.certified).toEqual({ width: 1e-15, reached: 0, missed: 3 * SAMPLES });
  });

  test("--accuracy down to 1e-9 is reached, by f64 witnesses where the engine is f32", async () => {
    const { rows } = await run(deep, { certify: 1e-9 });
    const truth = rows.map((row) => row.layers.map((l) => l.jacobianNormLower ?? NaN));
    const f32: Engine = { ...engine, description: { ...engine.description, precision: "f32" } };
    for (const own of [engine, f32]) {
      const close = await run(deep, { engine: own, accuracy: 1e-9 });
      close.rows.forEach((row, j) => {
        row.layers.forEach((layer, i) => {
          const right = truth[j]?.[i] ?? NaN;
          // An engine that is f32 by name alone gets weights rounded to f32: 2⁻²⁴ each, in three layers.
          const slack = own === f32 ? 1e-6 : 2e-9;
          expect(Math.abs((layer.jacobianNorm ?? NaN) / right - 1)).toBeLessThanOrEqual(slack);
        });
      });
      expect(close.report.escalations.replayed).toBe(own === f32 ? SAMPLES : 0);
    }
  });

  test("what each layer loses at W_t and at J_t adds up to what the right side exceeds the left by", async () => {
    const { rows } = await run(deep, { accuracy: 1e-9 });
    for (const row of rows) {
      const lost = row.layers.reduce((sum, l) => sum + (l.slackWeight ?? NaN) + (l.slackJacobian ?? NaN), 0);
      expect(lost).toBeCloseTo(1 - (row.ratio ?? NaN), 12);
      expect(row.layers[0]?.slackJacobian).toBeCloseTo(0, 12);
    }
  });

  test("the audited share is drawn by address: more of it audits the same samples and more", async () => {
    const audited = async (audit: number): Promise<number[]> =>
      (await run(deep, { audit })).rows.filter((row) => row.audit !== undefined).map((row) => row.index);
    const [some, more, all] = [await audited(0.1), await audited(0.5), await audited(1)];
    expect(all.length).toBe(SAMPLES);
    expect(some.length).toBeGreaterThan(0);
    expect(more.length).toBeGreaterThan(some.length);
    expect(some.filter((index) => !more.includes(index))).toEqual([]);
    const { report } = await run(deep, { audit: 1 });
    expect(report.audited.detects).toBeCloseTo(1 - 0.01 ** (1 / SAMPLES), 12);
    for (const row of (await run(deep, { audit: 1 })).rows) {
      const { identityResidual, contractedResidual, biasIdentityResidual } = row.audit ?? {};
      for (const r of [identityResidual, contractedResidual, biasIdentityResidual]) {
        expect(r?.value ?? NaN).toBeLessThanOrEqual(r?.bound ?? NaN);
        expect(r?.bound ?? NaN).toBeLessThan(1e-10);
      }
    }
  });
});

/** S_2 moved. */
function moved(direction: DirectionMeasurement, by: number): DirectionMeasurement {
  return { ...direction, products: direction.products.map((s, t) => (t === 2 ? s.map((x) => x + by) : s)) };
}

describe("planted faults", () => {
  const faulty = (fault: FaultName): CpuEngine => createCpuEngine({ threads: 0, runtime: "test", fault });

  test.each([
    "vjp-missing-mask",
    "vjp-row-skipped",
    "jvp-missing-mask",
    "jvp-row-skipped",
    "input-gradient-scaled",
  ] as const)(
    "%s is named by the cut test in nearly every sample, while the inequality alone passes",
    async (fault) => {
      const { report, rows } = await run(deep, { engine: faulty(fault) });
      expect(report.verdicts.violated).toBeGreaterThanOrEqual(0.95 * SAMPLES);
      expect(report.faults.some((f) => f.check === "cut")).toBe(true);
      expect(rows.every((row) => (row.ratio ?? 0) <= 1)).toBe(true);
    },
  );

  test("a cut finding's sides and bound are those of one direction: the worse for its rounding, not the further apart", async () => {
    const spoilt: Engine = {
      ...engine,
      async measure(plan, batch, trace) {
        const measured = await engine.measure(plan, batch, trace);
        const [along, random] = measured.measurements.directions;
        // At layer 2 further apart along v₀, on a tangent so long that rounding explains more of it than of the other.
        const far = moved(
          { ...along, tangentNorm: along.tangentNorm.map((n, i) => (i === 1 ? n.map((x) => 1e9 * x) : n)) },
          1,
        );
        const directions = [far, moved(random, 0.5)] as const;
        return { ...measured, measurements: { ...measured.measurements, directions } };
      },
    };
    const { report, rows } = await run(deep, { engine: spoilt, audit: 0 });
    const example = report.faults.find((f) => f.check === "cut" && f.layer === 2)?.example;
    expect(example?.index).toBe(0);
    expect(example?.margin).toBeCloseTo(0.5, 9);
    expect(Math.abs((example?.left ?? 0) - (example?.right ?? 0))).toBe(example?.margin);
    // A quotient of a quotient: three roundings.
    expect((example?.margin ?? NaN) / (example?.bound ?? NaN) / (rows[0]?.layers[1]?.cutResidual ?? NaN)).toBeCloseTo(
      1,
      12,
    );
  });

  test("a halved Jacobian witness is a weaker lower bound to every other check, and the audit's to find", async () => {
    const engine = faulty("jacobian-norm-halved");
    expect((await run(deep, { engine, audit: 0 })).report.verdicts.violated).toBe(0);
    const { report, rows } = await run(deep, { engine, audit: 1 });
    expect(report.verdicts.violated).toBe(SAMPLES);
    expect(report.audited.samples).toBe(SAMPLES);
    expect(rows[0]?.violations).toContainEqual(expect.objectContaining({ check: "norms", layer: 2 }));
  });
});
