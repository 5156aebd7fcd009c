import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "vite";
import { launchChromium, serveFolder, skipReason } from "../support/browser.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Report } from "../../src/records/report.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { npy } from "../support/npy.ts";
import { network } from "../witness/support.ts";
import { readWitness } from "../../src/witness/file.ts";
import { replayWitness } from "../../src/witness/replay.ts";
import { sameBits } from "../support/same-bits.ts";

if (skipReason !== null) console.warn(`skipped: ${skipReason}`);

const root = resolve(import.meta.dirname, "../..");

describe.skipIf(skipReason !== null)("the page in real Chromium", () => {
  let browser: Browser;
  let server: { address: string; close: () => void };
  const folder = mkdtempSync(join(tmpdir(), "gpv-web-"));

  beforeAll(async () => {
    await build({
      root: join(root, "web"),
      configFile: join(root, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: folder },
    });
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: ["test/support/same-bits.ts"],
      bundle: true,
      format: "esm",
      outfile: join(folder, "same-bits.js"),
      logLevel: "warning",
    });
    writeFileSync(join(folder, "bits.html"), "<!doctype html><title>bits</title>");
    server = await serveFolder(folder);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function digits(query: string): Promise<{ text: string; errors: string[]; requests: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const errors: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`${server.address}${query}`);
    await page.waitForSelector("#status[data-done]", { timeout: 90_000 });
    const text = await page.innerText("main");
    const shots = process.env["GPV_SCREENSHOTS"];
    if (shots !== undefined) {
      await page.screenshot({ path: join(shots, `page${query.replaceAll(/\W/g, "-")}.png`), fullPage: true });
    }
    await page.close();
    return { text, errors, requests };
  }

  test("runs 1,000 digits on WebGPU through the worker: none violated, no console error, no other origin", async () => {
    const { text, errors, requests } = await digits("");
    expect(errors).toEqual([]);
    expect(text).toContain("1,000 samples examined");
    expect(text).toContain("Engine webgpu, f32, chromium");
    expect(text).toMatch(/1,000\s*holds/);
    expect(text).toMatch(/\n0\s*violated/);
    expect(requests.filter((url) => !url.startsWith(server.address) && !url.startsWith("data:"))).toEqual([]);
  });

  test("asks for its data after the first paint", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.address}?engine=cpu`);
    await page.waitForSelector("#status[data-done]", { timeout: 90_000 });
    const [painted, ...asked] = await page.evaluate<number[]>(`[
      ...performance.getEntriesByName("first-contentful-paint"),
      ...performance.getEntriesByType("resource").filter((entry) => /digits/.test(entry.name)),
    ].map((entry) => entry.startTime)`);
    expect(asked).toHaveLength(2);
    expect(Math.min(...asked)).toBeGreaterThan(painted ?? Infinity);
    await page.close();
  });

  test("has the numbers of the command line for the files that it gives away", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.address}?engine=cpu`);
    await page.waitForSelector("#status[data-done='1000']", { timeout: 90_000 });
    const taken = async (selector: string): Promise<string> => {
      const waiting = page.waitForEvent("download");
      await page.click(selector);
      const download = await waiting;
      const path = join(folder, download.suggestedFilename());
      await download.saveAs(path);
      return path;
    };
    const there = JSON.parse(readFileSync(await taken("#report"), "utf8")) as Report;
    const command = (await page.innerText("footer code")).split(" ").slice(2);
    const words = [...command, "--json"];
    for (const selector of ["#digits-model", "#digits-inputs"]) await taken(selector);
    await page.close();
    const { stdout } = spawnSync(process.execPath, [join(root, "bin/gpv.js"), ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    const here = JSON.parse(stdout) as Report;
    for (const key of ["samples", "verdicts", "penalties", "ratio", "coefficient", "layers", "bounds"] as const) {
      expect(there[key], key).toEqual(here[key]);
    }
  });

  test("runs them on the host's engine where that is asked for, with the same verdicts", async () => {
    const { text, errors } = await digits("?engine=cpu");
    expect(errors).toEqual([]);
    expect(text).toContain("Engine cpu, f64, chromium");
    expect(text).toMatch(/1,000\s*holds/);
    expect(text).toMatch(/\n0\s*violated/);
  });

  test("plants a fault from its address: the inequality alone passes, the checks name the layers", async () => {
    const { text, errors } = await digits("?engine=cpu&plant=vjp-missing-mask");
    expect(errors).toEqual([]);
    expect(text).toContain("The inequality alone passes 1,000 of 1,000 samples.");
    expect(text).toContain("All checks together: 1,000 violated. Named: cut at layer 2 (1,000), cut at layer 3");
  });

  test("verifies the user's own network and data, says the command that does the same, and refuses a bad file in a line", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.address}?engine=cpu`);
    await page.waitForSelector("#status[data-done='1000']", { timeout: 90_000 });
    const tanh = network([3, 5, 2], "tanh");
    const model = { name: "own model.json", mimeType: "application/json", buffer: Buffer.from(writeModelJson(tanh)) };
    const inputs = Float64Array.from({ length: 12 }, (_, i) => Math.sin(i));
    const data = { name: "data.npy", mimeType: "application/octet-stream", buffer: Buffer.from(npy(inputs, 4, 3)) };
    await page.setInputFiles("#own-model", model);
    await page.waitForFunction(() => document.querySelector("#own-status")?.textContent.startsWith("Found"));
    expect(await page.innerText("#own-status")).toBe("Found own model.json: expected data too");
    await page.setInputFiles("#own-inputs", data);
    await page.waitForSelector("#status[data-done='4']");
    expect(await page.innerText("#command")).toContain(
      "npx gradient-penalty-verifier verify --model 'own model.json' --inputs data.npy",
    );
    // The numbers are those of the same run here.
    const host = createCpuEngine({ threads: 0, runtime: "test" });
    const { report } = await verify({
      ...{
        network: tanh,
        engine: host,
        host,
        norm: "spectral",
        accuracy: 1e-3,
        seed: 0,
        head: { kind: "logit-argmax" },
      },
      source: { samples: 4, width: 3, read: () => ({ inputs: inputs.slice(), labels: null }) },
    });
    expect(await page.innerText("#results")).toContain(report.ratio.max?.toPrecision(4) ?? "no ratio");
    await page.setInputFiles("#own-inputs", { ...data, buffer: Buffer.from("<script>alert(1)</script>") });
    await page.waitForFunction(() => document.querySelector("#own-status")?.textContent.startsWith("data.npy: "));
    expect(await page.innerText("#own-status")).toBe(
      "data.npy: found none of the known formats, expected .npy, .npz, .safetensors, .csv, .parquet or IDX (plain or .gz)",
    );
    await page.close();
  });

  test("stops when it is told to, with a report of what is finished", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.address}?engine=cpu&widths=64-64-64-10&samples=100000`);
    await page.waitForSelector('#progress[value]:not([value="0"])', { timeout: 60_000 });
    await page.click("#stop");
    await page.waitForSelector("#status[data-done]", { timeout: 60_000 });
    const done = Number(await page.getAttribute("#status", "data-done"));
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(100_000);
    expect(await page.innerText("#status")).toContain(", then stopped.");
    const waiting = page.waitForEvent("download");
    await page.click("#report");
    const report = JSON.parse(readFileSync(await (await waiting).path(), "utf8")) as Report;
    expect([report.samples, report.timing.interrupted]).toEqual([done, true]);
    await page.close();
  });

  test.each(["", "?engine=cpu"])("looks at one sample closely and gives its witness away, with %j", async (query) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const errors: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(`${server.address}${query}`);
    await page.waitForSelector("#status[data-done]", { timeout: 90_000 });
    const tightest = page.locator("section", { hasText: "The tightest samples" }).last();
    const index = Number(await tightest.locator("tbody th").first().innerText());
    await tightest.locator("button").first().click();
    await page.waitForSelector("#sample[data-shown]");
    const text = await page.innerText("#sample");
    expect(text).toContain(`Sample ${String(index)}: holds`);
    expect(text).toContain("Replayed in f64: derived again from the stored values: holds.");
    expect(await page.locator("#sample canvas").count()).toBe(1);
    // Something was drawn in the colour of "holds", below the line of equality alone.
    const coloured = `(() => {
      const canvas = document.querySelector("#plot canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let green = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] === 27 && data[i + 1] === 110 && data[i + 2] === 75) green++;
      return green;
    })()`;
    expect(await page.evaluate(coloured)).toBeGreaterThan(200);
    const bars = await page.locator("#plot .ratio rect.bar title").allTextContents();
    expect(bars.length).toBeGreaterThan(10);
    expect(bars.reduce((sum, text) => sum + Number(/: (\d+)$/.exec(text)?.[1]), 0)).toBe(1000);
    expect(await page.locator("#sample svg rect").count()).toBe(6);
    const waiting = page.waitForEvent("download");
    await page.locator("#sample a").click();
    const file = await (await waiting).path();
    const witness = await readWitness(readFileSync(file, "utf8"), "downloaded");
    const host = createCpuEngine({ threads: 0, runtime: "test" });
    expect(witness.index).toBe(index);
    expect((await replayWitness(witness, host)).confirmed).toBe(true);
    const shots = process.env["GPV_SCREENSHOTS"];
    if (shots !== undefined)
      await page.screenshot({ path: join(shots, `sample${query.length > 0 ? "-cpu" : ""}.png`), fullPage: true });
    await page.close();
    expect(errors).toEqual([]);
  });

  test.each([
    ["no WebGPU", "delete WorkerNavigator.prototype.gpu;", "This browser has no WebGPU: the host's f64 engine"],
    [
      "WebGPU but no adapter",
      "GPU.prototype.requestAdapter = async () => null;",
      "WebGPU offers no adapter: the host's",
    ],
  ])("says so in a browser with %s, and runs on the host's engine", async (name, patch, sentence) => {
    const copy = name.replaceAll(" ", "-");
    const assets = join(folder, copy, "assets");
    cpSync(join(folder, "assets"), assets, { recursive: true });
    cpSync(join(folder, "index.html"), join(folder, copy, "index.html"));
    const workers = readdirSync(assets).filter((file) => /^worker-.*\.js$/.test(file));
    expect(workers).toHaveLength(1);
    for (const file of workers) writeFileSync(join(assets, file), patch + readFileSync(join(assets, file), "utf8"));
    const { text, errors } = await digits(`${copy}/`);
    expect(errors).toEqual([]);
    expect(text).toContain(sentence);
    expect(text).toContain("Engine cpu, f64, chromium");
    expect(text).toMatch(/1,000\s*holds/);
  });

  test("has the bits of Node and Deno: words, normals, inputs, weights, activations, engine cpu's measurements", async () => {
    const page = await browser.newPage();
    await page.goto(`${server.address}bits.html`);
    const there = await page.evaluate(`import("./same-bits.js").then((m) => m.sameBits())`);
    await page.close();
    expect(there).toEqual(await sameBits());
  });
});
