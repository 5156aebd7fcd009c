/** The head each-logit: every output of every sample, and what they say together. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import type { Head } from "../../src/network/heads.ts";
import type { CaughtSample } from "../../src/pipeline/catch.ts";
import type { VerifyOutcome } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { examine } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { makeWitness } from "../../src/witness/witness.ts";
import { normals } from "../support/stream.ts";
import { spectralNorm } from "../support/svd.ts";

// More samples and outputs than share a random direction by their own numbers, fewer samples.
const [SAMPLES, WIDTH, OUTPUTS] = [19, 5, 4];
const network = randomNetwork({
  ...{ seed: 71, index: 0, widths: [WIDTH, 9, 6, OUTPUTS], initialiser: "he", biasScale: 0.2 },
  activations: ["tanh", "gelu", "identity"],
});
const INPUTS = Float64Array.from(normals(72, 0, SAMPLES * WIDTH));

interface Ran extends VerifyOutcome {
  readonly rows: readonly SampleRow[];
  readonly caught: readonly CaughtSample[];
}

async function run(
  head: Head,
  options: { batchSize?: number; inputs?: Float64Array; fault?: FaultName; asked?: [number, number][] } = {},
): Promise<Ran> {
  const { batchSize = 100, inputs = INPUTS, fault, asked } = options;
  const host = createCpuEngine({ threads: 0, runtime: "test" });
  const engine = fault === undefined ? host : createCpuEngine({ threads: 0, runtime: "test", fault });
  const rows: SampleRow[] = [];
  const caught: CaughtSample[] = [];
  const read = (first: number, count: number) => {
    if (asked !== undefined) asked.push([first, count]);
    return { inputs: inputs.slice(first * WIDTH, (first + count) * WIDTH), labels: null };
  };
  const outcome = await verify({
    ...{ network, head, engine, host, batchSize, norm: "spectral", accuracy: 1e-3, audit: 1, seed: 3 },
    source: {
      samples: SAMPLES,
      width: WIDTH,
      read,
      again: (index) => ({ inputs: inputs.slice(index * WIDTH, (index + 1) * WIDTH), labels: null }),
    },
    catch: { wants: ({ verdict }) => verdict === "violated", take: (own) => void caught.push(own) },
    onRow: (row) => rows.push(row),
  });
  return { ...outcome, rows, caught };
}

describe("each-logit", () => {
  test("gives a row for each sample and output, in that order, with f = h_k and its own gradients", async () => {
    const { rows, report } = await run({ kind: "each-logit" });
    expect(rows.map(({ index, sample, output }) => [index, sample, output])).toEqual(
      Array.from({ length: SAMPLES * OUTPUTS }, (_, i) => [i, Math.floor(i / OUTPUTS), i % OUTPUTS]),
    );
    expect(report.verdicts.holds + report.verdicts.tight).toBe(SAMPLES * OUTPUTS);
  });

  test("has the bits of a run with each logit alone, ‖J_t‖ those of logit:0, whose gradient its one iteration starts from", async () => {
    const { rows } = await run({ kind: "each-logit" });
    const alone = await Promise.all(
      Array.from({ length: OUTPUTS }, async (_, index) => (await run({ kind: "logit", index })).rows),
    );
    const of = (k: number): readonly SampleRow[] => rows.filter(({ output }) => output === k);
    // Numbers and audit are addressed by the sample's number in its run.
    const bare = (list: readonly SampleRow[]): unknown[] =>
      list.map((row) => Object.entries(row).filter(([name]) => !["index", "sample", "output", "audit"].includes(name)));
    expect(bare(of(0))).toEqual(bare(alone[0] as SampleRow[]));
    for (let k = 0; k < OUTPUTS; k++) {
      const own = alone[k] as SampleRow[];
      for (const name of ["value", "inputGradientNorm", "parameterGradientNorm"] as const)
        expect(of(k).map((row) => row[name])).toEqual(own.map((row) => row[name]));
      for (const name of ["hiddenNorm", "weightNorm", "weightGradientNorm", "biasGradientNorm", "cutResidual"] as const)
        expect(of(k).map(({ layers }) => layers.map((layer) => layer[name]))).toEqual(
          own.map(({ layers }) => layers.map((layer) => layer[name])),
        );
      expect(of(k).map(({ layers }) => layers.map(({ jacobianNorm }) => jacobianNorm))).toEqual(
        alone[0]?.map(({ layers }) => layers.map(({ jacobianNorm }) => jacobianNorm)),
      );
    }
  });

  test("reports geometric complexity and Dirichlet energies as the oracle has them, named apart", async () => {
    const { report } = await run({ kind: "each-logit" });
    const energies = Array.from({ length: OUTPUTS }, (_, index) => {
      const norms = Array.from({ length: SAMPLES }, (__, s) => {
        const x = [...INPUTS.subarray(s * WIDTH, (s + 1) * WIDTH)];
        return examine(network, { kind: "logit", index }, x, -1, 0, "spectral", spectralNorm).inputGradientNorm;
      });
      return norms.reduce((sum, v) => sum + v * v, 0) / SAMPLES;
    });
    const complexity = energies.reduce((sum, v) => sum + v, 0);
    const { eachOutput, penalties } = report;
    expect([eachOutput?.outputs, eachOutput?.samples, eachOutput?.complete]).toEqual([OUTPUTS, SAMPLES, SAMPLES]);
    energies.forEach((v, k) => expect(Math.abs((eachOutput?.dirichletEnergies[k] ?? NaN) / v - 1)).toBeLessThan(1e-12));
    expect(Math.abs((eachOutput?.geometricComplexity ?? NaN) / complexity - 1)).toBeLessThan(1e-12);
    expect(Math.abs((OUTPUTS * (penalties.input ?? NaN)) / complexity - 1)).toBeLessThan(1e-12);
  });

  test("names the worst sample and output: the largest ratio", async () => {
    const { report, rows } = await run({ kind: "each-logit" });
    const worst = rows.reduce((a, b) => ((b.ratio ?? 0) > (a.ratio ?? 0) ? b : a));
    const { index, sample, output, ratio, verdict } = worst;
    expect(report.eachOutput?.worst).toEqual({ index, sample, output, ratio, verdict });
  });

  test("does not depend on where batches end, within a sample too", async () => {
    const whole = await run({ kind: "each-logit" });
    for (const batchSize of [1, 3, 5]) {
      const parts = await run({ kind: "each-logit" }, { batchSize });
      expect(parts.rows).toEqual(whole.rows);
      expect(parts.report.eachOutput).toEqual(whole.report.eachOutput);
    }
  });

  test("leaves a sample out of the means of which one output is invalid", async () => {
    const inputs = INPUTS.slice();
    inputs[2 * WIDTH] = NaN;
    const { report } = await run({ kind: "each-logit" }, { inputs });
    expect(report.verdicts.invalid).toBe(OUTPUTS);
    expect([report.eachOutput?.samples, report.eachOutput?.complete]).toEqual([SAMPLES, SAMPLES - 1]);
    expect(report.eachOutput?.geometricComplexity).toBeGreaterThan(0);
    const none = await run({ kind: "each-logit" }, { inputs: inputs.fill(NaN) });
    expect(none.report.eachOutput).toMatchObject({
      ...{ complete: 0, geometricComplexity: null, worst: null, reason: "no sample of which every output is valid" },
    });
  });

  test("a violated output is the worst, and its witness is of that logit", async () => {
    const { report, rows, caught } = await run({ kind: "each-logit" }, { fault: "vjp-missing-mask" });
    expect(report.verdicts.violated).toBeGreaterThan(0);
    const violated = rows.filter(({ verdict }) => verdict === "violated");
    const { worst } = report.eachOutput ?? {};
    expect(worst?.verdict).toBe("violated");
    expect(worst?.ratio).toBe(Math.max(...violated.map(({ ratio }) => ratio ?? 0)));
    const [first] = caught;
    if (first === undefined) throw new Error("nothing caught");
    const witness = makeWitness(first, {
      ...{ tool: { name: "t", version: "1" }, engine: report.engine, address: null },
      settings: { norm: "spectral", accuracy: 1e-3, seed: 3, certify: null, plant: "vjp-missing-mask" },
    });
    expect(witness.head).toEqual({ kind: "logit", index: first.row.output });
  });

  test("reads each input once, and an engine is given it once", async () => {
    const asked: [number, number][] = [];
    await run({ kind: "each-logit" }, { batchSize: 8 * OUTPUTS, asked });
    expect(asked).toEqual([
      [0, 8],
      [8, 8],
      [16, 3],
    ]);
  });
});
