/** The page, built and served for a test, and copies of it whose worker finds another browser around it. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import type { Report } from "../../src/records/report.ts";
import { launchChromium, serveFolder } from "./browser.ts";

export interface ServedPage {
  readonly browser: Browser;
  /** Ends in "/a/b/": the page works from any path. */
  readonly address: string;
  /** A copy in which `script` runs before the worker's own; the path of the copy, relative to `address`. */
  readonly copy: (name: string, script: string) => string;
  /** A page of the browser whose console errors, and requests beyond the origin, are kept. */
  readonly open: (query: string, options?: BrowserContextOptions) => Promise<OpenPage>;
  readonly close: () => Promise<void>;
}

export interface OpenPage {
  readonly page: Page;
  readonly errors: readonly string[];
  /** Requests that left the origin. */
  readonly strangers: readonly string[];
}

/** @param root the repository. */
export async function servePage(root = resolve(import.meta.dirname, "../..")): Promise<ServedPage> {
  const folder = mkdtempSync(join(tmpdir(), "gpv-page-"));
  const site = join(folder, "a/b");
  const config = { root: join(root, "web"), configFile: join(root, "vite.config.ts"), logLevel: "warn" } as const;
  await build({ ...config, build: { outDir: site } });
  const server = await serveFolder(folder);
  const browser = await launchChromium();
  const address = `${server.address}a/b/`;
  return {
    browser,
    address,
    copy(name, script) {
      const assets = join(site, name, "assets");
      cpSync(join(site, "assets"), assets, { recursive: true });
      cpSync(join(site, "index.html"), join(site, name, "index.html"));
      const [worker, ...more] = readdirSync(assets).filter((file) => /^worker-.*\.js$/.test(file));
      if (worker === undefined || more.length > 0) throw new Error(`found ${String(more.length)} workers too many`);
      writeFileSync(join(assets, worker), `${script}\n${readFileSync(join(assets, worker), "utf8")}`);
      return `${name}/`;
    },
    async open(query, options = {}) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
      const errors: string[] = [];
      const strangers: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.address)) {
          strangers.push(request.url());
        }
      });
      await page.goto(address + query);
      return { page, errors, strangers };
    },
    async close() {
      await browser.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a run has ended; over `samples` samples where they are named. */
export async function ended(page: Page, samples?: number, limitMs = 90_000): Promise<void> {
  const wanted = samples === undefined ? "" : `='${String(samples)}'`;
  await page.waitForSelector(`#status[data-done${wanted}]`, { timeout: limitMs });
}

/** What a click on `selector` downloads, as text. */
export async function downloaded(page: Page, selector: string): Promise<string> {
  const waiting = page.waitForEvent("download");
  await page.click(selector);
  return readFileSync(await (await waiting).path(), "utf8");
}

/** The report that the page gives away. */
export async function reportOf(page: Page): Promise<Report> {
  return JSON.parse(await downloaded(page, "#report")) as Report;
}

/** What a report says of its samples. */
export function numbersOf({ ratio, coefficient, layers, penalties, verdicts, samples, ...rest }: Report): object {
  const { head, norm, escalations, bounds, faults, audited } = rest;
  return { ratio, coefficient, layers, penalties, verdicts, samples, head, norm, escalations, bounds, faults, audited };
}

/** A page on which a small drawn network has been run, so that something stands there before files come. */
export async function openSmall(served: ServedPage): Promise<Page> {
  const { page } = await served.open("?engine=cpu&widths=3-2&samples=5");
  await ended(page, 5);
  return page;
}
