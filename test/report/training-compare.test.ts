import { expect, test } from "vitest";
import type { SeriesRow } from "../../src/records/training.ts";
import { comparisonConsole, comparisonPage, pairRows } from "../../src/report/training-compare.ts";

/** What is compared of a row; the other numbers are not there. */
function row(seed: number, step: number, trainLoss: number): SeriesRow {
  const nothing = { functions: [], heldOutLoss: null, geometricComplexity: null, hessian: { largest: null } };
  return { seed, step, trainLoss, ...nothing } as unknown as SeriesRow;
}

const one = [row(0, 0, 3), row(0, 10, 1)];
const several = [row(4, 0, 2), row(4, 20, 0.5), row(5, 0, 4), row(6, 0, 9)];

test("of several seeds the mean stands there with the least and the greatest, at the steps of either series", () => {
  const text = comparisonConsole(pairRows(one, several), ["a.jsonl", "b.jsonl"]);
  const [, first, second, , head, ...rows] = text.split("\n");
  expect([first, second]).toEqual(["  A a.jsonl", "  B b.jsonl, the mean of 3 seeds"]);
  const words = (line: string | undefined): string[] => (line ?? "").trim().split(/ {2,}/);
  expect(words(head)).toEqual(["step", "loss A", "loss B", "least", "most"]);
  expect(rows.slice(0, 3).map(words)).toEqual([
    ["0", "3.000", "5.000", "2.000", "9.000"],
    ["10", "1.000", "–", "–", "–"],
    ["20", "–", "0.5000", "0.5000", "0.5000"],
  ]);
  expect(
    Math.max(
      ...text
        .split("\n")
        .slice(1)
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(80);
});

test("the page has a line for each, and its names are no markup", () => {
  const page = comparisonPage(pairRows(one, several), ["<a>", "b"]);
  expect(page).toContain("A: &lt;a&gt;; B: b, the mean of 3 seeds.");
  for (const name of ["— A<", "— B<", "— B least<", "— B most<"]) expect(page).toContain(name);
});
