/** The audit of a row: every number that it has is changed in turn, and found; of clean rows none is. */
import { describe, expect, test } from "vitest";
import type { Interval } from "../../src/engine/interval.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { fillNumbers } from "../../src/pipeline/numbers.ts";
import { sampleRow } from "../../src/pipeline/row.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { auditSample } from "../../src/verification/audit/audit.ts";
import { putFinding } from "../../src/verification/findings.ts";
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
const plain: Wanted = { network, head: { kind: "log-sum-exp" }, input: Float64Array.of(0.3, -1, 2, 0.7) };

/** No unit of layer 2 is alive: ∇ₓf, every δ_t below it and J_3 are 0. */
const dead = {
  layers: network.layers.map((layer, i) =>
    i === 1 ? { ...layer, activation: "relu" as const, bias: layer.bias.map(() => -100) } : layer,
  ),
};

/** All of W_3's row is 0, and so is every number below it. */
const silent = {
  layers: network.layers.map((layer, i) => (i === 2 ? { ...layer, weight: layer.weight.map(() => 0) } : layer)),
};

/** Unit 1 of layer 1 has z = 0 at any input: it lies at relu's kink. */
const kinked = {
  layers: network.layers.map((layer, i) =>
    i === 0
      ? {
          ...layer,
          activation: "relu" as const,
          weight: layer.weight.map((w, k) => (k < layer.inputs ? 0 : w)),
          bias: layer.bias.map((b, k) => (k === 0 ? 0 : b)),
        }
      : layer,
  ),
};

/** No unit of the output is alive: both sides are 0, and their ratio is no number. */
const still = {
  layers: network.layers.map((layer, i) =>
    i === 2 ? { ...layer, activation: "relu" as const, bias: layer.bias.map(() => -100) } : layer,
  ),
};

const SAMPLES: readonly (readonly [name: string, wanted: Wanted])[] = [
  ["a sample", plain],
  ["a sample under the Frobenius norm", { ...plain, norm: "frobenius" }],
  ["a sample at accuracy verdict", { ...plain, accuracy: "verdict" }],
  ["a sample with witnesses in f64", { ...plain, accuracy: "verdict", hostAccuracy: 1e-6 }],
  ["a sample of a dead layer", { ...plain, network: dead }],
  ["a sample of a dead layer under the Frobenius norm", { ...plain, network: dead, norm: "frobenius" }],
  ["a sample of a zero matrix", { ...plain, network: silent }],
  ["a sample whose sides are both 0", { ...plain, network: still }],
  ["a sample of weights of 2^200 and 2^-190", { ...plain, network: scaled([200, 3, -190]) }],
  ["a sample at a kink", { ...plain, network: kinked }],
  ["a sample of one layer", { ...plain, network: { layers: network.layers.slice(0, 1) } }],
];

function scaled(exponents: readonly number[]): typeof network {
  return {
    layers: network.layers.map((layer, i) => ({
      ...layer,
      activation: "identity",
      weight: layer.weight.map((w) => w * 2 ** (exponents[i] ?? 0)),
    })),
  };
}

/** Every number of a row, by its path: ["lhs"], ["layers", "1", "tightness"]. */
function numbers(row: object, path: readonly string[] = []): string[][] {
  return Object.entries(row).flatMap(([key, value]) => {
    const place = [...path, key];
    if (typeof value === "number") return [place];
    return typeof value === "object" && value !== null ? numbers(value as object, place) : [];
  });
}

function changed(row: SampleRow, path: readonly string[], change: (value: number) => number): SampleRow {
  const copy = structuredClone(row);
  let place = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  const last = path.at(-1) as string;
  place[last] = change(place[last] as number);
  return copy;
}

interface Factors {
  readonly lower?: number;
  readonly upper?: number;
}

/** A bracket of which the ends that are named are these times the estimate. */
function times({ lower, upper }: Factors, estimate: number, own: Interval): Interval {
  return {
    lower: lower === undefined ? own.lower : lower * estimate,
    upper: upper === undefined ? own.upper : upper * estimate,
  };
}

const found = ({ subject, outcome }: Audited, row: SampleRow): string[] =>
  auditSample(subject, row, outcome, []).discrepancies.map((d) => `${d.quantity} ${String(d.layer)}`);

