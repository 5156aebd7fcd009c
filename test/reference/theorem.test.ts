import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Network } from "../../src/network/network.ts";
import type { Examination } from "../../src/reference/oracle.ts";
import { norm } from "../../src/reference/matrix.ts";
import { examine } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { normals } from "../support/stream.ts";
import { spectralNorm } from "../support/svd.ts";
import { headCases } from "./support/cases.ts";
import { gamma, theoremAllowances } from "./support/rounding.ts";

/** Underflow: each of fewer than 2²⁰ products errs by 2⁻¹⁰⁷⁵ at most, amplified by less than 2⁵⁰ on the way. */
const UNDERFLOW = 2 ** -1000;

const architecture = fc.record({
  seed: fc.nat(1_000_000),
  widths: fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 6 }),
  activations: fc.array(fc.constantFrom(...ACTIVATION_NAMES), { minLength: 5, maxLength: 5 }),
  initialiser: fc.constantFrom("orthogonal", "he", "glorot", "lecun"),
  biasScale: fc.constantFrom(0, 0.5),
  head: fc.nat(10),
});

function drawn(case_: typeof architecture extends fc.Arbitrary<infer T> ? T : never): {
  network: Network;
  x: number[];
} {
  const { seed, widths, activations, initialiser, biasScale } = case_;
  return {
    network: randomNetwork({
      seed,
      index: 0,
      widths,
      activations: activations.slice(0, widths.length - 1),
      initialiser,
      biasScale,
    }),
    x: normals(seed, 1, widths[0] ?? 1),
  };
}

function expectTheorem(network: Network, x: readonly number[], found: Examination): void {
  const allowances = theoremAllowances(network, x, found);
  let total = 0;
  found.layers.forEach((layer, i) => {
    const allowed = allowances[i] as (typeof allowances)[number];
    const dead = layer.weightNorm * layer.jacobianNorm * norm(found.adjoints[i] ?? []) === 0;
    if (dead) {
      expect(found.inputGradientNorm).toBe(0);
      expect(layer.tightness).toBe(0);
    } else {
      const squared = (1 + allowed.tightness) ** 2 * (1 + allowed.norms);
      total += (layer.weightForm.rhs + (layer.biasForm?.rhs ?? 0)) * squared;
      expect(layer.tightness).toBeLessThanOrEqual(1 + allowed.tightness);
      expect(layer.weightForm.lhs).toBeLessThanOrEqual(layer.weightForm.rhs * squared + UNDERFLOW);
      if (layer.biasForm !== null)
        expect(layer.biasForm.lhs).toBeLessThanOrEqual(layer.biasForm.rhs * squared + UNDERFLOW);
      expect(layer.alignmentWeight).toBeLessThanOrEqual(1 + allowed.norms);
      expect(layer.alignmentJacobian).toBeLessThanOrEqual(1 + allowed.alignmentJacobian);
      expect(layer.tightness).toBeLessThanOrEqual(layer.directionalTightness * (1 + allowed.norms));
      if (layer.tightness > 0) {
        // Here the error stands beside ‖J_t v₀‖ = κ_t/directional · ‖J_t‖ in place of ‖J_t‖.
        const sharper = (allowed.tightness * layer.directionalTightness) / layer.tightness;
        expect(layer.directionalTightness).toBeLessThanOrEqual(1 + sharper);
        expect(Math.abs(layer.alignmentWeight * layer.alignmentJacobian - layer.tightness)).toBeLessThanOrEqual(
          allowed.norms * layer.tightness,
        );
      }
    }
    for (const { residual, scale } of Object.values(layer.identities).filter((d) => d !== null)) {
      expect(residual).toBeLessThanOrEqual(gamma(allowed.operations) * scale + UNDERFLOW);
    }
  });
  expect(found.lhs).toBeLessThanOrEqual(total + UNDERFLOW);
}

