/** The formulas of MATH.md §2, "Verdict per layer", from evidence made by hand; each number worked out here again from the bounds' own. */
import { describe, expect, test } from "vitest";
import { IEEE_F64, WGSL_F32 } from "../../src/engine/engine.ts";
import type { LayerFinding } from "../../src/verification/findings.ts";
import { intersectLayer } from "../../src/verification/intersect.ts";
import type { LayerBounds } from "../../src/verification/rounding.ts";
import type { CertainZeros } from "../../src/verification/zeros.ts";
import { backwardStepError, normError } from "../../src/verification/rounding.ts";
import type { OneEvidence, OneLayer } from "./one-sample.ts";
import { judgeLayers, totalBracket, totalWeights } from "./one-sample.ts";

const layer = (inputs: number, outputs: number, norm: number): LayerBounds => ({
  inputs,
  outputs,
  norm: { lower: norm * (1 - 1e-12), upper: norm * (1 + 1e-12) },
  spectralUpper: norm * (1 + 1e-12),
  absoluteNorm: 2 * norm,
});

const one = (changes: Partial<OneLayer>): OneLayer => ({
  adjointNorm: 1,
  gradientNorm: 0.5,
  pullbackNorm: 0.5,
  stageNorms: [1],
  witness: null,
  explicit: null,
  ...changes,
});

const evidence = (layers: OneLayer[], slopeMax = layers.map(() => 1)): OneEvidence => ({
  arithmetic: WGSL_F32,
  slopeMax,
  layers,
});

const judge = (layers: LayerBounds[], e: OneEvidence, zeros: CertainZeros | null = null): LayerFinding[] =>
  judgeLayers(layers, "spectral", e, zeros);

/** One layer's zeros. */
const zeros = (gradient: boolean, adjoint: boolean, jacobian = false): CertainZeros => ({
  ...{ gradient, pattern: gradient, adjoint: [adjoint], slopes: [false], jacobian: [jacobian] },
});

