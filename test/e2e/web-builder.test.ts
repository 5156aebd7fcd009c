/** The page's network builder in real Chromium: a link opens the same run, bit for bit, and every change runs at once. */
import { readFileSync } from "node:fs";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Report } from "../../src/records/report.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { significant } from "../../src/report/numbers.ts";
import { openSubject } from "../../src/worker/subject.ts";
import { skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { servePage } from "../support/page.ts";

describe.skipIf(skipReason !== null)("the network builder", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  /** The report of the run that has ended, as the page gives it away. */
  async function report(page: Page): Promise<Report> {
    const waiting = page.waitForEvent("download");
    await page.click("#report");
    return JSON.parse(readFileSync(await (await waiting).path(), "utf8")) as Report;
  }

  const numbers = ({ ratio, coefficient, layers, penalties, verdicts, head, norm, samples }: Report): object => ({
    ...{ ratio, coefficient, layers, penalties, verdicts, head, norm, samples },
  });

  test("runs what the address says, with the numbers of the library", async () => {
    const page = await served.browser.newPage();
    const query =
      "?engine=cpu&widths=5-9-4&activation=tanh&initialiser=orthogonal&inputs=uniform&samples=70&seed=3&head=sum&norm=frobenius";
    await page.goto(`${served.address}${query}`);
    await page.waitForSelector("#status[data-done='70']", { timeout: 60_000 });
    const host = createCpuEngine({ threads: 0, runtime: "test" });
    const { network, source } = await openSubject({
      kind: "drawn",
      widths: [5, 9, 4],
      activation: "tanh",
      initialiser: "orthogonal",
      distribution: "uniform",
      samples: 70,
      seed: 3,
    });
    const here = await verify({
      ...{ network, source, engine: host, host, head: { kind: "sum" }, norm: "frobenius", accuracy: 1e-3, seed: 3 },
    });
    expect(numbers(await report(page))).toEqual(JSON.parse(JSON.stringify(numbers(here.report))));

    await page.selectOption("#net-head", "mean");
    await page.waitForFunction(() => new URL(location.href).searchParams.get("head") === "mean");
    await page.waitForSelector("#status[data-done='70']");
    const changed = await report(page);
    expect(changed.head).toBe("mean");
    const link = page.url();
    await page.close();
    const other = await served.browser.newPage();
    await other.goto(link);
    await other.waitForSelector("#status[data-done='70']", { timeout: 60_000 });
    expect(numbers(await report(other))).toEqual(numbers(changed));
    await other.close();
  });

  test("each-logit shows every output, the worst sample and output, and geometric complexity beside Dirichlet energy, in both languages", async () => {
    const page = await served.browser.newPage();
    await page.goto(`${served.address}?engine=cpu&widths=5-9-4&samples=7&head=each-logit&lang=en`);
    await page.waitForSelector("#status[data-done='28']", { timeout: 60_000 });
    const { eachOutput, penalties } = await report(page);
    if (eachOutput?.worst === undefined || eachOutput.worst === null) throw new Error("no worst output");
    const energies = await page.locator("#outputs tbody td").allInnerTexts();
    expect(energies).toEqual(eachOutput.dirichletEnergies.map(significant));
    const caption = await page.innerText("#outputs caption");
    expect(caption).toContain(`Frobenius): ${significant(eachOutput.geometricComplexity)}.`);
    expect(caption).toContain(`outputs: ${significant(penalties.input)};`);
    const { sample, output, index } = eachOutput.worst;
    const worst = page.locator("#outputs button");
    expect(await worst.innerText()).toBe(`${String(sample)}, output ${String(output)}`);
    await worst.click();
    await page.waitForSelector(`#sample[data-shown="${String(index)}"]`, { timeout: 60_000 });
    expect(await page.innerText("#sample h2")).toContain(`Sample ${String(sample)}, output ${String(output)}:`);
    await page.click("#language");
    await expect.poll(() => page.innerText("#outputs caption")).toContain("几何复杂度");
    expect(await worst.innerText()).toBe(`${String(sample)}，输出 ${String(output)}`);
    await page.close();
  });

  test("a change while a run is under way ends that run and begins the next", async () => {
    const page = await served.browser.newPage();
    await page.goto(`${served.address}?engine=cpu&widths=64-64-64-10&samples=100000`);
    await page.waitForSelector('#progress[value]:not([value="0"])', { timeout: 60_000 });
    await page.fill("#net-samples", "40");
    await page.press("#net-samples", "Tab");
    await page.waitForSelector("#status[data-done='40']", { timeout: 60_000 });
    expect(new URL(page.url()).searchParams.get("samples")).toBe("40");
    await page.close();
  });

  test.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)("axe finds nothing serious on the page, %s, %d wide", async (colorScheme, width) => {
    const page = await served.browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    await page.goto(`${served.address}?engine=cpu&plant=vjp-missing-mask`);
    await page.waitForSelector("#status[data-done]", { timeout: 60_000 });
    await page.locator("#results button").first().click();
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.close();
  });

  test.each([
    ["widths=5-x-4", "widths: found “5-x-4”, expected whole numbers, as in 64-64-10"],
    ["widths=5-4&samples=0", "samples 0: expected a whole number from 1 to "],
    ["widths=5-4&seed=-1", "seed -1: expected a whole number ≥ 0"],
  ])("refuses %s in a line", async (query, message) => {
    const page = await served.browser.newPage();
    await page.goto(`${served.address}?engine=cpu&${query}`);
    await page.waitForSelector("#status[data-done='0']", { timeout: 60_000 });
    expect((await page.innerText("#status")).startsWith(message)).toBe(true);
    await page.close();
  });
});
