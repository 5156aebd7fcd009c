/** The page's numbers beside the command line's: equal on engine cpu, each in the other's interval on webgpu; and every setting's address. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/records/report.ts";
import type { LayerRow, SampleRow } from "../../src/records/sample.ts";
import { skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { downloaded, ended, numbersOf, reportOf, servePage } from "../support/page.ts";

const root = resolve(import.meta.dirname, "../..");

describe.skipIf(skipReason !== null)("the page beside the command line", () => {
  let served: ServedPage;
  const folder = mkdtempSync(join(tmpdir(), "gpv-numbers-"));
  beforeAll(async () => (served = await servePage()));
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await served.close();
  });

  /** The command that the page shows, run as it stands, with the files that the page gives away. */
  async function commandOf(page: Page): Promise<{ report: Report; rows: SampleRow[] }> {
    for (const file of await page.locator("#command-files a, #command-files button").all()) {
      const waiting = page.waitForEvent("download");
      await file.click();
      const download = await waiting;
      await download.saveAs(join(folder, download.suggestedFilename()));
    }
    const [, , ...words] = (await page.innerText("#command")).split(" ");
    const command = [join(root, "bin/gpv.js"), ...words, "--report", "report.json", "--samples", "rows.jsonl"];
    const child = spawn(process.execPath, command, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    const code = await new Promise<number | null>((done) => child.on("close", done));
    // 1: violated, as a planted fault is.
    expect([0, 1], said).toContain(code);
    const text = (name: string): string => readFileSync(join(folder, name), "utf8");
    return { report: JSON.parse(text("report.json")) as Report, rows: lines(text("rows.jsonl")) };
  }

  test.each([
    ["?engine=cpu", 1000],
    ["?engine=cpu&norm=frobenius&head=margin&accuracy=1e-6&plant=vjp-missing-mask", 1000],
    ["?engine=cpu&widths=5-9-4&activation=tanh&initialiser=orthogonal&inputs=uniform&samples=70&seed=3&head=sum", 70],
    [
      "?engine=cpu&widths=16-16&activation=gelu&initialiser=hadamard&inputs=sphere&samples=30&batch=7&accuracy=verdict",
      30,
    ],
  ])("%s gives the report and the rows of the command that it shows, to the last bit", async (query, samples) => {
    const { page, errors } = await served.open(query);
    await ended(page, samples);
    const here = await commandOf(page);
    expect(numbersOf(await reportOf(page))).toEqual(numbersOf(here.report));
    expect(lines(await downloaded(page, "#rows"))).toEqual(here.rows);
    const { max } = here.report.ratio;
    expect(await page.innerText("#answers")).toContain(max?.toPrecision(4) ?? "no ratio");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("on webgpu each number lies in the command line's interval, and the reverse", async () => {
    const { page } = await served.open("?engine=webgpu");
    await ended(page, 1000);
    const there = lines(await downloaded(page, "#rows"));
    await page.selectOption("#net-engine", "cpu");
    await page.waitForFunction(() => new URL(location.href).searchParams.get("engine") === "cpu");
    await ended(page, 1000);
    const here = (await commandOf(page)).rows;
    await page.close();
    // The digits' weights are F16, so that both engines have them exactly, and the slopes are 0 and 1.
    there.forEach((row, index) => {
      const other = here[index] as SampleRow;
      expect(row.verdict).toBe(other.verdict);
      row.layers.forEach((layer, i) => {
        expectAgreement(layer, other.layers[i] as LayerRow, `sample ${String(index)}, layer ${String(layer.layer)}`);
        expectAgreement(other.layers[i] as LayerRow, layer, `sample ${String(index)}, layer ${String(layer.layer)}`);
      });
    });
  });

  test.each([
    ["net-depth", "4", "widths", "6-5-5-5-4"],
    ["net-widths", "6-8-4", "widths", "6-8-4"],
    ["net-activation", "tanh", "activation", "tanh"],
    ["net-initialiser", "orthogonal", "initialiser", "orthogonal"],
    ["net-inputs", "sphere", "inputs", "sphere"],
    ["net-samples", "31", "samples", "31"],
    ["net-head", "sum", "head", "sum"],
    ["net-norm", "frobenius", "norm", "frobenius"],
    ["net-seed", "9", "seed", "9"],
    ["net-accuracy", "1e-6", "accuracy", "1e-6"],
    ["net-batch", "8", "batch", "8"],
  ])(
    "%s = %s runs at once, stands in the address as %s=%s, and a link opens the same run",
    async (id, value, name, text) => {
      const { page } = await served.open("?engine=cpu&widths=6-5-4&samples=30");
      await ended(page, 30);
      await page.evaluate("document.querySelector('#status').dataset.done = 'before'");
      const tag = await page.locator(`#${id}`).evaluate((control) => control.tagName);
      if (tag === "SELECT") await page.selectOption(`#${id}`, value);
      else await page.fill(`#${id}`, value);
      await page.waitForSelector("#status[data-done]:not([data-done='before'])", { timeout: 60_000 });
      expect(new URL(page.url()).searchParams.get(name)).toBe(text);
      const changed = await reportOf(page);
      const rows = await downloaded(page, "#rows");
      const other = await served.open(page.url().slice(served.address.length));
      await ended(other.page);
      expect(numbersOf(await reportOf(other.page))).toEqual(numbersOf(changed));
      expect(await downloaded(other.page, "#rows")).toBe(rows);
      expect(await other.page.inputValue(`#${id}`)).toBe(value);
      await other.page.close();
      await page.close();
    },
  );
});

/** What the iteration aims at: an estimate of ‖J‖ may be so much too small, and κ so much too large. */
const ACCURACY = 1e-3;

/** The numbers of one engine in the proven intervals of the other. */
function expectAgreement(layer: LayerRow, other: LayerRow, where: string): void {
  const { jacobianNorm, tightness } = layer;
  const within = (x: number | null, lower: number | null, upper: number | null, name: string): void => {
    expect(x ?? NaN, `${name}, ${where}`).toBeGreaterThanOrEqual((lower ?? NaN) * (1 - ACCURACY));
    expect(x ?? NaN, `${name}, ${where}`).toBeLessThanOrEqual((upper ?? NaN) / (1 - ACCURACY));
  };
  within(jacobianNorm, other.jacobianNormLower, other.jacobianNormUpper, "‖J‖");
  within(tightness, other.tightnessLower, other.tightnessUpper, "κ");
}

function lines(text: string): SampleRow[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as SampleRow);
}