describe("κ's bracket", () => {
  test("is N_g ± E_t over N_δ L_W L_J and N_δ U_W U_J, each measured norm with its own error", () => {
    const own = layer(100, 50, 1.5);
    const [finding] = judge([own], evidence([one({})])) as [LayerFinding];
    const error = backwardStepError(own, 1 * (1 + normError(50, WGSL_F32)), WGSL_F32);
    const relative = normError(100, WGSL_F32) + normError(50, WGSL_F32);
    const kappa = 0.5 / 1.5;
    // One layer: E_1 = U(J_1) times one backward step's error, and ‖J_1‖ = 1.
    expect(finding.tightness.upper / kappa - 1).toBeGreaterThanOrEqual(error / 0.5 + relative);
    expect(finding.tightness.upper / kappa - 1).toBeLessThan(1.01 * (error / 0.5 + relative) + 1e-10);
    expect(1 - finding.tightness.lower / kappa).toBeGreaterThanOrEqual(0.999 * (error / 0.5 + relative));
    expect(1 - finding.tightness.lower / kappa).toBeLessThan(1.01 * (error / 0.5 + relative) + 1e-10);
    expect(finding.restartError).toBeCloseTo(error / 0.5, 12);
  });

  test("carries the restart error of every layer below by the norm of its Jacobian", () => {
    const layers = [layer(10, 10, 1), layer(10, 10, 1)];
    const both = [one({}), one({ stageNorms: [1, 1] })];
    const [first, second] = judge(layers, evidence(both)) as [LayerFinding, LayerFinding];
    expect(second.restartError).toBeGreaterThan(1.99 * first.restartError);
    const [, steeper] = judge(layers, evidence(both, [4, 1])) as [LayerFinding, LayerFinding];
    // U(J_2) is four times as large.
    expect(steeper.restartError).toBeGreaterThan(2.49 * second.restartError - 1e-12);
  });

  test("a certain zero factor holds trivially beside ∇ₓf = 0, and any stored one is violated beside another", () => {
    const dead = one({ adjointNorm: 0 });
    for (const [own, changes, known] of [
      [layer(3, 3, 1), dead, zeros(true, true)],
      [layer(3, 3, 0), one({}), null],
    ] as const) {
      const zero = judge([own], evidence([{ ...changes, gradientNorm: 0 }]), known)[0];
      expect(zero?.verdict).toEqual({ kind: "holds", trivial: true });
      expect(zero?.tightness).toEqual({ lower: 0, upper: 0 });
      const other = judge([own], evidence([changes]), known)[0];
      const numbers = { found: 0.5, right: 0, bound: 0 };
      expect(other?.verdict).toMatchObject({ kind: "violated", check: "zero-factor", layer: 1, numbers });
    }
  });

  test("a stored 0 that is not certain proves nothing: of δ_t the bracket is open, of ∇ₓf it is [0, E_t/(N_δ L_W L_J)]", () => {
    const silent = { ...evidence([one({ gradientNorm: 0 })]), arithmetic: IEEE_F64 };
    const own = layer(3, 3, 1.5);
    const cancelled = judge([own], silent, zeros(false, false))[0];
    expect(cancelled?.verdict).toEqual({ kind: "holds", trivial: false });
    expect(cancelled?.tightness.lower).toBe(0);
    const error = backwardStepError(own, 1, IEEE_F64) / 1.5;
    expect(cancelled?.tightness.upper).toBeGreaterThanOrEqual(error);
    expect(cancelled?.tightness.upper).toBeLessThan(1.01 * error);
    const vanished = { ...evidence([one({ gradientNorm: 0, adjointNorm: 0 })]), arithmetic: IEEE_F64 };
    expect(judge([own], vanished, zeros(false, false))[0]?.verdict.kind).toBe("unresolved");
    // ∇ₓf = 0 for certain, with no factor 0: κ is 0.
    const exact = judge([own], silent, zeros(true, false))[0];
    expect(exact).toMatchObject({ verdict: { kind: "holds", trivial: false }, tightness: { lower: 0, upper: 0 } });
    // By sums that cancel, not by the pattern: the chain from the rounded δ̂_t may differ from 0 by its rounding.
    const summed = judge([own], silent, { ...zeros(true, false), pattern: false })[0];
    expect(summed).toMatchObject({ verdict: { kind: "holds", trivial: false }, tightness: cancelled?.tightness });
    const unbounded = judge([own], vanished, { ...zeros(true, false), pattern: false })[0];
    expect(unbounded).toMatchObject({ verdict: { kind: "holds", trivial: false }, tightness: { lower: 0, upper: 1 } });
  });

  test("a lower bound of ‖J_t‖ above an upper one is a violation of the norms", () => {
    const layers = [layer(4, 4, 1), layer(4, 4, 1)];
    const witness = { vectorNorm: 1, resultNorm: 3, stageNorms: [1] };
    const both = [one({}), one({ stageNorms: [1, 1], witness })];
    const [, impossible] = judge(layers, evidence(both)) as [LayerFinding, LayerFinding];
    // ‖J_2‖ ≤ ‖W_1‖ = 1, and the witness says 3: the two that are compared, to about 1e-6, and not κ against 1.
    const numbers = { found: expect.closeTo(3, 4) as number, right: expect.closeTo(1, 4) as number, bound: 0 };
    expect(impossible.verdict).toMatchObject({ kind: "violated", check: "norms", layer: 2, numbers });
    const possible = { ...witness, resultNorm: 0.9 };
    const fine = [one({}), one({ stageNorms: [1, 1], witness: possible })];
    expect(judge(layers, evidence(fine))[1]?.verdict.kind).toBe("holds");
  });
});

describe("the engine's bracket and the replay's", () => {
  const finding = (lower: number, upper: number): LayerFinding => ({
    verdict: { kind: "unresolved", reason: "" },
    tightness: { lower, upper },
    jacobian: {
      spectral: { lower: 1, upper: 2 },
      statement: { lower: 1, upper: 2 },
      kind: "product",
      contradiction: null,
    },
    restartError: 0.1,
  });

  test("are both true: what both allow is left, and its verdict", () => {
    const both = intersectLayer(finding(0.2, 1.1), finding(0.5, 0.9), 3);
    expect(both.tightness).toEqual({ lower: 0.5, upper: 0.9 });
    expect(both.verdict.kind).toBe("holds");
  });

  test("that have no number in common are a violation, named replay", () => {
    expect(intersectLayer(finding(0.2, 0.4), finding(0.5, 0.9), 3).verdict).toMatchObject({
      ...{ kind: "violated", check: "replay", layer: 3 },
      numbers: { found: 0.5, right: 0.4, bound: 0 },
      detail: expect.stringMatching(/κ in \[0\.2, 0\.4\] and in \[0\.5, 0\.9\]$/) as string,
    });
    const far = { ...finding(0.5, 0.9), jacobian: { ...finding(0, 0).jacobian, statement: { lower: 3, upper: 4 } } };
    expect(intersectLayer(finding(0.2, 0.6), far, 3).verdict).toMatchObject({
      numbers: { found: 3, right: 2, bound: 0 },
      detail: expect.stringMatching(/‖J_3‖ in \[1, 2\] and in \[3, 4\]$/) as string,
    });
  });
});

