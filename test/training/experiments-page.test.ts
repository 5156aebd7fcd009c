import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { figuresOf } from "../evidence/experiments/figures.ts";
import { PAGE, pageOf } from "../evidence/experiments/prove.ts";
import type { Summary } from "../evidence/experiments/summary.ts";
import { blocksOf, withBlocks } from "../evidence/experiments/words.ts";

const { figures } = JSON.parse(readFileSync("docs/evidence/experiments.json", "utf8")) as { figures: [Summary] };
const [summary] = figures;
const page = readFileSync(PAGE, "utf8");

test("every number and decision of docs/experiments.md is that of docs/evidence/experiments.json", async () => {
  expect(await pageOf(summary, page)).toBe(page);
});

test("a number that is not the evidence's is seen", async () => {
  const { energy } = summary.claims;
  const other = { ...summary, claims: { ...summary.claims, energy: energy === "holds" ? "does not hold" : "holds" } };
  expect(await pageOf(other, page)).not.toBe(page);
});

test("every figure is drawn of the same numbers, and the page shows each", () => {
  for (const [name, svg] of Object.entries(figuresOf(summary))) {
    expect(readFileSync(`docs/experiments/${name}.svg`, "utf8"), name).toBe(svg);
    expect(svg, name).not.toContain("NaN");
    expect(page, name).toContain(`(experiments/${name}.svg)`);
  }
});

test("a block that the page has not is named", () => {
  expect(() => withBlocks("", blocksOf(summary))).toThrow(
    "docs/experiments.md: found no block runs, expected <!-- experiments: runs -->",
  );
});
