import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { readModelJson, writeModelJson } from "../../src/formats/model-json.ts";
import { exactVerdict } from "../../src/exact/verdict.ts";
import type { Network } from "../../src/network/network.ts";
import { checkNetwork } from "../../src/network/network.ts";
import { examine } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { cellsOf, parseGrids } from "../../src/sweep/grid.ts";
import { makeObjective } from "../../src/sweep/tighten/objective.ts";
import { createComparison } from "../../src/verification/audit/comparison.ts";
import { auditIdentities } from "../../src/verification/audit/identities.ts";
import { storedNorms } from "../../src/verification/audit/stored-norms.ts";
import { normals } from "../support/stream.ts";
import { spectralNorm } from "../support/svd.ts";
import { auditedSample } from "./audited.ts";
import { totalWeights } from "./one-sample.ts";

const host = createCpuEngine({ threads: 0, runtime: "test" });
const WIDTHS = [5, 7, 6, 3];
const HEAD = { kind: "half-squared-norm" } as const;

/** Layers listed have no bias. */
function without(bare: readonly number[], seed: number): Network {
  const settings = { seed, index: 0, widths: WIDTHS, initialiser: "he", biasScale: 0.5 } as const;
  const { layers } = randomNetwork({ ...settings, activations: ["relu", "leaky-relu", "identity"] });
  return {
    layers: layers.map((layer, i) =>
      bare.includes(i + 1) ? { ...layer, bias: new Float64Array(layer.outputs), biased: false } : layer,
    ),
  };
}

async function rowOf(network: Network, x: Float64Array): Promise<SampleRow> {
  const rows: SampleRow[] = [];
  const { failure } = await verify({
    ...{ network, head: HEAD, engine: host, host, norm: "spectral", accuracy: 1e-6, audit: 1, seed: 3 },
    source: { samples: 1, width: x.length, read: () => ({ inputs: x.slice(), labels: null }) },
    onRow: (row) => rows.push(row),
  });
  if (failure !== null) throw failure;
  return rows[0] as SampleRow;
}

describe.each([[[1, 2, 3]], [[2]], [[1, 3]], [[]]])("layers %j without a bias", (bare) => {
  test("oracle, exact arithmetic, the search's objective and engine cpu, audited, agree on both sides", async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const network = without(bare, seed);
      const x = Float64Array.from(normals(seed, 1, 5));
      const row = await rowOf(network, x);
      const oracle = examine(network, HEAD, Array.from(x), -1, 0, "spectral", spectralNorm);
      const exact = exactVerdict(network, HEAD, x, -1, 0, "spectral").total;
      expect(row.violations).toBeUndefined();
      // What is a parameter, counted from the gradients themselves.
      const right = network.layers.reduce((sum, layer, i) => {
        const matrix = (oracle.weightGradients[i] ?? []).flat();
        const own = layer.biased === false ? [] : (oracle.adjoints[i] ?? []);
        return [...matrix, ...own].reduce((total, v) => total + v * v, sum);
      }, 0);
      for (const rhs of [row.rhs ?? NaN, oracle.rhs, exact.rhs.lower, exact.rhs.upper]) {
        expect(Math.abs(rhs - right)).toBeLessThanOrEqual(1e-12 * right);
      }
      // ‖J_t‖ of the row is a lower estimate within the accuracy that was asked for, 1e-6, squared and in each layer.
      expect(Math.abs((row.ratio ?? NaN) - oracle.ratio)).toBeLessThanOrEqual(1e-5 * oracle.ratio);
      expect(Math.abs(exact.ratio.lower - oracle.ratio)).toBeLessThanOrEqual(1e-9 * oracle.ratio);
      expect(Math.abs((row.coefficient ?? NaN) - oracle.coefficient)).toBeLessThanOrEqual(1e-5 * oracle.coefficient);
      const settings = { network, head: HEAD, norm: "spectral", label: -1, sample: 0, moving: false } as const;
      const value = makeObjective(settings).value({ x, weights: network.layers.map(({ weight }) => weight) });
      expect(Math.abs(Math.exp(value) - oracle.ratio)).toBeLessThanOrEqual(1e-9 * oracle.ratio);
      network.layers.forEach((_, i) => {
        const isBare = bare.includes(i + 1);
        expect(row.layers[i]?.biasGradientNorm === null).toBe(isBare);
        expect(oracle.layers[i]?.biasForm === null).toBe(isBare);
      });
      expect(row.audit?.biasIdentityResidual.value === null).toBe(bare.length === 3);
    }
  });
});

test("the weights of the total are ‖δ‖²‖h‖² without a bias: 0 where h is, and no underflow on the way", () => {
  const bare = { biased: false } as const;
  expect(totalWeights([2, 1], [0, 0], [0, 0], [bare, {}]).weights[0]).toBe(0);
  expect(totalWeights([2], [0], [0], [bare]).weights).toEqual([0]);
  const { weights, exponent } = totalWeights([1.5, 1.5], [2 ** -800, 2 ** -800], [0, 0], [bare, bare]);
  expect(weights).toEqual([2.25, 2.25]);
  expect(exponent).toBe(-1600);
});

test("at x = 0 a network without biases has 0 on both sides, and holds", async () => {
  const row = await rowOf(without([1, 2, 3], 2), new Float64Array(5));
  expect([row.verdict, row.lhs, row.rhs]).toEqual(["holds", 0, 0]);
});

test("a layer without a bias that has one is refused", () => {
  const [layer] = without([], 1).layers;
  const network: Network = { layers: [{ ...(layer as NonNullable<typeof layer>), biased: false }] };
  expect(() => {
    checkNetwork(network, "m");
  }).toThrow("m: layer 1: found a bias that is not 0 in a layer without one, expected zeros");
});

test("the audit looks at the bias identity of the layers that have a bias alone", async () => {
  const { subject } = await auditedSample({
    network: without([2], 1),
    head: HEAD,
    input: Float64Array.from(normals(1, 1, 5)),
  });
  const comparison = createComparison();
  const { entries } = auditIdentities({ ...subject, norms: storedNorms(subject.traced) }, comparison);
  const layersOf = (identity: string) => new Set(entries.filter((e) => e.identity === identity).map((e) => e.layer));
  expect(layersOf("bias")).toEqual(new Set([1, 3]));
  expect(layersOf("matrix")).toEqual(new Set([1, 2, 3]));
  expect(comparison.found).toEqual([]);
});

test("a sweep's biases of 0 are parameters, and false leaves them out; weights are the same", () => {
  const settings = {
    seed: 5,
    index: 0,
    widths: WIDTHS,
    activations: ["relu", "relu", "relu"],
    initialiser: "he",
  } as const;
  const [zeros, none] = [
    randomNetwork({ ...settings, biasScale: 0 }),
    randomNetwork({ ...settings, biasScale: false }),
  ];
  expect(zeros.layers.map(({ biased }) => biased)).toEqual([undefined, undefined, undefined]);
  expect(none.layers).toEqual(zeros.layers.map((layer) => ({ ...layer, biased: false })));
  const grid = { depth: [1], width: [2], bias: [false, 0] };
  expect([...cellsOf(parseGrids(grid, "grid"), "grid")].map(({ bias }) => bias)).toEqual([false, 0]);
});

test("a JSON model keeps which layers have no bias", () => {
  const network = without([2], 1);
  expect(readModelJson(writeModelJson(network), "m", {}).layers.map(({ biased }) => biased)).toEqual([
    undefined,
    false,
    undefined,
  ]);
});
