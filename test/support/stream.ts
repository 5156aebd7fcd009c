/** Small helpers for drawing test cases from addresses. */
import { normalsAt } from "../../src/sampling/normal.ts";
import { wordsAt } from "../../src/sampling/philox.ts";

const CASE_STREAM = 77;

/** Integers drawn one after another from an address: next(n) is uniform on 0 … n − 1. */
export function drawer(seed: number, index: number): (n: number) => number {
  const words = wordsAt(seed, CASE_STREAM, index, 256);
  let at = 0;
  return (n) => Math.floor(((words[at++ % 256] as number) / 2 ** 32) * n);
}

export function normals(seed: number, index: number, count: number): number[] {
  return Array.from(normalsAt(seed, CASE_STREAM + 1, index, count));
}
