// Compiles assembly/block-product.ts and writes its bytes into src/: one text that Node, Deno and a browser all load alike.
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The text of src/engine/dense/block-product-wasm.ts, made anew. */
export async function blockProductModule() {
  const source = readFileSync(`${root}/assembly/block-product.ts`, "utf8");
  let bytes = null;
  const { error, stderr } = await asc.main(
    [
      "block-product.ts",
      "--outFile",
      "out.wasm",
      "--optimizeLevel",
      "3",
      "--runtime",
      "stub",
      "--importMemory",
      "--enable",
      "simd",
    ],
    {
      readFile: (name) => (name === "block-product.ts" ? source : null),
      writeFile: (_, contents) => {
        bytes = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || bytes === null) throw new Error(`assembly/block-product.ts: ${stderr.toString()}`);
  const lines = Buffer.from(bytes)
    .toString("base64")
    .match(/.{1,110}/g)
    .map((line) => `  "${line}",`);
  return `/** Made by \`npm run build:wasm\` of assembly/block-product.ts; do not edit. */
export const BLOCK_PRODUCT_WASM = [
${lines.join("\n")}
].join("");
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(`${root}/src/engine/dense/block-product-wasm.ts`, await blockProductModule());
}
