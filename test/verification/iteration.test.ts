/** The audit of the iteration: a witness that is none of A's vectors, steps that no stop rule gives, and estimates beside converged norms. */
import { describe, expect, test } from "vitest";
import type { StoredSearch } from "../../src/engine/engine.ts";
import { auditAccuracy, accuracyWords, chanceOfMisses } from "../../src/verification/audit/accuracy.ts";
import { auditSample } from "../../src/verification/audit/audit.ts";
import { jacobianWorkspace } from "../../src/verification/audit/jacobian.ts";
import { topPair, topWorkspace } from "../../src/verification/audit/top-singular.ts";
import { largestRitz } from "../../src/verification/audit/tridiagonal.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { normals } from "../support/stream.ts";
import type { Audited } from "./audited.ts";
import { auditedSample } from "./audited.ts";

const network = randomNetwork({
  ...{ seed: 61, index: 0, widths: [30, 40, 35, 6], initialiser: "he", biasScale: 0.2 },
  activations: ["tanh", "gelu", "identity"],
});
/** Where more is asked for than 1e-5, engine cpu searches in f64. */
const clean = (accuracy = 1e-3): Promise<Audited> =>
  auditedSample({
    network,
    head: { kind: "log-sum-exp" },
    input: Float64Array.from(normals(62, 0, 30)),
    accuracy,
  });
const found = ({ subject, outcome }: Audited): string[] =>
  auditSample(subject, null, outcome, [])
    .discrepancies.filter(({ check }) => check === "iteration")
    .map(({ quantity, layer }) => `${quantity} ${String(layer)}`);
const accuracyOf = ({ subject, row }: Audited, factor = 1) =>
  auditAccuracy(
    subject,
    row.layers.map((layer) => ({ ...layer, jacobianNorm: (layer.jacobianNorm ?? NaN) * factor })),
    1e-3,
    jacobianWorkspace(subject.prepared),
  );

describe("a witness", () => {
  test("of a sound iteration is near enough to a singular vector", async () => {
    expect(found(await clean())).toEqual([]);
  });

  test("that is turned towards another vector is none of its steps", async () => {
    const audited = await clean();
    const vector = audited.traced.witnesses[1]?.vector as Float64Array;
    vector.forEach((v, k) => (vector[k] = v + (k % 2 === 0 ? 0.02 : -0.02)));
    expect(found(audited)).toContain("the residual ‖JJᵀû − θû‖ 2");
  });

  test("of more steps than there are dimensions, or of none, is refused by its number", async () => {
    for (const steps of [0, 41, NaN]) {
      const audited = await clean();
      (audited.measurements.witnesses[1] as { steps: unknown }).steps = Float64Array.of(steps);
      expect(found(audited)).toContain("the number of steps 2");
    }
  });
});

