/** One proof in real Chromium: the code is bundled into a page on loopback, which prints its figures. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { launchChromium, serveFolder } from "../support/browser.ts";
import type { PageProof } from "./engine-program.ts";
import { root } from "./run-proof.ts";

/** @returns the figures that the page's program gave. */
export async function runInChromium(request: PageProof): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "gpv-proof-"));
  await build({
    absWorkingDir: root,
    entryPoints: ["test/evidence/page-program.ts"],
    outfile: join(folder, "program.js"),
    bundle: true,
    format: "esm",
    logLevel: "silent",
  });
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><title>proof</title><script type="module" src="program.js"></script>',
  );
  const server = await serveFolder(folder);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.address);
    await page.waitForFunction("globalThis.prove !== undefined");
    const argument = JSON.stringify({ request, shaders: readShaders(), version: browser.version() });
    return JSON.parse(await page.evaluate(`globalThis.prove(${argument})`)) as Record<string, unknown>;
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