describe("the audit of a row", () => {
  test.each(SAMPLES)("finds nothing in %s, and every number of its row that is changed", async (_, wanted) => {
    const audited = await auditedSample(wanted);
    const { row } = audited;
    expect(found(audited, row)).toEqual([]);
    const unseen: string[] = [];
    for (const path of numbers(row)) {
      const value = path.reduce<unknown>((place, key) => (place as Record<string, unknown>)[key], row) as number;
      const others = Number.isFinite(value) && value !== 0 ? [1.5 * value, 0.7 * value, 0, NaN] : [5];
      for (const other of others) {
        if (
          found(
            audited,
            changed(row, path, () => other),
          ).length > 0
        )
          continue;
        unseen.push(`${path.join(".")}: ${String(other)} in place of ${String(value)}`);
      }
    }
    expect(unseen).toEqual([]);
    const isIterated =
      wanted.accuracy !== "verdict" || wanted.hostAccuracy !== undefined || wanted.norm === "frobenius";
    const layers = 18 * row.layers.length - (isIterated ? 0 : row.layers.length - 1);
    expect(numbers(row).length).toBe(10 + layers + (row.kink === undefined ? 0 : 1));
  });

  test("finds a row that lacks a layer", async () => {
    const audited = await auditedSample(plain);
    const { row } = audited;
    expect(found(audited, { ...row, layers: row.layers.slice(0, 2) })).toEqual(["the number of layers null"]);
  });

  const BRACKETS: readonly (readonly [quantity: string, jacobian: Factors, tightness: Factors])[] = [
    ["‖J‖'s lower bound", { lower: 1.02, upper: 1.01 }, {}],
    ["‖J‖ below its upper bound", { upper: 0.99999 }, {}],
    ["κ's lower bound", {}, { lower: 1, upper: 0.9999 }],
    ["κ above its lower bound", {}, { lower: 1.00001, upper: 2 }],
    ["κ below its upper bound", {}, { lower: 0.5, upper: 0.99 }],
  ];

  test.each(BRACKETS)("finds %s out of order where the proven bracket itself is wrong", async (quantity, j, k) => {
    const audited = await auditedSample(plain);
    const { outcome, row, plan, draft } = audited;
    const { jacobianNorm, tightness } = row.layers[1] as { jacobianNorm: number; tightness: number };
    const estimate = jacobianNorm * 2 ** -(plan.layers[0]?.scaleExponent ?? NaN);
    const findings = outcome.findings.map((finding, i) => {
      if (i !== 1) return finding;
      const statement = times(j, estimate, finding.jacobian.statement);
      return {
        ...finding,
        jacobian: { ...finding.jacobian, statement },
        tightness: times(k, tightness, finding.tightness),
      };
    });
    const wrong = { ...outcome, findings };
    wrong.findings.forEach((finding, i) => {
      putFinding(draft.block.findings, i, 0, finding);
    });
    fillNumbers(draft);
    expect(found({ ...audited, outcome: wrong }, sampleRow(draft.block, 0))).toContain(`${quantity} 2`);
  });

  test("finds nothing in clean rows of drawn networks: every activation, every head, both norms", async () => {
    const heads: ((width: number) => Head)[] = [
      () => ({ kind: "sum" }),
      () => ({ kind: "mean" }),
      () => ({ kind: "logit", index: 0 }),
      () => ({ kind: "logit-argmax" }),
      (width) => ({ kind: "linear", coefficients: Float64Array.from({ length: width }, (_, i) => 1 - 0.3 * i) }),
      () => ({ kind: "half-squared-norm" }),
      () => ({ kind: "log-sum-exp" }),
      () => ({ kind: "cross-entropy" }),
      (width) => ({ kind: "squared-error", targets: new Float64Array(width).fill(0.25), rows: 1 }),
      () => ({ kind: "margin" }),
      () => ({ kind: "logistic" }),
    ];
    const initialisers = ["he", "orthogonal", "normal"] as const;
    const failures: unknown[] = [];
    for (let n = 0; n < 200; n++) {
      const depth = 1 + (n % 6);
      const widths = Array.from({ length: depth + 1 }, (_, i) => 2 + ((7 * n + 5 * i * i) % 11));
      const address = { seed: 77, index: n, widths, initialiser: initialisers[n % 3] ?? "he", biasScale: 0.1 };
      const activations = widths.slice(1).map((_, i) => ACTIVATION_NAMES[(n + i) % ACTIVATION_NAMES.length] ?? "relu");
      const drawn = randomNetwork({ ...address, activations });
      const head = (heads[n % heads.length] as (typeof heads)[number])(widths.at(-1) ?? 2);
      const input = Float64Array.from({ length: widths[0] ?? 2 }, (_, i) => Math.cos(n + 3 * i) * 10 ** ((n % 5) - 2));
      const audited = await auditedSample({
        ...{ network: drawn, head, input, label: head.kind === "cross-entropy" ? 1 : -1 },
        norm: n % 4 === 3 ? "frobenius" : "spectral",
        accuracy: n % 4 === 2 ? "verdict" : 1e-3,
        hostAccuracy: n % 8 === 2 ? 1e-6 : null,
      });
      if (found(audited, audited.row).length > 0) failures.push([n, widths, head.kind, found(audited, audited.row)]);
    }
    expect(failures).toEqual([]);
  });

  test("finds nothing in clean rows at the ends of f64: weights of 1e±300, 40 layers, subnormal inputs", async () => {
    const scales = [1, 1e-15, 1e15, 1e-60, 1e60, 1e-150, 1e140, 1e-300];
    const inputs = [1e-310, 1, 1e-200, 1, 1e100];
    const failures: unknown[] = [];
    let audits = 0;
    for (let n = 0; n < 160; n++) {
      const depth = [1, 2, 6, 12, 40][n % 5] ?? 1;
      const widths = Array.from({ length: depth + 1 }, (_, i) => 1 + ((7 * n + 5 * i * i) % 9));
      const activations = widths.slice(1).map((_, i) => ACTIVATION_NAMES[(n + i) % ACTIVATION_NAMES.length] ?? "relu");
      const scale = scales[(n >> 1) % scales.length] ?? 1;
      const biasScale = n % 3 === 0 ? 0 : 0.1;
      const drawn = randomNetwork({ seed: 5, index: n, widths, activations, initialiser: "he", scale, biasScale });
      const size = inputs[Math.floor(n / 5) % inputs.length] ?? 1;
      const input = Float64Array.from({ length: widths[0] ?? 1 }, (_, i) => Math.cos(n + 3 * i) * size);
      const norm = n % 4 === 3 ? "frobenius" : "spectral";
      const audited = await auditedSample({ network: drawn, head: { kind: "sum" }, input, norm });
      if (audited.outcome.verdict.kind === "invalid") continue;
      audits++;
      if (found(audited, audited.row).length > 0) failures.push([n, depth, scale, found(audited, audited.row)]);
    }
    expect(failures).toEqual([]);
    expect(audits).toBeGreaterThan(120);
  });
});
