/**
 * Writes digits-f16.safetensors: the digits model with every weight rounded to F16, half as large, which is what the page loads. Its numbers
 * are not those of digits.safetensors; the command line verifies either.
 *
 *   deno run -A examples/digits/half.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";

const at = (name: string): URL => new URL(name, import.meta.url);
const { tensors, metadata } = readSafetensors(readFileSync(at("digits.safetensors")), "digits.safetensors");
const held = new Map([...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.read() }]));
writeFileSync(at("digits-f16.safetensors"), writeSafetensors(held, "F16", metadata));
