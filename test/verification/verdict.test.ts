import { describe, expect, test } from "vitest";
import type { Verdict } from "../../src/verification/verdict.ts";
import { CODE, codeOf, combineVerdicts, judgeBracket, TIGHT } from "../../src/verification/verdict.ts";

const above = 1 + 2 ** -52;

describe("the order of the rules", () => {
  test.each([
    [{ lower: above, upper: 2 }, "violated"],
    [{ lower: 1, upper: 2 }, "tight"],
    [{ lower: 0.5, upper: 1 }, "holds"],
    [{ lower: 1 - TIGHT, upper: 1 }, "holds"],
    [{ lower: 1 - TIGHT, upper: above }, "tight"],
    [{ lower: 1 - TIGHT - 2 ** -53, upper: above }, "unresolved"],
    [{ lower: 0, upper: Infinity }, "unresolved"],
    [{ lower: NaN, upper: NaN }, "unresolved"],
    [{ lower: NaN, upper: 0.5 }, "holds"],
    [{ lower: 0, upper: 0 }, "holds"],
  ] as const)("κ in %o is %s", (bracket, kind) => {
    expect(judgeBracket(bracket, 1).kind).toBe(kind);
  });

  test("a sample is invalid before violated, violated before unresolved, and its total's verdict otherwise", () => {
    const holds: Verdict = { kind: "holds", trivial: false };
    const tight: Verdict = { kind: "tight", gap: 0 };
    const open: Verdict = { kind: "unresolved", reason: "" };
    const violated: Verdict = {
      ...{ kind: "violated", check: "cut", layer: 1, detail: "" },
      numbers: { found: 2, right: 1, bound: 0.5 },
    };
    const invalid: Verdict = { kind: "invalid", reason: "" };
    const combined = (layers: readonly Verdict[], total: Verdict): { kind: string | undefined } => {
      const code = combineVerdicts(
        layers.map((verdict) => Uint8Array.of(codeOf(verdict))),
        0,
        codeOf(total),
      );
      return { kind: Object.entries(CODE).find(([, own]) => own === code)?.[0] };
    };
    expect(combined([holds, tight], holds).kind).toBe("holds");
    expect(combined([holds, holds], tight).kind).toBe("tight");
    expect(combined([holds, open], holds).kind).toBe("unresolved");
    expect(combined([open, violated], holds).kind).toBe("violated");
    expect(combined([open, violated, invalid], holds).kind).toBe("invalid");
    expect(combined([holds], open).kind).toBe("unresolved");
  });
});
