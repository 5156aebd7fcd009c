import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/records/report.ts";
import type { Axis } from "../../src/report/html-axes.ts";
import { AXES, axisGroups } from "../../src/report/html-axes.ts";
import { htmlReport } from "../../src/report/html-run.ts";
import { launchChromium, skipReason } from "../support/browser.ts";
import { htmlSweep } from "../../src/report/html-sweep.ts";
import { CLEAN, FAULTY } from "./sample.ts";
import { sweepOf } from "./sweep-sample.ts";

if (skipReason !== null) console.warn(`skipped: ${skipReason}`);

const HOSTILE = `"/></title></style><script>document.title="taken"</script><img src=x onerror="document.title='taken'">'&amp;\u0000\u202e`;

/** Every text that comes from outside, hostile. */
const TAKEN: Report = {
  ...FAULTY,
  engine: { ...FAULTY.engine, adapter: HOSTILE, runtime: HOSTILE },
  model: { source: HOSTILE, layers: FAULTY.model.layers.map((layer) => ({ ...layer, activation: HOSTILE })) },
  head: HOSTILE,
  run: { ...FAULTY.run, plant: HOSTILE, settings: { inputs: HOSTILE, [HOSTILE]: [HOSTILE] } },
  bounds: { [HOSTILE]: 1 },
  faults: [
    {
      check: HOSTILE,
      layer: 1,
      count: 3,
      example: { index: 0, left: 1, right: NaN, margin: null, bound: null, reason: HOSTILE },
    },
  ],
  timing: { ...FAULTY.timing, startedAt: HOSTILE, details: { [HOSTILE]: HOSTILE } },
};

const EMPTY: Report = {
  ...CLEAN,
  samples: 0,
  verdicts: { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 },
  penalties: { input: null, parameter: null, reason: "no valid sample" },
  ratio: { min: null, p01: null, p10: null, median: null, mean: null, p90: null, p99: null, max: null, counted: 0 },
  layers: [],
  timing: { ...CLEAN.timing, interrupted: true },
};

