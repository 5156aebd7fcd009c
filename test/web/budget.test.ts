/** What the page weighs, and that the page's digits model is the command line's in F16. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { BUDGET, budget, weigh, withLater } from "../../web/build/budget.ts";

const root = resolve(import.meta.dirname, "../..");
const digits = (name: string): Uint8Array => readFileSync(resolve(root, "examples/digits", name));

test("code, code that is fetched later and data are weighed apart, compressed", () => {
  const text = "one two three ".repeat(100);
  const packed = gzipSync(text, { level: 9 });
  expect(
    weigh([
      { name: "index.html", content: text, later: false },
      { name: "assets/a.js", content: text, later: false },
      { name: "assets/later.js", content: text, later: true },
      { name: "assets/data.gz", content: packed, later: false },
    ]),
  ).toEqual({ codeBytes: 2 * packed.length, laterBytes: packed.length, dataBytes: packed.length });
  expect(weigh([{ name: "assets/late.gz", content: packed, later: true }]).laterBytes).toBe(packed.length);
});

/** Builds a page whose one script is these bytes and whose one datum is those. */
async function built(scriptBytes: number, dataBytes: number): Promise<unknown> {
  // Hexadecimal digits of a sequence that does not compress below half.
  let state = 1;
  const noise = (bytes: number): string =>
    Array.from({ length: 2 * bytes }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 28).toString(16);
    }).join("");
  const files: Record<string, string> = { entry: `globalThis.noise = "${noise(scriptBytes)}";` };
  return build({
    configFile: false,
    logLevel: "silent",
    plugins: [
      {
        name: "memory",
        resolveId: (id) => (id in files ? `\0${id}` : null),
        load: (id) => files[id.slice(1)] ?? null,
        buildStart() {
          this.emitFile({ type: "asset", fileName: "data.bin", source: noise(dataBytes) });
        },
      },
      budget(),
    ],
    build: { write: true, outDir: resolve(root, "node_modules/.budget-test"), rolldownOptions: { input: "entry" } },
  });
}

const tooMuch = (what: string, most: number): RegExp =>
  new RegExp(
    `${what}: found \\d+\\.\\d kB compressed, expected at most ${(most / 1000).toFixed(1).replace(".", "\\.")} kB`,
  );

test("a build within the budget passes, one with too much code or too much data fails and says so", async () => {
  await built(1000, 1000);
  await expect(built(BUDGET.codeBytes + 20_000, 1000)).rejects.toThrow(tooMuch("the page's code", BUDGET.codeBytes));
  await expect(built(1000, BUDGET.dataBytes + 20_000)).rejects.toThrow(tooMuch("the page's data", BUDGET.dataBytes));
});

test("the page's digits model is the command line's, each weight rounded to F16", () => {
  const { tensors, metadata } = readSafetensors(digits("digits.safetensors"), "digits.safetensors");
  const held = new Map([...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.read() }]));
  expect(Buffer.from(digits("digits-f16.safetensors"))).toEqual(Buffer.from(writeSafetensors(held, "F16", metadata)));
  const half = readSafetensors(digits("digits-f16.safetensors"), "digits-f16.safetensors");
  expect(half.metadata).toEqual(metadata);
  for (const [name, { values }] of held) {
    const rounded = half.tensors.get(name)?.read() ?? [];
    expect(rounded.length).toBe(values.length);
    // F16: 11 significant bits, and 2⁻²⁵ is half the least positive number.
    values.forEach((v, i) => {
      expect(Math.abs((rounded[i] ?? NaN) - v)).toBeLessThanOrEqual(Math.max(2 ** -11 * Math.abs(v), 2 ** -25));
    });
  }
});

test("what a worker's script import()s is fetched later, what it imports at once is not", () => {
  const files = [
    { name: "assets/worker-1.js", content: 'import{a}from"./b-1.js";x=()=>import(`./c-1.js`)', later: false },
    { name: "assets/b-1.js", content: "", later: false },
    { name: "assets/c-1.js", content: "", later: false },
  ];
  expect(withLater(files).map(({ later }) => later)).toEqual([false, false, true]);
});

test("data that scripts which come later alone name are later too", () => {
  const files = [
    { name: "assets/index-1.js", content: 'fetch("both-1.gz")', later: false },
    { name: "assets/view-1.js", content: 'fetch("both-1.gz");fetch("late-1.json")', later: true },
    { name: "assets/both-1.gz", content: "", later: false },
    { name: "assets/late-1.json", content: "", later: false },
    { name: "assets/unnamed-1.bin", content: "", later: false },
  ];
  expect(withLater(files).map(({ later }) => later)).toEqual([false, true, false, true, false]);
});