describe("the theorem holds", () => {
  test("on drawn networks: total, weight and bias forms, tightness, identities, under both norms", () => {
    fc.assert(
      fc.property(architecture, (case_) => {
        const { network, x } = drawn(case_);
        const { head, label } = headCases(case_.widths.at(-1) ?? 1)[case_.head] as ReturnType<typeof headCases>[number];
        for (const statement of ["spectral", "frobenius"] as const) {
          expectTheorem(network, x, examine(network, head, x, label, 0, statement, spectralNorm));
        }
      }),
      { seed: 31, numRuns: 300 },
    );
  });

  test("as an equality for every layer with one output, whatever the activation", () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(...ACTIVATION_NAMES),
        (seed, n, g) => {
          const network = randomNetwork({ seed, index: 0, widths: [n, 1], activations: [g], initialiser: "he" });
          const x = normals(seed, 1, n);
          const found = examine(network, { kind: "sum" }, x, -1, 0, "spectral", spectralNorm);
          if (found.inputGradientNorm > 0) expectEqualityAt(1, network, x, found);
        },
      ),
      { seed: 32, numRuns: 100 },
    );
  });

  test("as an equality at layer 1 where n_2 = 1", () => {
    const network = randomNetwork({
      seed: 41,
      index: 1,
      widths: [6, 1, 5, 3],
      activations: ["tanh", "silu", "identity"],
      initialiser: "he",
    });
    const x = normals(42, 1, 6);
    expectEqualityAt(1, network, x, examine(network, { kind: "sum" }, x, -1, 0, "spectral", spectralNorm));
  });

  test("as an equality at layer 1, and there alone, where W_1 has orthonormal rows", () => {
    const network = randomNetwork({
      seed: 41,
      index: 2,
      widths: [8, 5, 4],
      activations: ["relu", "identity"],
      initialiser: "orthogonal",
    });
    const x = normals(42, 2, 8);
    const found = examine(network, { kind: "sum" }, x, -1, 0, "spectral", spectralNorm);
    expectEqualityAt(1, network, x, found);
    expect(found.layers[1]?.tightness).toBeLessThan(0.999);
  });

  test("as an equality at every layer of a linear Hadamard network and of a chain of width 1", () => {
    const hadamard = randomNetwork({
      seed: 51,
      index: 0,
      widths: [16, 16, 16, 16],
      activations: ["identity", "identity", "identity"],
      initialiser: "hadamard",
    });
    const chain = randomNetwork({
      seed: 51,
      index: 1,
      widths: [1, 1, 1, 1],
      activations: ["tanh", "sigmoid", "identity"],
      initialiser: "normal",
    });
    for (const [network, width] of [
      [hadamard, 16],
      [chain, 1],
    ] as const) {
      const x = normals(52, 0, width);
      const found = examine(network, { kind: "logit", index: 0 }, x, -1, 0, "spectral", spectralNorm);
      for (const t of [1, 2, 3]) expectEqualityAt(t, network, x, found);
      const widest = Math.max(...theoremAllowances(network, x, found).map((a) => a.tightness));
      expect(Math.abs(found.ratio - 1)).toBeLessThanOrEqual(3 * widest);
      expect(widest).toBeLessThan(1e-11);
    }
  });

  test("strictly under the Frobenius norm where the spectral norm gives an equality", () => {
    const network = randomNetwork({
      seed: 51,
      index: 0,
      widths: [16, 16],
      activations: ["identity"],
      initialiser: "hadamard",
    });
    const found = examine(network, { kind: "sum" }, normals(52, 0, 16), -1, 0, "frobenius", spectralNorm);
    // ‖W‖_F = ‖I‖_F = 4 in place of 1.
    expect(Math.abs(found.ratio * 256 - 1)).toBeLessThanOrEqual(gamma(2000));
  });
});

function expectEqualityAt(t: number, network: Network, x: readonly number[], found: Examination): void {
  const allowed = theoremAllowances(network, x, found)[t - 1]?.tightness ?? NaN;
  expect(Math.abs((found.layers[t - 1]?.tightness ?? NaN) - 1), `layer ${String(t)}`).toBeLessThanOrEqual(allowed);
}

describe("the terms of a dead factor count as 0", () => {
  const base = randomNetwork({
    seed: 61,
    index: 0,
    widths: [3, 4, 2],
    activations: ["relu", "identity"],
    initialiser: "he",
  });

  test("where every relu is off: J_2 = 0 and δ_1 = 0", () => {
    const network = { layers: base.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map(() => -1e6) } : l)) };
    const found = examine(network, { kind: "sum" }, [1, 2, 3], -1, 0, "spectral", spectralNorm);
    expect(found.inputGradientNorm).toBe(0);
    expect(found.lhs).toBe(0);
    expect(found.layers[1]?.jacobianNorm).toBe(0);
    expect(found.layers.map((l) => l.tightness)).toEqual([0, 0]);
    // ‖W_1‖ and ‖J_1‖ are alive: layer 1's term stays in the coefficient, layer 2's does not.
    expect(found.coefficient).toBeCloseTo(15 / (found.layers[0]?.weightNorm ?? NaN) ** 2, 12);
  });

  test("where every weight is 0: nothing is NaN", () => {
    const network = { layers: base.layers.map((l) => ({ ...l, weight: l.weight.map(() => 0) })) };
    const found = examine(network, { kind: "sum" }, [1, 2, 3], -1, 0, "spectral", spectralNorm);
    expect([found.lhs, found.ratio, found.coefficient]).toEqual([0, 0, 0]);
    expect(Math.abs(found.rhs - 2)).toBeLessThanOrEqual(gamma(8));
  });

  test("but not the terms of a NaN", () => {
    const found = examine(base, { kind: "sum" }, [1, NaN, 3], -1, 0, "frobenius", spectralNorm);
    expect(found.ratio).toBeNaN();
    expect(found.layers[0]?.hiddenNorm).toBeNaN();
  });
});
