/**
 * `--repro FILE.html` as a vendor would use it: the page, opened from a file in a real Chromium on software WebGPU, shows the deviation of a
 * planted fault there; made from the kernel without the fault it shows none.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KERNEL_KEYS } from "../../src/conformance/call.ts";
import { GRID, kernelCase } from "../../src/conformance/cases.ts";
import { makeRepro } from "../../src/conformance/repro.ts";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { reproPage } from "../../src/report/repro-page.ts";
import { launchChromium, skipReason } from "../support/browser.ts";
import { runKernels } from "../support/software-gpu.ts";
import { network } from "../witness/support.ts";
import { gpv } from "../support/command-line.ts";

const place = mkdtempSync(join(tmpdir(), "gpv-repro-"));
const file = (name: string): string => join(place, name);

/** A witness of a fault on engine webgpu; returns its path. */
async function witness(fault: string, engine = "webgpu"): Promise<string> {
  const folder = file(`${fault}-${engine}`);
  const model = file("model.json");
  if (!existsSync(model)) writeFileSync(model, writeModelJson(network([5, 12, 9, 3], "tanh")));
  const words = ["--model", model, "--random", "1", "--engine", engine, "--plant", fault, "--audit", "1"];
  expect((await gpv("verify", ...words, "--witnesses", folder)).code).toBe(1);
  return join(folder, "violated-0.json");
}

let browser: Browser;

/** Opens a page from its file; resolves once its script has come to a verdict. */
async function opened(path: string): Promise<{ page: Page; verdict: string; requests: string[] }> {
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  await page.waitForFunction(
    () => !["", "running"].includes(document.documentElement.dataset["verdict"] ?? ""),
    undefined,
    { timeout: 60_000 },
  );
  const verdict = await page.evaluate(() => document.documentElement.dataset["verdict"] ?? "");
  return { page, verdict, requests };
}

