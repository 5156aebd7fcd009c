/** The explanation in real Chromium: its live numbers are those of the command line, in both languages, and everyone can read it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SampleRow } from "../../src/records/sample.ts";
import { skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { servePage } from "../support/page.ts";

const root = resolve(import.meta.dirname, "../..");
const SAMPLE = 7;

describe.skipIf(skipReason !== null)("the explanation", () => {
  let served: ServedPage;
  beforeAll(async () => {
    served = await servePage();
  });
  afterAll(async () => {
    await served.close();
  });

  const shown = (page: Page, sample: number): Promise<unknown> =>
    page.waitForSelector(`#explain-status[data-shown='${String(sample)}']`, { timeout: 90_000 });

  /** The cells of the numbers in the section whose title begins so. */
  const cells = async (page: Page, step: string): Promise<string[]> =>
    page.locator("#explanation section", { hasText: step }).first().locator("tbody td, tbody th").allInnerTexts();

  test("has the numbers of `gpv verify --engine cpu` for the same settings", async () => {
    const { page, errors, strangers } = await served.open(`?engine=cpu&view=explanation&sample=${String(SAMPLE)}`);
    await shown(page, SAMPLE);
    const folder = mkdtempSync(join(tmpdir(), "gpv-explain-"));
    const rows = join(folder, "rows.jsonl");
    const digits = join(root, "examples/digits");
    const words = ["verify", "--engine", "cpu", "--audit", "1", "--std", "255", "--samples", rows];
    const files = ["--model", join(digits, "digits-f16.safetensors"), "--inputs", join(digits, "digits.idx3-ubyte.gz")];
    const { status } = spawnSync(process.execPath, [join(root, "bin/gpv.js"), ...words, ...files]);
    expect(status).toBe(0);
    const row = JSON.parse(readFileSync(rows, "utf8").split("\n")[SAMPLE] ?? "") as SampleRow;
    rmSync(folder, { recursive: true });
    expect(row.index).toBe(SAMPLE);
    const six = (value: number | null | undefined): string => (value ?? NaN).toPrecision(6);

    const setting = await cells(page, "1. The network");
    const tightness = await cells(page, "8. One number decides a layer");
    row.layers.forEach((layer, i) => {
      const [, , hidden, , weight, jacobian, bias] = setting.slice(7 * i, 7 * i + 7);
      expect([hidden, weight, jacobian, bias]).toEqual(
        [layer.hiddenNorm, layer.weightNorm, layer.jacobianNorm, layer.biasGradientNorm].map(six),
      );
      expect(tightness.slice(7 * i, 7 * i + 7)).toEqual([
        String(i + 1),
        layer.verdict,
        six(layer.tightness),
        `${six(layer.tightnessLower)} … ${six(layer.tightnessUpper)}`,
        six(layer.alignmentWeight),
        six(layer.alignmentJacobian),
        six(layer.directionalTightness),
      ]);
    });
    expect((await cells(page, "9. Add up the layers")).slice(0, 6)).toEqual([
      ...[row.inputGradientNorm, row.coefficient, row.lhs, row.rhs, row.ratio].map(six),
      row.verdict,
    ]);
    // The identities' worst entries are the audit's: their residuals stand among those of the layers.
    const audit = row.audit;
    for (const [step, residual] of [
      ["4. The identity", audit?.identityResidual],
      ["5. Contract it", audit?.contractedResidual],
      ["7. The bias", audit?.biasIdentityResidual],
    ] as const) {
      const seen: string[] = [];
      for (const layer of ["1", "2", "3"]) {
        await page.selectOption("#explain-layer", layer);
        seen.push(...(await cells(page, step)));
      }
      const small = (value: number | null | undefined): string => (value === 0 ? "0" : (value ?? NaN).toExponential(1));
      expect(seen, step).toContain(small(residual?.value));
      expect(seen, step).toContain(small(residual?.bound));
    }
    // Another sample, by hand; one that there is not is refused in a line.
    await page.fill("#explain-sample", "8");
    await page.press("#explain-sample", "Tab");
    await shown(page, 8);
    expect(new URL(page.url()).searchParams.get("sample")).toBe("8");
    await page.fill("#explain-sample", "1000");
    await page.press("#explain-sample", "Tab");
    await page.locator("#explain-status", { hasText: "expected" }).waitFor();
    expect(await page.innerText("#explain-status")).toBe("sample 1000: expected a whole number from 0 to 999");
    expect(errors).toEqual([]);
    expect(strangers).toEqual([]);
    await page.close();
  });

  test("shows drawn networks at each initialiser: ‖W‖ is 1 for orthogonal weights, and more for Glorot's and He's", async () => {
    const { page } = await served.open("?engine=cpu&widths=6-5-4&samples=5&view=explanation");
    await page.waitForSelector("#explain-initialisers[data-shown]", { timeout: 90_000 });
    const lines = await page.locator("#explain-initialisers tbody tr").all();
    const norms: Record<string, number[]> = {};
    for (const line of lines) {
      const [name = "", weights = ""] = await line.locator("th, td").allInnerTexts();
      norms[name] = weights.split(", ").map(Number);
    }
    expect(norms["orthogonal"]).toEqual([1, 1, 1, 1]);
    for (const name of ["glorot", "he"]) for (const norm of norms[name] ?? [0]) expect(norm).toBeGreaterThan(1);
    expect(await lines[3]?.locator("a").getAttribute("href")).toContain("initialiser=he");
    await page.click("#explain");
    expect(await page.isVisible("#explanation")).toBe(false);
    expect(await page.isVisible("#status")).toBe(true);
    expect(new URL(page.url()).searchParams.has("view")).toBe(false);
    await page.close();
  });

  test.each([
    ["light", 1280, "en"],
    ["dark", 360, "en"],
    ["light", 1280, "zh"],
    ["dark", 360, "zh"],
  ] as const)("axe finds nothing serious on it, %s, %d wide, in %s", async (colorScheme, width, lang) => {
    const { page, errors } = await served.open(`?engine=cpu&view=explanation&lang=${lang}`, {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await page.waitForSelector("#explain-initialisers[data-shown]", { timeout: 90_000 });
    expect(await page.innerText("#explanation h2")).toMatch(lang === "zh" ? /推导/ : /step by step/);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(errors).toEqual([]);
    await page.close();
  });
});
