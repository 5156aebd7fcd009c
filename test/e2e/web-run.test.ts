/** A run of the page in real Chromium: pause, stop, files to take away, plots, and whatever may happen to the window meanwhile. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SampleRow } from "../../src/records/sample.ts";
import { launchChromium, skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { downloaded, ended, numbersOf, reportOf, servePage } from "../support/page.ts";

const SMALL = "?engine=cpu&widths=6-7-5&samples=40";
const LONG = "?engine=cpu&widths=24-32-32-8&samples=6000&seed=2&batch=64";

/** How many samples the progress line says are done. */
async function doneSamples(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector<HTMLProgressElement>("#progress")?.value ?? 0);
}

/** Waits for a run to be well under way. */
async function underWay(page: Page): Promise<void> {
  await page.waitForFunction(() => (document.querySelector<HTMLProgressElement>("#progress")?.value ?? 0) > 1, null, {
    timeout: 60_000,
  });
}

describe.skipIf(skipReason !== null)("a run of the page", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  test("pauses after the batches under way, shows what is done so far, goes on, and ends with the numbers of a run without pause", async () => {
    const undisturbed = await served.open(LONG);
    await ended(undisturbed.page, 6000);
    const clean = await reportOf(undisturbed.page);
    await undisturbed.page.close();
    const { page, errors } = await served.open(LONG);
    await underWay(page);
    expect(await page.innerText("#running")).toMatch(/^[\d,]+ of 6,000 samples, [\d.]+ (ms|s) left$/);
    await page.click("#pause");
    expect(await page.innerText("#status")).toBe("Paused. What is shown covers the samples so far.");
    expect(await page.innerText("#pause")).toBe("Resume");
    // Two batches are under way at most; each takes a fraction of a second.
    await page.waitForTimeout(1500);
    const done = await doneSamples(page);
    await page.waitForTimeout(700);
    expect(await doneSamples(page)).toBe(done);
    expect(done).toBeLessThan(6000);
    expect((await reportOf(page)).samples).toBe(done);
    // A sample can be looked at meanwhile.
    await page.locator("#results button").first().click();
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    await page.click("#pause");
    await ended(page, 6000);
    const report = await reportOf(page);
    expect(numbersOf(report)).toEqual(numbersOf(clean));
    expect(report.timing.interrupted).toBe(false);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("stops while it is paused", async () => {
    const { page } = await served.open(LONG);
    await underWay(page);
    await page.click("#pause");
    await page.click("#stop");
    await ended(page);
    const { samples, timing } = await reportOf(page);
    expect([samples > 0, samples < 6000, timing.interrupted]).toEqual([true, true, true]);
    expect(await page.isDisabled("#pause")).toBe(true);
    await page.close();
  });

  test("gives away its rows, every plot as an SVG that needs nothing else, and a table behind each", async () => {
    const { page, errors } = await served.open(SMALL);
    await ended(page, 40);
    const rows = (await downloaded(page, "#rows"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as SampleRow);
    expect(rows.map((row) => row.index)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    await page.locator("#results button").first().click();
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    const plots = await page.evaluate<string[]>(
      `[...document.querySelectorAll(".plot")].map((plot) => plot.getAttribute("class").replace("plot ", ""))`,
    );
    expect(plots).toEqual(["scatter", "tightness", "losses", "ratio", "coefficient", "sides"]);
    for (const name of plots) {
      const text = await downloaded(page, `.plot.${name} .tools button`);
      const found = await page.evaluate((svg) => {
        const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
        const shapes = [...parsed.querySelectorAll("rect, path, line, circle")];
        return {
          isBroken: parsed.querySelector("parsererror") !== null,
          shapes: shapes.length,
          isColoured: shapes.every((shape) => shape.hasAttribute("fill") || shape.hasAttribute("stroke")),
          leans: parsed.querySelector("[class], [style], image, use, script, foreignObject") !== null,
          width: Number(parsed.documentElement.getAttribute("width")),
        };
      }, text);
      expect(found, name).toMatchObject({ isBroken: false, isColoured: true, leans: false });
      expect(found.shapes, name).toBeGreaterThan(3);
      expect(found.width, name).toBeGreaterThan(200);
      await page.click(`.plot.${name} summary`);
      await page.waitForSelector(`.plot.${name} tbody tr`);
    }
    const counted = async (name: string, column: number): Promise<number> => {
      const cells = await page.locator(`.plot.${name} tbody tr td:nth-child(${String(column)})`).allInnerTexts();
      return cells.reduce((sum, text) => sum + Number(text), 0);
    };
    // Samples with a right side, and a left side too for the scatter, which is logarithmic in both.
    const both = rows.filter(({ lhs, rhs }) => (lhs ?? 0) > 0 && (rhs ?? 0) > 0).length;
    expect(await counted("scatter", 3)).toBe(both);
    expect(await counted("ratio", 3)).toBe(both);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("draws again in another size, and in the other colours", async () => {
    const { page, errors } = await served.open("?engine=cpu", { colorScheme: "light" });
    await ended(page, 1000);
    const points = (colour: readonly number[]): Promise<number> =>
      page.evaluate(([r, g, b]) => {
        const canvas = document.querySelector<HTMLCanvasElement>(".scatter canvas");
        const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        let found = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i] === r && data[i + 1] === g && data[i + 2] === b) found++;
        return found;
      }, colour);
    const width = (): Promise<number> => page.locator(".scatter canvas").evaluate((canvas) => canvas.clientWidth);
    const wide = await width();
    expect(await points([27, 110, 75])).toBeGreaterThan(200);
    await page.setViewportSize({ width: 500, height: 800 });
    await page.waitForFunction(
      (before) => (document.querySelector(".scatter canvas")?.clientWidth ?? before) < before,
      wide,
    );
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await expect.poll(() => points([111, 211, 164])).toBeGreaterThan(200);
    expect(await points([27, 110, 75])).toBe(0);
    expect(
      await page
        .locator(".card")
        .first()
        .evaluate((card) => getComputedStyle(card).transitionDuration),
    ).toBe("0s");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("goes on where no frame is painted, as in a hidden tab, and has drawn everything once frames come again", async () => {
    const { page, errors } = await served.open("", {});
    await page.addInitScript(() => {
      const held: FrameRequestCallback[] = [];
      Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
      const paint = window.requestAnimationFrame.bind(window);
      window.requestAnimationFrame = (callback) => held.push(callback);
      Object.assign(window, {
        comeBack: () => {
          window.requestAnimationFrame = paint;
          for (const callback of held) paint(callback);
        },
      });
    });
    await page.goto(`${served.address}${SMALL}`);
    await ended(page, 40);
    expect(await page.locator(".ratio rect.bar").count()).toBe(0);
    await page.evaluate("comeBack()");
    await page.waitForSelector(".ratio rect.bar", { state: "attached" });
    const titles = await page.locator(".ratio rect.bar title").allTextContents();
    const drawn = titles.reduce((sum, text) => sum + Number(/: (\d+)$/.exec(text)?.[1]), 0);
    expect(drawn).toBeGreaterThan(30);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("is worked by keyboard alone, and nothing overflows at twice the zoom", async () => {
    // 200 % of a window 1280 wide.
    const { page, errors } = await served.open(SMALL, { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 });
    await ended(page, 40);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(640);
    const reached = new Set<string>();
    for (let presses = 0; presses < 90; presses++) {
      await page.keyboard.press("Tab");
      const place = await page.evaluate(() => {
        const { id, dataset, tagName } = document.activeElement as HTMLElement;
        return id !== "" ? id : dataset["key"] !== undefined ? "look" : tagName;
      });
      reached.add(place);
      if (place === "look") break;
    }
    // Of radio buttons the chosen one alone is a stop.
    for (const id of [
      "language",
      "again",
      "subject-drawn",
      "net-depth",
      "net-batch",
      "fault",
      "own-model",
      "own-verify",
    ]) {
      expect([...reached]).toContain(id);
    }
    await page.keyboard.press("Enter");
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    expect(await page.evaluate("document.activeElement.id")).toBe("sample");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("runs on the host's engine in a Chromium whose WebGPU is switched off, and says how to switch it on", async () => {
    const browser = await launchChromium(false);
    const page = await browser.newPage();
    await page.goto(`${served.address}?widths=6-7-5&samples=40`);
    await ended(page, 40);
    expect(await page.innerText("#engine")).toMatch(
      /^This browser('s WebGPU offers no adapter| has no WebGPU): the host's f64 engine computes instead\. Engine cpu, f64/,
    );
    expect(await page.innerText("#webgpu-hint")).toContain("To switch WebGPU on in Chrome on Linux");
    expect(await page.innerText("#command")).toContain("--engine cpu");
    await page.goto(`${served.address}?widths=6-7-5&samples=40&engine=webgpu`);
    await ended(page, 0);
    expect(await page.innerText("#status")).toMatch(/^webgpu: this browser (offers no adapter|has none); expected one/);
    await browser.close();
  });

  test("computes in several workers without WebGPU, with the numbers of one, and says how to switch WebGPU on", async () => {
    const cores = (n: number): string =>
      `Object.defineProperty(WorkerNavigator.prototype, "hardwareConcurrency", { get: () => ${String(n)} });
       delete WorkerNavigator.prototype.gpu;
       const Own = Worker;
       globalThis.Worker = function (...words) { console.info("a thread starts"); return new Own(...words); };`;
    const reports = [];
    for (const [threads, n] of [
      [1, 2],
      [3, 4],
    ] as const) {
      const { page, errors } = await served.open("about:blank".slice(11));
      let started = 0;
      page.on("console", (message) => {
        if (message.text() === "a thread starts") started++;
      });
      await page.goto(`${served.address}${served.copy(`cores-${String(n)}`, cores(n))}?widths=24-32-8&samples=600`);
      await ended(page, 600);
      const said = await page.innerText("#engine");
      expect(said).toContain("This browser has no WebGPU: the host's f64 engine computes instead.");
      expect(said).toContain(threads === 1 ? "One worker computes." : "3 workers compute.");
      expect(await page.innerText("#webgpu-hint")).toContain("chrome://flags/#enable-unsafe-webgpu");
      expect(started).toBe(threads);
      const report = await reportOf(page);
      expect(report.timing.details["threads"]).toBe(threads);
      reports.push(numbersOf(report));
      expect(errors).toEqual([]);
      await page.close();
    }
    expect(reports[1]).toEqual(reports[0]);
  });
});