describe.skipIf(skipReason !== null)("a page of one kernel", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    rmSync(place, { recursive: true, force: true });
  });

  test.each([
    ["vjp-missing-mask", "vector-jacobian-product", "the backward pass of layer 2"],
    ["jvp-row-skipped", "jacobian-vector-product", "the tangent pass of layer"],
    ["jvp-sizes-shifted", "jacobian-vector-product", "the tangent pass of layer"],
    ["slopes-all-one", "forward", "the forward pass of layer 1"],
    ["hidden-truncated", "forward", "the forward pass of layer"],
    ["top-gradient-doubled", "head", "the head"],
    ["norm-row-skipped", "column-norm", "of layer 1"],
    ["dot-row-skipped", "column-dot", "S of layer"],
    ["input-gradient-scaled", "vector-jacobian-product", "the backward pass of layer 1"],
  ])("shrunk from a witness of %s, it names %s and shows the deviation in Chromium", async (fault, kernel, stage) => {
    const [small, html] = [file(`${fault}.json`), file(`${fault}.html`)];
    const words = ["shrink", await witness(fault), "--plant", fault, "--engine", "webgpu"];
    const { code, stdout } = await gpv(...words, "--attempts", "40", "--output", small, "--repro", html);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`the kernel alone: ${html}\n`)]);
    const { page, verdict, requests } = await opened(html);
    expect(verdict).toBe("deviates");
    expect(requests).toEqual([pathToFileURL(html).href]);
    const text = await page.innerText("main");
    expect(text).toContain(`the kernel ${kernel}`);
    expect(text).toContain(stage);
    expect(text).toContain(`A fault was planted on purpose: “${fault}”`);
    expect(text).toMatch(/DEVIATES on [^\n]*SwiftShader[^\n]*: \d+ of \d+ numbers are beyond their bounds/i);
    const [found, here] = await page.evaluate(() => {
      const row = document.querySelector("tr.beyond") as HTMLElement;
      return [row.children[4]?.textContent, row.children[6]?.textContent];
    });
    expect(here).toBe(found);
    await page.close();
  });

  test("made from the kernel without the fault it shows none, by every kernel", async () => {
    const systematic = Array.from({ length: GRID }, (_, index) => kernelCase(0, index));
    const cases = KERNEL_KEYS.flatMap((key) => {
      const own = systematic.filter((c) => c.call.kernel === key);
      return [own[0], own.at(-1)].filter((c) => c !== undefined);
    });
    const answers = await runKernels(
      "node",
      cases.map((c) => c.call),
    );
    const origin = {
      sources: readShaders(),
      plant: null,
      engine: { kind: "webgpu", precision: "f32", adapter: "a", runtime: "b", hardware: false },
    } as const;
    for (const [i, { call, name }] of cases.entries()) {
      const path = file(`clean-${String(i)}.html`);
      const repro = makeRepro(call, answers[i] ?? [], { ...origin, story: name });
      writeFileSync(path, await reproPage(repro, { name: "t", version: "1" }));
      const { page, verdict } = await opened(path);
      expect(verdict, `${call.kernel} ${name}: ${await page.innerText("#here")}`).toBe("agrees");
      expect(await page.innerText("#here")).toMatch(/no deviation: all [1-9]\d* numbers are within their bounds/);
      await page.close();
    }
  });

  test("escapes whatever an adapter, a story or a runtime is called", async () => {
    const { call } = kernelCase(0, 9);
    const evil = `</script></pre><img src=x onerror="document.title='x'">&"'`;
    const [answer = []] = await runKernels("node", [call]);
    const origin = {
      sources: readShaders(),
      plant: null,
      story: evil,
      engine: { kind: "webgpu", precision: "f32", adapter: evil, runtime: evil, hardware: true },
    } as const;
    writeFileSync(file("evil.html"), await reproPage(makeRepro(call, answer, origin), { name: evil, version: evil }));
    const { page, verdict } = await opened(file("evil.html"));
    expect(verdict).toBe("agrees");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toContain(evil);
    expect(await page.innerText("main")).toContain(evil);
    await page.close();
  });

  test("doctor --stress makes one of the first kernel case that failed", async () => {
    const words = ["--stress", "--case", "kernel:12", "--plant", "vjp-missing-mask", "--repro", file("doctor.html")];
    const { code, stdout } = await gpv("doctor", ...words);
    expect([code, stdout]).toEqual([1, expect.stringContaining(`\nthe kernel alone: ${file("doctor.html")}\n`)]);
    const { page, verdict } = await opened(file("doctor.html"));
    expect(verdict).toBe("deviates");
    expect(await page.innerText("main")).toContain("case 12 of seed 0");
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 360],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
      expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.html ?? ""}`)).toEqual([]);
    }
    await page.close();
    const clean = await gpv("doctor", "--stress", "--case", "kernel:12", "--repro", file("clean.html"));
    expect([clean.code, clean.stdout]).toEqual([0, expect.stringContaining("not written: no kernel failed")]);
    expect(existsSync(file("clean.html"))).toBe(false);
  });

  test.each([
    [
      "weights-truncated",
      /run alone on the right inputs, [a-z-]+ gives right numbers here; what it was handed, or when/,
    ],
    ["weight-norm-halved", /every stored stage follows from the one before, so no single kernel is to blame/],
  ])("%s, which no kernel did alone, has no page: one line, exit 1, the witness is kept", async (fault, reason) => {
    const [small, html] = [file(`${fault}.json`), file(`${fault}.html`)];
    const words = ["shrink", await witness(fault), "--plant", fault, "--engine", "webgpu", "--attempts", "20"];
    const { code, stdout } = await gpv(...words, "--output", small, "--repro", html);
    expect([code, stdout]).toEqual([1, expect.stringMatching(reason)]);
    expect(stdout).toContain(`--repro ${html}: not written: `);
    expect([existsSync(small), existsSync(html)]).toEqual([true, false]);
  });

  test("engine cpu has no kernel to show: one line, exit 2, no file", async () => {
    const path = await witness("vjp-missing-mask", "cpu");
    const before = readFileSync(path, "utf8");
    const words = ["shrink", path, "--output", file("c.json"), "--repro", file("c.html")];
    const { code, stdout, stderr } = await gpv(...words);
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      `gpv: --repro ${file("c.html")}: engine cpu runs no WGSL kernel, so there is none to show; expected a witness of engine webgpu, or --engine webgpu\n`,
    ]);
    expect([existsSync(file("c.json")), existsSync(file("c.html"))]).toEqual([false, false]);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});
