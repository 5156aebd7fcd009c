/** The experiments on the page in real Chromium: fetched when asked for, the evidence's numbers, each row opening its runs, for everyone. */
import { readFileSync } from "node:fs";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AllRuns } from "../../web/experiments/data.ts";
import type { Summary } from "../evidence/experiments/summary.ts";
import { FIGURES, RUNS } from "../evidence/experiments/prove.ts";
import { skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { downloaded, ended, servePage } from "../support/page.ts";

const [summary] = (JSON.parse(readFileSync("docs/evidence/experiments.json", "utf8")) as { figures: [Summary] })
  .figures;
const runs = JSON.parse(readFileSync(RUNS, "utf8")) as AllRuns;
const SMALL = "?engine=cpu&widths=5-4&samples=9&lang=en";

describe.skipIf(skipReason !== null)("the experiments on the page", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  const shown = (page: Page): Promise<unknown> => page.waitForSelector("#experiments[data-shown]", { timeout: 60_000 });
  const opened = (page: Page, key: string): Promise<unknown> =>
    page.waitForSelector(`#experiments .runs[data-shown='${key}']`, { timeout: 60_000 });

  test("nothing of them is fetched until they are asked for, and the runs behind them not before a row is opened", async () => {
    const { page, errors, strangers } = await served.open(SMALL);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url().replace(/^.*\//, "")));
    await ended(page, 9);
    expect(asked.filter((file) => file.startsWith("experiments"))).toEqual([]);
    await page.click("#experiment");
    await shown(page);
    expect(await page.isVisible("#status")).toBe(false);
    expect(new URL(page.url()).searchParams.get("view")).toBe("experiments");
    expect(asked.filter((file) => file.endsWith(".json")).map((file) => file.replace(/-[\w-]{8}\.json$/, ""))).toEqual([
      "experiments-figures",
    ]);
    await page.click("button.row[data-runs='a/relu']");
    await opened(page, "a/relu");
    expect(asked.filter((file) => file.startsWith("experiments-runs"))).toHaveLength(1);
    await page.click("#experiment");
    expect(await page.isVisible("#experiments")).toBe(false);
    expect(await page.isVisible("#status")).toBe(true);
    expect([...new URL(page.url()).searchParams.keys()]).not.toContain("runs");
    expect(errors).toEqual([]);
    expect(strangers).toEqual([]);
    await page.close();
  });

  test("the five figures have the evidence's verdicts and intervals, a mark for each, with its spread", async () => {
    const { page } = await served.open(`${SMALL}&view=experiments`);
    await shown(page);
    const { claims, norms } = summary;
    const verdicts = await page.locator("#experiments .decision strong").allInnerTexts();
    expect(verdicts).toEqual([claims.little, claims.therefore.outputs, claims.energy, "does not hold", "holds"]);
    const three = (log: number): string => String(Number(Math.exp(log).toPrecision(3)));
    const figure = page.locator("#experiments figure.norms");
    await figure.locator("summary").click();
    // A table is filled when its opening is announced.
    await figure.locator("tbody tr").last().waitFor();
    const lines = await figure.locator("tbody tr").all();
    expect(lines).toHaveLength(Object.keys(norms).length);
    for (const [i, own] of Object.values(norms).entries()) {
      const cells = (await lines[i]?.locator("td").allInnerTexts()) ?? [];
      const { mean, lower, upper } = own.penalties.parameter.all;
      expect(cells[4]).toBe(`${three(mean)} (${three(lower)} … ${three(upper)})`);
      expect(cells[5]).toContain(own.decision.spectral.all);
    }
    const { figures } = JSON.parse(readFileSync(FIGURES, "utf8")) as { figures: { rows: { marks: unknown[] }[] }[] };
    const charts = await page.locator("#experiments .drawing.rows").all();
    expect(charts).toHaveLength(5);
    for (const [i, chart] of charts.entries()) {
      const marks = figures[i]?.rows.flatMap((row) => row.marks).length ?? 0;
      await expect.poll(() => chart.locator("svg path").count()).toBe(marks);
      expect(await chart.locator("svg line[class^='line-']").count()).toBe(marks);
      expect(await chart.locator("button").count()).toBe(figures[i]?.rows.length);
    }
    // Names have a rim in the card's colour: under them in the file too.
    const file = await downloaded(page, "#experiments figure.norms button.quiet");
    expect(file).toMatch(/<text [^>]*stroke-width="4px"[^>]*paint-order="stroke"[^>]*>base</);
    await page.close();
  });

  test("a row is opened and closed by keyboard: what was run, each seed's series, the command; and by its address, in Chinese too", async () => {
    const { page, errors } = await served.open(`${SMALL}&view=experiments`);
    await shown(page);
    const row = page.locator("button.row[data-runs='a/base']").first();
    expect(await row.getAttribute("aria-label")).toMatch(
      /^base: ‖h_t‖ 2 \(1\.95 … 2\.05\); .* Open the runs behind it$/,
    );
    await row.focus();
    await page.keyboard.press("Enter");
    await opened(page, "a/base");
    const panel = page.locator("#runs-norms");
    expect(await row.getAttribute("aria-expanded")).toBe("true");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("The runs behind “base”");
    expect(await panel.locator(".facts").innerText()).toBe(
      "tanh 196-64-64-10, Glorot normal, biases from 0 · 256 digits of 14 × 14 pixels · gradient descent, batches of 16, rate 0.1 · 800 steps · seeds 1 to 10",
    );
    expect(await panel.locator("code").first().innerText()).toBe(runs["a/base"]?.command);
    expect(await panel.locator("a").allInnerTexts()).toEqual(["digits-14x14.npy.gz", "digits-14x14-labels.npy.gz"]);
    const chart = panel.locator("figure.penalties");
    // Two series of ten seeds.
    await expect.poll(() => chart.locator("polyline").count()).toBe(20);
    await panel.locator("select").selectOption({ label: "3" });
    await chart.locator("summary").click();
    await chart.locator("tbody tr").last().waitFor();
    const cells = await chart.locator("tbody td:first-of-type").allInnerTexts();
    expect(cells.map(Number)).toEqual(runs["a/base"]?.series["P_x"]?.[2]);
    expect(new URL(page.url()).searchParams.get("runs")).toBe("norms/a/base");
    await page.click("#language");
    expect(await panel.locator("h4").innerText()).toBe("“base”背后的各次训练");
    expect(await panel.locator(".facts").innerText()).toContain("种子 1 至 10");
    expect(await panel.locator("figure.penalties polyline").count()).toBe(20);
    await panel.locator("button", { hasText: "关闭" }).click();
    expect(await panel.innerText()).toBe("");
    expect(await page.evaluate("document.activeElement.dataset.runs")).toBe("a/base");
    expect(errors).toEqual([]);
    await page.close();
    const { page: other } = await served.open(`${SMALL}&view=experiments&runs=equal-loss/b/base/16-0.2`);
    await opened(other, "b/base/16-0.2");
    expect(await other.locator("#runs-equal-loss h4").innerText()).toBe("The runs behind “base 16-0.2”");
    await other.close();
  });

  test("a server that does not give them is named in a line, and asked again when they are opened again", async () => {
    const { page } = await served.open(SMALL);
    await page.route(/experiments-figures/, (route) => route.fulfill({ status: 404 }));
    await page.click("#experiment");
    await page.locator("#experiments", { hasText: "the server answered 404" }).waitFor();
    await page.unroute(/experiments-figures/);
    await page.click("#experiment");
    await page.click("#experiment");
    await shown(page);
    await page.close();
  });

  test.each([
    ["light", 1280, "en", "norms/a/relu-6-128"],
    ["dark", 360, "zh", "doses/c/input:0.1"],
    ["dark", 1280, "en", "equal-loss/b/regression/1-0.005"],
    ["light", 360, "zh", "corner/corner/2"],
  ] as const)("axe finds nothing serious, %s, %d wide, in %s, with %s open", async (colorScheme, width, lang, key) => {
    const options = { colorScheme, viewport: { width, height: 800 } };
    const query = `?engine=cpu&widths=5-4&samples=9&lang=${lang}&view=experiments&runs=${key}`;
    const { page, errors } = await served.open(query, options);
    await page.waitForSelector("#experiments .runs[data-shown]", { timeout: 60_000 });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run(document.querySelector('#experiments'))");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(errors).toEqual([]);
    await page.close();
  });
});
