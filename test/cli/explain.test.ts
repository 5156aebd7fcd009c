/** `--explain`, and the cost model that it prints. */
import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { explainLines } from "../../src/cli/explain.ts";
import { baseFlops, normChoices } from "../../src/engine/cost.ts";
import type { PlanSettings } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { Decisions } from "../../src/pipeline/verify.ts";
import { columns } from "../../src/report/numbers.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { fakeIo } from "./fake-io.ts";

const networkOf = (widths: readonly number[]) =>
  randomNetwork({
    ...{ seed: 1, index: 0, widths, initialiser: "he" },
    activations: widths.slice(1).map(() => "relu" as const),
  });
const planOf = (widths: readonly number[], changes: Partial<PlanSettings> = {}) =>
  makePlan(networkOf(widths), {
    ...{ head: { kind: "sum" }, precision: "f64", norm: "spectral", accuracy: 1e-3, seed: 1 },
    ...changes,
  });

describe("the cost model", () => {
  test("counts a step's products, through W₁W₁ᵀ where that is cheaper, and the pullback of û", () => {
    const [first, second, third] = normChoices(planOf([78, 16, 13, 4]));
    expect(first).toMatchObject({ kind: "identity", steps: [0, 0], flops: [0, 0] });
    const gram = 2 * 16 ** 2;
    expect(second).toMatchObject({ kind: "lanczos", dimension: 16, isGram: true, steps: [8, 16], flopsAStep: gram });
    const pullback = 2 * 78 * 16;
    expect(second?.flops).toEqual([8 * gram + pullback, 16 * gram + pullback]);
    const step = gram + 4 * 16 * 13;
    expect(third).toMatchObject({ dimension: 13, steps: [8, 13], flopsAStep: step });
    expect(third?.flops[0]).toBe(8 * step + pullback + 2 * 16 * 13);
  });

  test("goes through W₁ and its transpose where n_2 ≥ 2 n_1", () => {
    const [, second] = normChoices(planOf([5, 200, 3]));
    expect(second).toMatchObject({ isGram: false, dimension: 200, steps: [8, 96], flopsAStep: 4 * 5 * 200 });
  });

  test("has nothing to iterate at accuracy verdict, rows of Jacobians under the Frobenius norm", () => {
    expect(normChoices(planOf([6, 5, 4], { accuracy: "verdict" }))[1]).toMatchObject({ kind: "screen", flops: [0, 0] });
    const explicit = normChoices(planOf([6, 5, 4], { accuracy: "verdict", norm: "frobenius" }))[1];
    expect(explicit).toMatchObject({ kind: "explicit", flops: [5 * 60, 5 * 60] });
  });

  test("counts four products of each weight beside the norms", () => {
    expect(baseFlops(planOf([6, 5, 4]))).toBe(8 * (30 + 20));
  });
});

describe("what --explain prints", () => {
  const linesOf = (changes: Partial<Decisions>, why = "engine cpu (f64, 2 threads): no hardware GPU was found") =>
    explainLines(
      {
        plan: planOf([78, 16, 13, 4]),
        batch: 512,
        ahead: 4,
        audit: null,
        hostAccuracy: null,
        certify: null,
        ...changes,
      },
      why,
      2,
    );

  test("is at most 80 columns wide, whatever was chosen", () => {
    const plans = [
      planOf([78, 16, 13, 4], { precision: "f32" }),
      planOf([5, 200, 3], { method: "power" }),
      planOf([4, ...Array.from({ length: 60 }, () => 6), 2], { accuracy: "verdict" }),
      planOf([1200, 1000, 3], { norm: "frobenius" }),
    ];
    for (const plan of plans) {
      const long =
        "engine webgpu (f32, an adapter with quite a long name of its own, in software): asked for by --adapter";
      const lines = linesOf({ plan, hostAccuracy: 1e-9, certify: 1e-6, audit: 0.123456 }, long);
      expect(lines.filter((line) => columns(line) > 80)).toEqual([]);
    }
  });

  test("names engine and reason, the rule, batches, threads, accuracy, audit, and each norm's way and cost", () => {
    const text = linesOf({}).join("\n");
    for (const part of [
      "  engine      cpu (f64, 2 threads): no hardware GPU was found\n",
      "  rule        --engine auto takes a hardware GPU where there is one",
      "  threads     2, each measures",
      "  batches     of 512 samples, 4 under way at once\n",
      "  accuracy    0.001 of each ‖J_t‖",
      "  audit       1 % of samples below 100,000, 0.1 % from there on",
      "      1  exact, J_1 = I                                   0\n",
      "      2  Lanczos in R^16 through W₁W₁ᵀ, 8 to 16 steps     6.59 k to 10.7 k\n",
    ])
      expect(text).toContain(part);
  });

  test("says which method was asked for, and that the host's f64 iterates what is beyond f32", () => {
    expect(linesOf({ plan: planOf([9, 8, 4], { method: "power" }) }).join("\n")).toContain("power method in R^8");
    const plan = planOf([9, 8, 4], { precision: "f32", accuracy: "verdict" });
    const text = linesOf({ plan, hostAccuracy: 1e-9 }).join("\n");
    expect(text).toContain("1e-9 of each ‖J_t‖");
    expect(text).toContain("2  Lanczos in R^8");
  });

  test("shortens a deep network's list", () => {
    const plan = planOf([4, ...Array.from({ length: 60 }, () => 6), 2]);
    const lines = linesOf({ plan });
    expect(lines.some((line) => line === "      …  37 more")).toBe(true);
    expect(lines.at(-2)).toMatch(/^ {5}61 {2}Lanczos in R\^6/);
  });
});

test("gpv verify --explain prints it on stderr, and the table alone on stdout", async () => {
  const words = ["verify", "--model", "test/fixtures/sound/r3-cancel.json", "--random", "3", "--engine", "cpu"];
  const [plain, explained] = [fakeIo(), fakeIo()];
  expect([await main(words, plain), await main([...words, "--explain"], explained)]).toEqual([0, 0]);
  expect(plain.stderr()).not.toContain("explained");
  expect(explained.stderr()).toContain("gpv: explained:\n  engine      cpu (f64");
  const table = (text: string): string => text.replace(/Time .*/s, "");
  expect(table(explained.stdout())).toBe(table(plain.stdout()));
});
