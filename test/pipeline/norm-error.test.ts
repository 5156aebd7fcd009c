/** `jacobianNormError`, the iteration's own estimate of ‖J_t‖: beside an SVD of the oracle's dense Jacobians, and where there is none. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { VerifyRequest } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { estimatedError } from "../../src/engine/krylov.ts";
import { forward, jacobians } from "../../src/reference/oracle.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { spectralNorm } from "../support/svd.ts";

const engine = createCpuEngine({ threads: 0, runtime: "test" });
const [SAMPLES, WIDTH] = [12, 30];

const networkOf = (index: number) =>
  randomNetwork({
    ...{ seed: 91, index, widths: [WIDTH, 40, 36, 32, 6], initialiser: "he", biasScale: 0.2 },
    activations: index % 2 === 0 ? ["relu", "relu", "relu", "identity"] : ["tanh", "gelu", "tanh", "identity"],
  });
const inputsOf = (index: number): Float64Array =>
  fillInputs({ distribution: "normal", scale: 1, seed: 92 }, SAMPLES * index, SAMPLES, WIDTH);

async function rowsOf(index: number, changes: Partial<VerifyRequest> = {}): Promise<SampleRow[]> {
  const inputs = inputsOf(index);
  const rows: SampleRow[] = [];
  const { report } = await verify({
    network: networkOf(index),
    head: { kind: "sum" },
    source: {
      ...{ samples: SAMPLES, width: WIDTH },
      read: (first, count) => ({ inputs: inputs.slice(first * WIDTH, (first + count) * WIDTH), labels: null }),
    },
    ...{ engine, host: engine, norm: "spectral", accuracy: 1e-3, audit: 1, seed: 1 },
    onRow: (row) => rows.push(row),
    ...changes,
  });
  expect(report.faults).toEqual([]);
  return rows;
}

/** Of layers 2 … l of every sample: what ‖J_t‖ lacks of the SVD's, relative, and what the row expects. */
async function errorsOf(
  index: number,
  changes: Partial<VerifyRequest> = {},
): Promise<{ lacks: number; expects: number }[]> {
  const inputs = inputsOf(index);
  const network = networkOf(index);
  return (await rowsOf(index, changes)).flatMap(({ layers }, at) => {
    const x = Array.from(inputs.subarray(at * WIDTH, (at + 1) * WIDTH));
    const dense = jacobians(network, forward(network, x).slopes);
    return layers.slice(1).map(({ layer, jacobianNorm, jacobianNormError }) => {
      const right = spectralNorm(dense[layer - 1] ?? []);
      return { lacks: 1 - (jacobianNorm ?? NaN) / right, expects: jacobianNormError ?? NaN };
    });
  });
}

const NETWORKS = [0, 1, 2, 3, 4, 5];

describe("the iteration's own error of ‖J_t‖", () => {
  test.each([1e-1, 1e-3, 1e-6])(
    "at accuracy %d covers what an SVD finds, but for one in a hundred",
    async (accuracy) => {
      const errors = (await Promise.all(NETWORKS.map((index) => errorsOf(index, { accuracy })))).flat();
      expect(errors.length).toBe(3 * SAMPLES * NETWORKS.length);
      // Estimates below are the rounding's: of û in f32, of the SVD.
      const missed = errors.filter(({ lacks, expects }) => !(lacks <= expects + 1e-13));
      expect(missed.length).toBeLessThanOrEqual(Math.floor(errors.length / 100));
      for (const { expects } of errors) expect(expects).toBeLessThanOrEqual(accuracy);
      if (accuracy === 1e-1) expect(Math.max(...errors.map(({ lacks }) => lacks))).toBeGreaterThan(1e-11);
    },
  );

  test("by the power method is its own iterate's, which an SVD finds within it without exception", async () => {
    const errors = (await Promise.all(NETWORKS.map((i) => errorsOf(i, { normMethod: "power" })))).flat();
    expect(errors.length).toBe(3 * SAMPLES * NETWORKS.length);
    expect(errors.filter(({ lacks, expects }) => !(lacks <= expects + 1e-13))).toEqual([]);
    expect(errors.filter(({ lacks }) => !(lacks <= 1e-3))).toEqual([]);
    // It is another vector than Lanczos', whose estimates here lack less than 1e-9.
    expect(Math.max(...errors.map(({ lacks }) => lacks))).toBeGreaterThan(1e-8);
  });

  test("is 0 where the norm is explicit, and null where nothing was iterated", async () => {
    const of = ({ layers }: SampleRow): (number | null)[] => layers.map((layer) => layer.jacobianNormError);
    for (const row of await rowsOf(0)) expect(row.layers[0]?.jacobianNormError).toBe(0);
    for (const row of await rowsOf(0, { norm: "frobenius" })) expect(of(row)).toEqual([0, 0, 0, 0]);
    const screened = await rowsOf(0, { accuracy: "verdict" });
    for (const row of screened) expect([row.reason, ...of(row)]).toEqual([undefined, 0, null, null, null]);
    expect(screened.every(({ layers }) => layers.every(({ reason }) => reason === undefined))).toBe(true);
  });

  test("is near that of a narrow interval that was asked for, whose witness took the engine's place where that was wide", async () => {
    for (const { layers } of await rowsOf(1, { accuracy: 0.1, certify: 1e-12 }))
      for (const { jacobianNormError } of layers) expect(jacobianNormError).toBeLessThanOrEqual(1e-11);
  });
});

describe("its formula, ½ min(ρ, ρ²/(θ₁ − θ₂))/θ₁", () => {
  const of = (alpha: readonly number[], beta: readonly number[]): number => estimatedError({ alpha, beta });
  /** The gap is found to a thousandth, from below. */
  const expectNear = (found: number, right: number): void => {
    expect(found).toBeGreaterThanOrEqual(right * (1 - 1e-12));
    expect(found).toBeLessThanOrEqual(right * (1 + 2 ** -10) + 1e-300);
  };

  test("of one step takes 0 for the second eigenvalue", () => {
    expectNear(of([4], [0.4]), (0.5 * (0.4 ** 2 / 4)) / 4);
  });

  test("of [[2, 1], [1, 2]], whose eigenvalues are 3 and 1 and whose vector ends in 1/√2", () => {
    expectNear(of([2, 2], [1, 0.1]), (0.5 * (0.01 / 2 / 2)) / 3);
  });

  test("takes the residual itself where the next eigenvalue is nearer than that", () => {
    expectNear(of([2, 2], [0.01, 1]), (0.5 * Math.SQRT1_2) / 2.01);
  });

  test("is the same at any scale, 0 of a dead layer, and nothing where a coefficient is", () => {
    for (const scale of [2 ** -900, 2 ** 900])
      expect(of([2 * scale, 2 * scale], [scale, 0.1 * scale])).toBe(of([2, 2], [1, 0.1]));
    expect(of([0], [0])).toBe(0);
    expect(of([2, NaN], [1, 0.1])).toBe(NaN);
  });
});