describe("the stop rule, asked again of the coefficients that were stored", () => {
  const asking = (audited: Audited, accuracy: number): Audited => ({
    ...audited,
    subject: { ...audited.subject, plan: { ...audited.plan, accuracy } },
  });
  const searchOf = ({ traced }: Audited): StoredSearch => traced.witnesses[1]?.search as StoredSearch;

  test("does not let go of an iteration that leaves more than was asked for", async () => {
    expect(found(asking(await clean(), 1e-14))).toEqual([
      "what the iteration left of θ 2",
      "what the iteration left of θ 3",
    ]);
  });

  test("does not let one go on that had left less at an earlier question", async () => {
    const audited = await clean(1e-14);
    expect(searchOf(audited).alpha.length).toBeGreaterThan(12);
    expect(found(asking(audited, 0.5))).toContain("the number of steps 2");
  });

  test("may be asked after 8 steps already, for a 32nd of what is enough later", async () => {
    const audited = await clean(1e-14);
    const { alpha, beta } = searchOf(audited);
    expect(alpha.length).toBeGreaterThan(12);
    (audited.traced.witnesses[1] as { search: unknown }).search = {
      ...searchOf(audited),
      ...{ alpha: alpha.slice(0, 8), beta: beta.slice(0, 8) },
    };
    (audited.measurements.witnesses[1] as { steps: Int32Array }).steps[0] = 8;
    const [tooMany, tooMuch] = ["the number of steps 2", "what the iteration left of θ 2"];
    const at = (accuracy: number): readonly string[] =>
      found(asking(audited, accuracy)).filter((name) => name === tooMany || name === tooMuch);
    const enough = Array.from({ length: 40 }, (_, i) => 2 ** (i - 40)).find((accuracy) => at(accuracy).length === 0);
    expect(at((enough ?? NaN) / 2)).toEqual([tooMany]);
    expect(at((enough ?? NaN) / 16)).toEqual([tooMany]);
    expect(at((enough ?? NaN) / 64)).toEqual([tooMuch]);
  });

  test("is asked after so many steps alone: one more, or one less, is none of them", async () => {
    const audited = await clean();
    const { alpha, beta } = searchOf(audited);
    const witness = audited.traced.witnesses[1] as { search: unknown };
    witness.search = { ...searchOf(audited), alpha: alpha.slice(0, -1), beta: beta.slice(0, -1) };
    expect(found(audited)).toContain("the number of steps 2");
    const { steps } = audited.measurements.witnesses[1] as { steps: Int32Array };
    steps[0] = alpha.length - 1;
    expect(found(audited)).toContain("the number of steps 2");
    steps[0] = 5;
    witness.search = { ...searchOf(audited), alpha: alpha.slice(0, 5), beta: beta.slice(0, 5) };
    expect(found(audited)).toContain("what the iteration left of θ 2");
  });

  test("is asked of a T whose two largest eigenvalues differ by a rounding of f32", async () => {
    // Of a digit's third layer; θ₁ − θ₂ is 2e−8, and without reorthogonalisation the second is the first once more.
    const alpha = Float64Array.of(
      ...[0.2040068358182907, 0.23570504784584045, 0.10580224543809891, 0.07520247250795364, 0.039032306522130966],
      ...[0.07804031670093536, 0.02859875187277794, 0.009332649409770966, 0.22041556239128113, 0.13571515679359436],
      ...[0.009786069393157959, 0.09143561124801636],
    );
    const beta = Float64Array.of(
      ...[0.07804469019174576, 0.1031440794467926, 0.0357513390481472, 0.03047786094248295, 0.028612980619072914],
      ...[0.011580302380025387, 0.010608388110995293, 0.00974570494145155, 0.1473209708929062, 0.008518294431269169],
      ...[0.0029882662929594517, 0.08715814352035522],
    );
    const audited = await clean();
    const witness = audited.traced.witnesses[1] as { search: unknown };
    witness.search = { ...searchOf(audited), alpha, beta };
    (audited.measurements.witnesses[1] as { steps: Int32Array }).steps[0] = alpha.length;
    expect(found(audited)).toContain("what the iteration left of θ 2");
  });

  test("a last coefficient that is not what the step left is found by û's own residual", async () => {
    for (const factor of [0.5, 2]) {
      const audited = await clean(1e-6);
      const { beta } = searchOf(audited);
      beta[beta.length - 1] = factor * (beta.at(-1) as number);
      expect(found(audited)).toContain("the residual ‖JJᵀû − θû‖ 2");
    }
  });
});

describe("an estimate", () => {
  test("is within what was asked of a converged norm, and counted where it is not", async () => {
    const audited = await clean();
    expect(accuracyOf(audited)).toEqual({ audited: 1, missed: 0 });
    for (const factor of [0.998, 1.002, NaN]) expect(accuracyOf(audited, factor)).toEqual({ audited: 1, missed: 1 });
  });

  test("that misses is said to be one too many only beyond a binomial test", () => {
    // P(X ≥ k) by the sum itself.
    const direct = (n: number, k: number, p: number): number => {
      let [term, sum] = [(1 - p) ** n, 0];
      for (let j = 0; j <= n; j++) {
        if (j >= k) sum += term;
        term *= (((n - j) / (j + 1)) * p) / (1 - p);
      }
      return sum;
    };
    for (const [n, k] of [
      [100, 3],
      [1000, 9],
      [5000, 25],
    ] as const)
      expect(chanceOfMisses(n, k) / direct(n, k, 1e-3)).toBeCloseTo(1, 9);
    expect(chanceOfMisses(1000, 0)).toBe(1);
    expect(accuracyWords({ audited: 10_000, missed: 20 })).toEqual({});
    expect(accuracyWords({ audited: 100, missed: 10 }).reason).toMatch(/^10 of 100 estimates/);
  });
});

describe("the audit's own Lanczos", () => {
  test("finds the largest eigenvalue of a diagonal to all digits", () => {
    const d = Float64Array.from({ length: 30 }, (_, k) => 1 + k / 7);
    const apply = (x: Float64Array, y: Float64Array): void => x.forEach((v, k) => (y[k] = (d[k] as number) * v));
    const { value, error } = topPair(apply, new Float64Array(30).fill(1), 1e-12, topWorkspace(30));
    expect(value / (d[29] as number)).toBeCloseTo(1, 12);
    expect(error).toBeLessThan(1e-9);
  });

  test("takes the two largest of a tridiagonal matrix, and the vector's last entry", () => {
    // 2 − 2cos(kπ/(n + 1)), the eigenvectors sines.
    const n = 12;
    const found = largestRitz(new Array<number>(n).fill(2), new Array<number>(n).fill(1), n);
    const eigenvalue = (k: number): number => 2 - 2 * Math.cos((k * Math.PI) / (n + 1));
    expect(found.value).toBeCloseTo(eigenvalue(n), 12);
    expect(found.second).toBeCloseTo(eigenvalue(n - 1), 12);
    expect(Math.abs(found.last)).toBeCloseTo(Math.sqrt(2 / (n + 1)) * Math.sin(Math.PI / (n + 1)), 10);
  });
});