describe("the brackets of ‖J_t‖, engine's and replay's", () => {
  const interval = (lower: number, upper: number): { lower: number; upper: number } => ({ lower, upper });
  const finding = (statement: readonly [number, number], spectral: readonly [number, number]): LayerFinding => ({
    verdict: { kind: "holds", trivial: false },
    tightness: { lower: 0.4, upper: 0.5 },
    jacobian: {
      spectral: interval(...spectral),
      statement: interval(...statement),
      kind: "product",
      contradiction: null,
    },
    restartError: 0.1,
  });

  test("are both true: what both allow is left", () => {
    const both = intersectLayer(finding([1, 3], [1, 2]), finding([2, 4], [0.5, 1.5]), 3);
    expect(both.verdict.kind).toBe("holds");
    expect(both.jacobian).toMatchObject({ statement: { lower: 2, upper: 3 }, spectral: { lower: 1, upper: 1.5 } });
  });

  test.each([
    ["statement", finding([3, 4], [1, 2])],
    ["spectral", finding([1, 2], [3, 4])],
  ])("are a violation where those of the %s norm have no number in common", (_, other) => {
    for (const [a, b] of [
      [finding([1, 2], [1, 2]), other],
      [other, finding([1, 2], [1, 2])],
    ] as const) {
      const violated = { kind: "violated", check: "replay", layer: 3 };
      expect(intersectLayer(a, b, 3).verdict).toMatchObject(violated);
    }
  });
});

describe("the total", () => {
  const findings = (brackets: readonly (readonly [number, number])[]): LayerFinding[] =>
    brackets.map(([lower, upper]) => ({ tightness: { lower, upper } })) as unknown as LayerFinding[];

  test("is the root of the mean of κ_t² with weights ‖δ_t‖²(1 + ‖h_t‖²)", () => {
    const { weights } = totalWeights([3, 0.5], [2, 4], [0, 0], [{}, {}]);
    expect((weights[0] as number) / (weights[1] as number)).toBeCloseTo((9 * 5) / (0.25 * 17), 12);
    const total = totalBracket(
      [1, 3],
      findings([
        [0.5, 0.6],
        [0.8, 0.9],
      ]),
      0,
    );
    expect(total.lower).toBeCloseTo(Math.sqrt((0.25 + 3 * 0.64) / 4), 12);
    expect(total.upper).toBeCloseTo(Math.sqrt((0.36 + 3 * 0.81) / 4), 12);
  });

  test("is widened by the error of the weights' norms on both sides, never beyond the layers' own", () => {
    const error = 1e-3;
    const total = totalBracket(
      [1, 1],
      findings([
        [0.5, 0.5],
        [1, 1],
      ]),
      error,
    );
    const exact = Math.sqrt(0.625);
    // Each weight is off by up to 4 norms' errors: ‖δ‖² and 1 + ‖h‖².
    expect(total.lower).toBeLessThanOrEqual(exact * (1 - 4 * error));
    expect(total.upper).toBeGreaterThanOrEqual(exact * (1 + 4 * error));
    const flat = totalBracket(
      [1, 1],
      findings([
        [1, 1],
        [1, 1],
      ]),
      error,
    );
    expect(flat).toEqual({ lower: 1, upper: 1 });
  });

  test("scaled weights count with the powers of two that they were scaled by", () => {
    // W_2 was divided by 8: δ_1 is eight times what was measured.
    const { weights } = totalWeights([1, 1], [0, 0], [0, 3], [{}, {}]);
    expect((weights[0] as number) / (weights[1] as number)).toBe(64);
  });
});
