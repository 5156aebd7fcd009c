import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every WebAssembly kernel is what its source compiles to, byte for byte", () => {
  const program = `import("./scripts/build-wasm.js").then(async ({ MODULES, wasmModule }) => {
    const made = [];
    for (const one of MODULES) made.push([one[1], await wasmModule(one)]);
    console.log(JSON.stringify(made));
  })`;
  const made = JSON.parse(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" })) as [string, string][];
  expect(made.length).toBeGreaterThan(1);
  for (const [target, text] of made) expect([target, readFileSync(target, "utf8")]).toEqual([target, text]);
});
