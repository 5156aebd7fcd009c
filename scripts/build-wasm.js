// Compiles the kernels of assembly/ and writes their bytes into src/: one text each that Node, Deno and a browser all load alike.
import { Buffer } from "node:buffer";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is made of what: source, target and the name of its constant. */
export const MODULES = [
  ["assembly/block-product.ts", "src/engine/dense/block-product-wasm.ts", "BLOCK_PRODUCT_WASM"],
  ["assembly/ball-proof.ts", "src/engine/cpu/ball-proof-wasm.ts", "BALL_PROOF_WASM"],
  ["assembly/columns.ts", "src/engine/wasm/columns-wasm.ts", "COLUMNS_WASM"],
  ["assembly/training.ts", "src/training/training-wasm.ts", "TRAINING_WASM"],
  ["assembly/rows.ts", "src/report/rows-wasm.ts", "ROWS_WASM"],
  ["assembly/audit-product.ts", "src/verification/audit/product-wasm.ts", "AUDIT_PRODUCT_WASM"],
];

/** The bytes that a source compiles to. */
export async function compiled(path) {
  let bytes = null;
  const { error, stderr } = await asc.main(
    [
      basename(path),
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
      readFile: (name) => {
        const file = `${root}/assembly/${name}`;
        return existsSync(file) ? readFileSync(file, "utf8") : null;
      },
      writeFile: (_, contents) => {
        bytes = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || bytes === null) throw new Error(`${path}: ${stderr.toString()}`);
  return bytes;
}

/** The text of a target, made anew. */
export async function wasmModule([path, , constant]) {
  const lines = Buffer.from(await compiled(path))
    .toString("base64")
    .match(/.{1,110}/g)
    .map((line) => `  "${line}",`);
  return `/** Made by \`npm run build:wasm\` of ${path}; do not edit. */
export const ${constant} = [
${lines.join("\n")}
].join("");
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const made of MODULES) writeFileSync(`${root}/${made[1]}`, await wasmModule(made));
}
