/** Every number of a row against jax-js's autodiff and the oracle, on 100 drawn networks with every head in turn. */
import { beforeAll, describe, expect, test } from "vitest";
import type { JaxResult } from "./programs/jax.ts";
import { runJax } from "./support/run-jax.ts";
import {
  disagreements,
  drawThirdPartyCase,
  expectedFromJax,
  expectedFromOracle,
  jaxCase,
  rowOf,
  toleranceOf,
} from "./support/third-party.ts";

const CASES = Array.from({ length: 100 }, (_, i) => drawThirdPartyCase(i));

describe("every reported number on 100 drawn networks, every head", () => {
  let answers: readonly JaxResult[] = [];
  beforeAll(() => {
    answers = runJax(CASES.map(jaxCase), 120_000);
  }, 130_000);

  test("is what jax-js's autodiff gives", async () => {
    const wrong: string[] = [];
    for (const [i, case_] of CASES.entries()) {
      const expected = expectedFromJax(case_, answers[i] as JaxResult);
      const found = disagreements(await rowOf(case_), expected, toleranceOf(case_, true));
      wrong.push(...found.map((what) => `${case_.name}: ${what}`));
    }
    expect(wrong).toEqual([]);
  });

  test("is what the oracle gives", async () => {
    const wrong: string[] = [];
    for (const case_ of CASES) {
      const row = await rowOf(case_);
      if (row.verdict === "violated" || row.verdict === "unresolved") wrong.push(`${case_.name}: ${row.reason ?? ""}`);
      const found = disagreements(row, expectedFromOracle(case_), toleranceOf(case_, false));
      wrong.push(...found.map((what) => `${case_.name}: ${what}`));
    }
    expect(wrong).toEqual([]);
  });
});
