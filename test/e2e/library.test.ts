/** The library as its users have it: README's examples in Node and Deno, the entry on files beside the command, the bundle in a browser. */
import { execFileSync } from "node:child_process";
import type { StdioOptions } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/index.ts";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { launchChromium, serveFolder, skipReason } from "../support/browser.ts";
import { gpv, temporaryFolder } from "../support/command-line.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const EXAMPLES = [...README.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? "");

/** What a program prints: under Node by the package's own name, from dist/; under Deno from the source. */
function printed(runtime: "node" | "deno", code: string): string {
  const stdio: StdioOptions = ["pipe", "pipe", "ignore"];
  const options = { cwd: ROOT, encoding: "utf8", stdio } as const;
  if (runtime === "node") return execFileSync(process.execPath, ["--input-type=module", "-e", code], options);
  const source = code
    .replaceAll('"gradient-penalty-verifier/node"', JSON.stringify(new URL("../../src/node.ts", import.meta.url)))
    .replaceAll('"gradient-penalty-verifier"', JSON.stringify(new URL("../../src/index.ts", import.meta.url)));
  const words = ["run", "-A", "--node-modules-dir=manual", "-"];
  return execFileSync(join(ROOT, "node_modules/.bin/deno"), words, { ...options, input: source });
}

/** Starts the program, which builds dist/ where that is stale. */
beforeAll(async () => {
  expect((await gpv("--version")).code).toBe(0);
});

describe("README's examples", () => {
  test("are two, on values and on files", () => {
    expect(EXAMPLES.map((code) => /from "([^"]+)"/.exec(code)?.[1])).toEqual([
      "gradient-penalty-verifier",
      "gradient-penalty-verifier/node",
    ]);
  });

  test.each(EXAMPLES.map((code, i) => [i + 1, code] as const))(
    "number %i prints the same in Node and Deno",
    (_, code) => {
      const text = printed("node", code);
      expect(text).toMatch(/holds: \d+/);
      expect(text).toMatch(/violated: 0/);
      expect(printed("deno", code)).toBe(text);
    },
  );
});

test("the entry on files gives the report of the command, timing aside", async () => {
  const question = {
    ...{ model: "examples/digits/digits.safetensors", inputs: "examples/digits/digits.idx3-ubyte.gz" },
    ...{ std: 255, rows: "0:20", head: "cross-entropy", labels: "argmax", maxMemory: "1GiB", engine: "cpu", audit: 1 },
  };
  const flags = Object.entries(question).flatMap(([key, value]) => [
    `--${key === "maxMemory" ? "max-memory" : key}`,
    String(value),
  ]);
  const { stdout } = await gpv("verify", ...flags, "--json");
  const code = `import { reportJson } from "gradient-penalty-verifier";
    import { verify } from "gradient-penalty-verifier/node";
    console.log(reportJson((await verify(${JSON.stringify(question)})).report));`;
  const report = (text: string): Report => ({ ...(JSON.parse(text) as Report), timing: {} as Report["timing"] });
  expect(report(printed("node", code))).toEqual(report(stdout));
});

test.each([
  [
    { model: "m.pt", inputs: "x.npy", acuracy: 1 },
    'UsageError: Unknown option "--acuracy" of gpv verify: did you mean "--accuracy"',
  ],
  [{ model: "no-such.json", random: 3 }, "FormatError: no-such.json: cannot be read (no such file or folder)"],
  [{ model: "m.pt", random: 3, report: "r.json" }, 'UsageError: Unknown option "--report"'],
  [{ model: "m.pt" }, "UsageError: Found neither --inputs nor --random"],
])("the entry on files refuses %j in one line", (question, message) => {
  const code = `import { verify } from "gradient-penalty-verifier/node";
    await verify(${JSON.stringify(question)}).catch((error) => console.log(String(error)));`;
  const text = printed("node", code).trimEnd();
  expect(text.startsWith(message), text).toBe(true);
  expect(text).not.toContain("\n");
});

describe.skipIf(skipReason !== null)(`in a browser ${skipReason ?? ""}`.trimEnd(), () => {
  const [example = ""] = EXAMPLES;

  /** What README's first example finds in a page, with more said of its question. */
  async function inPage(more: object): Promise<Report> {
    const folder = temporaryFolder();
    const bundle = await esbuild.build({
      ...{ absWorkingDir: ROOT, entryPoints: ["src/index.ts"], bundle: true, write: false },
      ...{ format: "iife", globalName: "library", platform: "browser", target: "es2022", logLevel: "error" },
    });
    writeFileSync(join(folder, "index.html"), "<!doctype html><script src=library.js></script>");
    writeFileSync(join(folder, "library.js"), bundle.outputFiles[0]?.text ?? "");
    const body = example
      .replace(/import .*\n/, "")
      .replace("verify({", "library.verify({ ...more,")
      .replace(/console\.log.*\n/, "return JSON.stringify(report);\n");
    const server = await serveFolder(folder);
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(server.address);
      return JSON.parse(await page.evaluate(`(async (more) => { ${body} })(${JSON.stringify(more)})`)) as Report;
    } finally {
      await browser.close();
      server.close();
    }
  }

  test("engine cpu has the bits of Node", async () => {
    const code = `${example}\nconsole.log("\\n", JSON.stringify(report));`;
    expect(await inPage({})).toEqual(JSON.parse(printed("node", code).split("\n").at(-2) ?? ""));
  });

  test("auto passes a software adapter over, and webgpu takes it, with the shaders that it is given", async () => {
    const shaders = readShaders();
    expect((await inPage({ shaders })).engine.kind).toBe("cpu");
    const report = await inPage({ shaders, engine: "webgpu" });
    expect(report.engine).toMatchObject({ kind: "webgpu", precision: "f32", hardware: false });
    expect(report.verdicts.holds + report.verdicts.tight).toBe(2);
  });
});
