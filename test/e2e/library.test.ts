/** The library as its users have it: README's examples in Node and Deno, the entry on files beside the command, the bundle in a browser. */
import { execFileSync } from "node:child_process";
import type { StdioOptions } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/index.ts";
import { launchChromium, skipReason } from "../support/browser.ts";
import { gpv } from "../support/command-line.ts";

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

test.skipIf(skipReason !== null)(`a browser has the bits of Node${skipReason ?? ""}`, async () => {
  const bundle = await esbuild.build({
    ...{ absWorkingDir: ROOT, entryPoints: ["src/index.ts"], bundle: true, write: false },
    ...{ format: "iife", globalName: "library", platform: "browser", target: "es2022", logLevel: "error" },
  });
  const [example = ""] = EXAMPLES;
  const body = example.replace(/import .*\n/, "").replace(/console\.log.*\n/, "return JSON.stringify(report);\n");
  const browser = await launchChromium(false);
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? "" });
    const found = (await page.evaluate(`(async () => { const { verify } = library; ${body} })()`)) as string;
    const code = `${example}\nconsole.log("\\n", JSON.stringify(report));`;
    expect(JSON.parse(found)).toEqual(JSON.parse(printed("node", code).split("\n").at(-2) ?? ""));
  } finally {
    await browser.close();
  }
});