describe("the HTML report", () => {
  test("is the same text for the same report, and asks for nothing from anywhere", () => {
    const text = htmlReport(CLEAN);
    expect(text).toBe(htmlReport(CLEAN));
    expect(text).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|url\(|@import/);
    expect(text).toContain("default-src &#39;none&#39;");
  });

  test("text from outside stays text", () => {
    const text = htmlReport(TAKEN);
    expect(text).not.toMatch(/<script|<img|onerror="/);
    expect(text.split("&lt;script&gt;").length).toBeGreaterThan(10);
    expect(text).not.toContain("\u0000");
  });

  test("says what the console says: verdicts, both penalties, ratio, layers, faults, engine, audit, time", () => {
    const text = htmlReport(FAULTY);
    for (const part of [
      "Violated in 1,000 of 1,000 samples.",
      "planted",
      "12.50",
      "250.3",
      "0.2000",
      "64×784",
      "the first of them",
      "cpu f64",
      "810.0 samples a second",
    ])
      expect(text).toContain(part);
  });

  test("numbers that are missing or not finite are dashes, and never in a plot", () => {
    for (const report of [EMPTY, TAKEN]) expect(htmlReport(report)).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});

/** A sweep whose every foreign text is hostile. */
function takenSweep(): string {
  const report = sweepOf(9, 3);
  const [first] = report.architectures;
  if (first === undefined) throw new RangeError("a sweep of nothing");
  return htmlSweep(
    {
      ...report,
      head: HOSTILE,
      engine: TAKEN.engine,
      run: TAKEN.run,
      timing: TAKEN.timing,
      architectures: [{ ...first, head: HOSTILE }, ...report.architectures.slice(1)],
      worst: report.worst.map((worst) => ({ ...worst, address: HOSTILE, reason: HOSTILE })),
      faults: TAKEN.faults.map((fault) => ({ ...fault, address: HOSTILE })),
    },
    HOSTILE,
  );
}

describe("the HTML report of a sweep", () => {
  test("names the worst and the tightest cases with the command that repeats each", () => {
    const text = htmlSweep(sweepOf(100, 5), "--grid g.json");
    for (const address of ["7:0:3", "7:8:3", "7:4:11"])
      expect(text).toContain(`gpv verify --address ${address} --grid g.json`);
    expect(text).toContain("Violated in 235 of 20,000 samples.");
  });

  test("plots ratio and coefficient by depth, width, initialiser and activation, and tightness by layer, each with its numbers", () => {
    const text = htmlSweep(sweepOf(200), "--preset smoke");
    for (const axis of ["depth", "greatest width", "initialiser", "activation"]) {
      expect(text).toContain(`Left / right by ${axis}`);
      expect(text).toContain(`Coefficient by ${axis}`);
      expect(text).toContain(`By ${axis}, in numbers`);
    }
    expect(text).toContain("Tightness by layer");
  });

  test("an axis is aggregated: lowest sample, median of medians, highest sample", () => {
    const groups = axisGroups(sweepOf(16).architectures, AXES[0] as Axis);
    expect(groups.map(({ label, architectures }) => [label, architectures])).toEqual(
      Array.from({ length: 8 }, (_, i) => [String(i + 1), 2]),
    );
    expect(groups[1]?.ratio).toMatchObject({ low: 0.05, middle: 0.25, high: 0.475 });
  });

  test("stays below a megabyte for 10,000 architectures, and lists those with something wrong first", () => {
    const text = htmlSweep(sweepOf(10_000, 150), "--preset soak");
    expect(text.length).toBeLessThan(1_000_000);
    expect(text).toContain("The 200 of 10,000 with most that went wrong");
    for (const number of [0, 149]) expect(text).toContain(`<th scope="row">${String(number)}</th>`);
  });

  test("text from outside stays text", () => {
    expect(takenSweep()).not.toMatch(/<script|<img|onerror="|NaN|undefined|\[object/);
  });
});

describe.skipIf(skipReason !== null)("the HTML report in Chromium", () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  /** Shows a page; resolves to whatever it asked of the network or complained of. */
  async function shown(
    text: string,
    options: { width?: number; dark?: boolean; bypassCSP?: boolean },
    look: (page: Page) => Promise<void>,
  ): Promise<string[]> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1000, height: 800 },
      colorScheme: options.dark === true ? "dark" : "light",
      bypassCSP: options.bypassCSP ?? false,
    });
    const wrong: string[] = [];
    const tab = await context.newPage();
    tab.on("request", (request) => wrong.push(request.url()));
    tab.on("console", (message) => wrong.push(message.text()));
    tab.on("pageerror", (error) => wrong.push(error.message));
    await tab.setContent(text);
    await look(tab);
    await context.close();
    return wrong;
  }

  test.each([
    ["clean", htmlReport(CLEAN)],
    ["faulty", htmlReport(FAULTY)],
    ["hostile", htmlReport(TAKEN)],
    ["empty", htmlReport(EMPTY)],
    ["a sweep", htmlSweep(sweepOf(60, 2), "--preset smoke")],
  ])("axe-core finds nothing, light or dark: %s", async (_, text) => {
    for (const dark of [false, true]) {
      const wrong = await shown(text, { dark, bypassCSP: true }, async (tab) => {
        await tab.evaluate(axe);
        const found = await tab.evaluate(async () => {
          const { violations } = await (
            globalThis as unknown as {
              axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
        });
        expect(found).toEqual([]);
      });
      expect(wrong).toEqual([]);
    }
  });

  test("hostile text runs nothing and is shown as it is", async () => {
    const wrong = await shown(htmlReport(TAKEN), {}, async (tab) => {
      expect(await tab.title()).toBe(
        `Gradient penalties: ${HOSTILE.replace("\u0000", "\ufffd").replace("\u202e", "\\u202e")}`,
      );
      expect(await tab.locator("script, img").count()).toBe(0);
    });
    expect(wrong).toEqual([]);
  });

  test.each([360, 1000])("does not scroll sideways at %i px", async (width) => {
    for (const text of [
      htmlReport(CLEAN),
      htmlReport(FAULTY),
      htmlReport(TAKEN),
      htmlSweep(sweepOf(60, 2), "--grid g.json"),
      takenSweep(),
    ])
      await shown(text, { width }, async (tab) => {
        expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      });
  });

  test("its policy refuses a script that got in", async () => {
    const said = await shown(htmlReport(CLEAN), {}, async (tab) => {
      await tab.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
      });
      expect(await tab.title()).toContain("Gradient penalties");
    });
    expect(said).toEqual([expect.stringContaining("Content Security Policy")]);
  });
});
