/** The page when its worker is not there, fails or falls silent, what it may be asked to hold, and that runs leave nothing behind. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitsOf } from "../../src/worker/limits.ts";
import type { ServedPage } from "../support/page.ts";
import { ended, servePage } from "../support/page.ts";

let served: ServedPage;
beforeAll(async () => {
  served = await servePage();
}, 120_000);
afterAll(() => served.close());

const RUN = "?widths=5-4-3&samples=50&engine=cpu";

describe("a worker", { timeout: 120_000 }, () => {
  test.each<[string, { status: number } | { body: string }, RegExp]>([
    ["whose script is missing", { status: 404 }, /^The page's worker failed \(.+\)\. “Run again” starts another\.$/],
    ["that throws as it starts", { body: 'throw new Error("broken");' }, /^The page's worker failed \(.*broken\)/],
    ["that closes", { body: "close();" }, /^The page's worker has not answered for seconds/],
    ["that never answers", { body: "for (;;);" }, /^The page's worker has not answered for seconds/],
  ])("%s: said within 5 s, and the page runs again with another", async (_, answer, words) => {
    const { page } = await served.open("?lang=en&engine=cpu", { serviceWorkers: "block" });
    await ended(page);
    await page.route(/\/worker-[^/]*\.js$/, (route) => route.fulfill({ contentType: "text/javascript", ...answer }), {
      times: 1,
    });
    await page.goto(`${served.address}${RUN}&lang=en`);
    await page.waitForLoadState("load");
    const startedMs = performance.now();
    await ended(page);
    // Five seconds, and what a machine under tests needs beside.
    expect(performance.now() - startedMs).toBeLessThan(7000);
    expect(await page.textContent("#status")).toMatch(words);
    expect(await page.isEnabled("#again")).toBe(true);
    await page.click("#again");
    await ended(page, 50);
    expect(await page.textContent("#status")).toMatch(/^50 samples examined/);
    await page.close();
  });

  test("that closes in the middle of a run: said within 5 s", async () => {
    const closing = served.copy("closing", "setTimeout(() => close(), 4000);");
    const { page } = await served.open(`${closing}?widths=30-30-10&samples=200000&engine=cpu&lang=en`);
    await page.waitForFunction(() => document.querySelector("#status")?.textContent === "Running.");
    const startedMs = performance.now();
    await ended(page);
    expect(performance.now() - startedMs).toBeLessThan(12_000);
    expect(await page.textContent("#status")).toMatch(/^The page's worker has not answered for seconds/);
    await page.close();
  });
});

test(
  "parameters and samples are bounded by what the machine can hold, said at the field",
  { timeout: 60_000 },
  async () => {
    const { page } = await served.open(`${RUN}&lang=en`);
    await ended(page, 50);
    const memory = await page.evaluate(() => (navigator as { readonly deviceMemory?: number }).deviceMemory);
    const { parameters, samples } = limitsOf(memory);
    expect(await page.textContent("#net-widths-most")).toBe(
      `at most ${parameters.toLocaleString("en")} parameters on this machine`,
    );
    expect(await page.textContent("#net-samples-most")).toBe(
      `at most ${samples(2).toLocaleString("en")} of this network on this machine`,
    );
    expect(await page.getAttribute("#net-samples", "max")).toBe(String(samples(2)));
    await page.goto(`${served.address}?widths=4096-4096-4096-4096-4096-4096-4096&samples=1&lang=en`);
    await ended(page, 0);
    expect(await page.textContent("#status")).toMatch(/found \d+ parameters, expected at most \d+ on this machine/);
    await page.goto(`${served.address}?widths=5-4-3&samples=100000000&lang=en`);
    await ended(page, 0);
    expect(await page.textContent("#status")).toMatch(/^samples 100000000: expected a whole number from 1 to \d+/);
    await page.close();
  },
);

test("twenty runs leave as many nodes as one", { timeout: 120_000 }, async () => {
  const { page } = await served.open(`${RUN}&lang=en`);
  await ended(page, 50);
  const cdp = await page.context().newCDPSession(page);
  const again = async (): Promise<void> => {
    await page.click("#again");
    await page.waitForSelector("#again:not([disabled])");
    await ended(page, 50);
  };
  const nodes = async (): Promise<{ inDocument: number; held: number }> => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { nodes: held } = await cdp.send("Memory.getDOMCounters");
    return { inDocument: await page.evaluate(() => document.querySelectorAll("*").length), held };
  };
  // The first runs fill caches of the browser's own.
  for (let i = 0; i < 3; i++) await again();
  const few = await nodes();
  for (let i = 0; i < 20; i++) await again();
  const many = await nodes();
  expect(many.inDocument).toBe(few.inDocument);
  // A run's figures alone are hundreds of nodes.
  expect(many.held).toBeLessThan(few.held + 200);
  await page.close();
});
