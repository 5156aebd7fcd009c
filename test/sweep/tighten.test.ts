/** What the search finds: the known equalities of one layer from random starts, and ratios near 1 where random samples show none. */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { CaughtSample } from "../../src/pipeline/catch.ts";
import type { SampleSource } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { InitialiserName } from "../../src/network/initialisers.ts";
import type { Network } from "../../src/network/network.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import type { TightenReport } from "../../src/records/report.ts";
import type { TightenRequest } from "../../src/sweep/tighten/tighten.ts";
import { tighten } from "../../src/sweep/tighten/tighten.ts";

const SEED = 3;
const host = createCpuEngine({ threads: 0, runtime: "test" });

function source(width: number, samples: number, scale = 1): SampleSource {
  return {
    samples,
    width,
    read: (first, count) => ({
      inputs: fillInputs({ distribution: "normal", scale, seed: SEED }, first, count, width),
      labels: null,
    }),
  };
}

function network(
  widths: readonly number[],
  activation: ActivationName,
  initialiser: InitialiserName,
  biasScale = 0,
): Network {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 && depth > 1 ? "identity" : activation));
  return randomNetwork({ seed: SEED, index: 0, widths, activations, initialiser, biasScale });
}

type Wish = Pick<TightenRequest, "network" | "head"> & Partial<TightenRequest>;

function request(wish: Wish): TightenRequest {
  return {
    source: source(wish.network.layers[0]?.inputs ?? 0, 1000),
    ...{ engine: host, host, norm: "spectral", accuracy: 1e-3, audit: 1, seed: SEED },
    ...{ centre: "origin", radius: null, box: null, weightRadius: null, starts: 3, steps: 100 },
    pause: () => Promise.resolve(),
    ...wish,
  };
}

async function found(wish: Wish): Promise<TightenReport> {
  const { report, failure } = await tighten(request(wish));
  expect(failure).toBeNull();
  if (report === null) throw new Error("nothing was found");
  return report;
}

const squaredNorm: Head = { kind: "half-squared-norm" };

describe("one layer", () => {
  test.each(ACTIVATION_NAMES)("with one output is at equality from every start: %s", async (name) => {
    const layer = network([5, 1], name, "he", 0.3);
    const { search } = await found({ network: layer, head: { kind: "sum" }, source: source(5, 50) });
    const alive = search.starts.filter((start) => start.endRatio !== null && start.endRatio > 0);
    expect(alive.length).toBeGreaterThan(0);
    expect(alive.map((start) => start.verdict)).toEqual(alive.map(() => "tight"));
  });

  test.each(["identity", "tanh", "softplus"] as const)("with orthonormal rows too: %s", async (name) => {
    const layer = network([6, 4], name, "orthogonal", 0.3);
    const { search } = await found({ network: layer, head: { kind: "log-sum-exp" }, source: source(6, 50) });
    expect(search.starts.map((start) => start.verdict)).toEqual(["tight", "tight", "tight"]);
  });

  test.each([
    ["identity", [8, 12]],
    ["tanh", [6, 8]],
    ["gelu", [8, 8]],
    ["sin", [6, 8]],
  ] as const)("is brought to equality by turning δ to W's first singular vector: %s, %j", async (name, widths) => {
    const layer = network(widths, name, "he");
    const { search } = await found({ network: layer, head: squaredNorm });
    expect(search.sampled.ratio.max).toBeLessThan(0.995);
    expect(search.tightest?.ratio).toBeGreaterThan(0.9999);
  });

  test("is brought to equality by its weights where the head fixes δ", async () => {
    const layer = network([6, 8], "identity", "he");
    const { search } = await found({ network: layer, head: { kind: "logit", index: 2 }, weightRadius: 1 });
    expect(search.sampled.ratio.max).toBeLessThan(0.9);
    expect(search.tightest?.ratio).toBeGreaterThan(0.9999);
  });
});

describe("ratio ≥ 0.9 where the largest of 1,000 random samples is ≤ 0.3", () => {
  const logits: Head = { kind: "logit-argmax" };
  test.each([
    ["relu", "he", [16, 32, 16, 10]],
    ["tanh", "lecun", [16, 16, 16, 4]],
    ["sigmoid", "lecun", [8, 12, 12, 4]],
    ["gelu", "lecun", [16, 16, 16, 16, 4]],
    ["leaky-relu", "lecun", [16, 16, 16, 4]],
    ["softplus", "glorot", [16, 16, 16, 4]],
  ] as const)("when weights move too: %s, %s, %j", async (name, initialiser, widths) => {
    const start = network(widths, name, initialiser, 0.1);
    const { search } = await found({ network: start, head: logits, weightRadius: 0.5, starts: 2, steps: 60 });
    expect(search.sampled.ratio.max).toBeLessThanOrEqual(0.3);
    expect(search.tightest?.ratio).toBeGreaterThanOrEqual(0.9);
    expect(search.tightest?.verdict).toMatch(/holds|tight/);
    for (const { weightsMoved } of search.starts) expect(weightsMoved).toBeLessThanOrEqual(0.5 + 1e-12);
  });
});

describe("ratio ≥ 0.9 from ≤ 0.3 when inputs alone move, where f = ½‖h‖² lets δ turn and the ball is wide", () => {
  test.each([
    ["identity", [10, 60], 10, 400],
    ["sigmoid", [8, 1, 32], 5, 60],
    ["tanh", [8, 1, 32], 5, 60],
    ["softsign", [8, 1, 32], 5, 60],
  ] as const)("%s, %j", async (name, widths, biasScale, radius) => {
    const start = network(widths, name, "he", biasScale);
    const { search } = await found({ network: start, head: squaredNorm, radius });
    expect(search.sampled.ratio.max).toBeLessThanOrEqual(0.3);
    expect(search.tightest?.ratio).toBeGreaterThanOrEqual(0.9);
    expect(search.tightest?.verdict).toMatch(/holds|tight/);
  });
});

