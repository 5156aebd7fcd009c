/** The page's two languages in real Chromium: by the browser's preference, by the address, by the switch, without losing the run. */
import { join } from "node:path";
import process from "node:process";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { servePage } from "../support/page.ts";

describe.skipIf(skipReason !== null)("the page's languages", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  async function open(query: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
    const page = await served.browser.newPage(options);
    await page.goto(`${served.address}${query}`);
    await page.waitForSelector("#status[data-done]", { timeout: 90_000 });
    return page;
  }

  /** What the page says once it says nothing more by itself: plots are drawn by frames, and the command comes from the worker. */
  async function settledText(page: Page): Promise<string> {
    let before = "";
    await expect
      .poll(
        async () => {
          const last = before;
          before = await page.innerText("main");
          return before === last;
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe(true);
    return before;
  }

  const lang = (page: Page): Promise<string> => page.evaluate("document.documentElement.lang");

  test("the browser's preference decides, and the address overrules it", async () => {
    const chinese = await open("?engine=cpu&widths=5-4&samples=9", { locale: "zh-CN" });
    expect(await lang(chinese)).toBe("zh-Hans");
    expect(await chinese.title()).toBe("梯度惩罚验证器");
    expect(await chinese.innerText("#status")).toContain("已检验 9 个样本");
    await chinese.close();
    const english = await open("?engine=cpu&widths=5-4&samples=9&lang=en", { locale: "zh-CN" });
    expect(await lang(english)).toBe("en");
    expect(await english.innerText("#status")).toContain("9 samples examined");
    await english.close();
  });

  test("the switch says everything again in place, keeps the run, and stands in the address", async () => {
    const page = await open("?engine=cpu&plant=vjp-missing-mask&widths=6-7-5&samples=40");
    await page.locator("#results button").first().click();
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    const english = await settledText(page);
    await page.evaluate("document.querySelector('#results').firstElementChild.dataset.kept = 'yes'");
    await page.click("#language");
    expect(await lang(page)).toBe("zh-Hans");
    expect(new URL(page.url()).searchParams.get("lang")).toBe("zh");
    const chinese = await page.innerText("main");
    // The very element: nothing was computed or built again.
    expect(await page.locator("#results [data-kept]").count()).toBe(1);
    expect(chinese).toContain("仅看不等式：40 个样本中有 40 个通过。");
    expect(chinese).toMatch(/第 2 层的截面检验（\d+）/);
    expect(await page.getAttribute("#plot canvas", "aria-label")).toContain("左端与右端");
    // Details of a violation and the replay's finding are src's own words; names of faults, heads and settings are the command line's.
    for (const part of [
      "header",
      "#status",
      "#verdicts",
      "#plot",
      "#finding",
      "#results",
      "#own",
      "#sample table",
      "footer h2",
    ]) {
      const words = (await page.locator(part).allInnerTexts()).join(" ").match(/[a-z]{4,}/gi) ?? [];
      const known =
        /^(engine|webgpu|chromium|gradient|penalty|verifier|demo|replay|violated|json|english|choose|file|chosen)$/i;
      expect(
        words.filter((word) => !known.test(word)),
        part,
      ).toEqual([]);
    }
    await page.click("#language");
    await expect.poll(() => page.innerText("main"), { timeout: 20_000 }).toBe(english);
    expect(new URL(page.url()).searchParams.get("lang")).toBe("en");
    await page.click("#language");
    const link = page.url();
    await page.close();
    const other = await served.browser.newPage();
    await other.goto(link);
    expect(await lang(other)).toBe("zh-Hans");
    await other.close();
  });

  test.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)("axe finds nothing serious on the Chinese page, %s, %d wide", async (colorScheme, width) => {
    const page = await open("?engine=cpu&plant=vjp-missing-mask&lang=zh", {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await page.locator("#results button").first().click();
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    const shots = process.env["GPV_SCREENSHOTS"];
    if (shots !== undefined)
      await page.screenshot({ path: join(shots, `zh-${colorScheme}-${String(width)}.png`), fullPage: true });
    await page.close();
  });
});