describe("what is reported", () => {
  const small = network([6, 5, 4, 3], "relu", "he", 0.1);
  const head: Head = { kind: "log-sum-exp" };

  test("is the pipeline's own: verify on the witness's network and input gives the same row", async () => {
    for (const weightRadius of [null, 0.4]) {
      let caught: CaughtSample | null = null as CaughtSample | null;
      const { report } = await tighten(
        request({ network: small, head, weightRadius, onTightest: (sample) => void (caught = sample) }),
      );
      const best = report?.search.tightest;
      if (caught === null || report === null || best === undefined || best === null) throw new Error("nothing found");
      const { row, plan, input } = caught;
      const again = await verify({
        ...{ network: plan.network, head, engine: host, host, norm: "spectral", accuracy: 1e-3, audit: 1, seed: SEED },
        source: { samples: 1, width: 6, read: () => ({ inputs: input.slice(), labels: null }) },
        firstIndex: row.index,
        onRow: (other) => {
          expect(other).toEqual(row);
        },
      });
      expect(again.report.ratio.max).toBe(best.ratio);
      expect(report.ratio.max).toBe(best.ratio);
      expect(row.index).toBe(best.sample);
      expect(report.samples).toBe(weightRadius === null ? 3 : 1);
      expect(best.layers.reduce((sum, l) => sum + (l.share ?? 0) * (l.tightness ?? 0) ** 2, 0)).toBeCloseTo(
        best.ratio ?? 0,
        12,
      );
    }
  });

  test("no end is below its start, and every end is in the region", async () => {
    const { search } = await found({ network: small, head, radius: 1.5, box: { low: -0.5, high: 1 }, starts: 8 });
    expect(search.region).toEqual({ centre: "origin", radius: 1.5, box: { low: -0.5, high: 1 } });
    for (const { startRatio, endRatio } of search.starts)
      expect(endRatio).toBeGreaterThanOrEqual((startRatio ?? 1) * (1 - 1e-3));
    const rows: number[] = [];
    await tighten(
      request({
        ...{ network: small, head, radius: 1.5, box: { low: -0.5, high: 1 }, starts: 8 },
        onRow: (row) => rows.push(row.layers[0]?.hiddenNorm ?? NaN),
      }),
    );
    for (const norm of rows) expect(norm).toBeLessThanOrEqual(1.5 * (1 + 1e-12));
  });

  test("is the same whatever the pauses, and another seed's is another", async () => {
    const timeless = (report: TightenReport): unknown => ({ ...report, timing: null });
    const wish = { network: small, head, weightRadius: 0.3 };
    const once = await found(wish);
    const again = await found({ ...wish, pause: () => new Promise((resolve) => setTimeout(resolve, 0)), steps: 100 });
    expect(timeless(again)).toEqual(timeless(once));
    const other = await found({ ...wish, seed: SEED + 1 });
    expect(other.search.starts).not.toEqual(once.search.starts);
  });

  test("samples that are dead or not finite stop nothing", async () => {
    const dead = { layers: small.layers.map((l) => ({ ...l, bias: l.bias.map(() => -1e3) })) };
    const { search } = await found({ network: dead, head: { kind: "logit", index: 0 }, source: source(6, 20) });
    expect(search.tightest?.ratio).toBe(0);
    expect(search.starts.map((start) => start.verdict)).toEqual(["holds", "holds", "holds"]);
    const bad: SampleSource = {
      ...source(6, 10),
      read: (first, count) => ({ inputs: new Float64Array(6 * count).fill(NaN), labels: null }),
    };
    const { report, verdicts } = await tighten(request({ network: small, head, source: bad }));
    expect([report, verdicts.invalid]).toEqual([null, 10]);
  });

  test("an interruption ends with the best so far", async () => {
    const controller = new AbortController();
    let steps = 0;
    const pause = (): Promise<void> => {
      if (++steps === 40) controller.abort();
      return Promise.resolve();
    };
    const smooth = network([6, 5, 4, 3], "tanh", "he", 0.1);
    const { search, timing } = await found({ network: smooth, head, pause, signal: controller.signal });
    expect(search.starts.length).toBe(1);
    expect([timing.interrupted, timing.requested]).toEqual([true, 3]);
    expect(search.starts[0]?.endRatio).toBeGreaterThan(search.starts[0]?.startRatio ?? 1);
  });

  test("samples of a file are the centres of their balls, and must lie in the box", async () => {
    const wish = { network: small, head, centre: "sample" as const, radius: 0.25 };
    const { search } = await found(wish);
    for (const { inputMoved } of search.starts) expect(inputMoved).toBeLessThanOrEqual(0.25 * (1 + 1e-12));
    await expect(tighten(request({ ...wish, box: { low: 0, high: 1 } }))).rejects.toThrow(
      /^sample 0: value \d is -[\d.]+, expected 0 to 1, the --box$/,
    );
  });
});

test("squared-error keeps each start's own targets", async () => {
  const small = network([4, 3], "identity", "he");
  const targets = Float64Array.from({ length: 3 * 20 }, (_, i) => (i % 7) - 3);
  const head: Head = { kind: "squared-error", targets, rows: 20 };
  const { search } = await found({ network: small, head, source: source(4, 20) });
  for (const { startRatio, endRatio } of search.starts) expect(endRatio).toBeGreaterThanOrEqual(startRatio ?? 1);
  expect(search.tightest?.ratio).toBeGreaterThan(0.999);
});
