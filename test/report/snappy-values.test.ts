import fc from "fast-check";
import { snappyUncompress } from "hyparquet";
import { expect, test } from "vitest";
import { snappyValues } from "../../src/report/snappy-values.ts";

/** Whether the library finds the same bytes again. */
const survives = (values: Float64Array): boolean => {
  const bytes = new Uint8Array(values.buffer);
  const out = new Uint8Array(bytes.length);
  snappyUncompress(snappyValues(bytes), out);
  return Buffer.compare(bytes, out) === 0;
};

test("what was compressed is found again, whatever repeats and however far away", () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, 1 / 3, 2 ** -1074));
  const run = fc.tuple(value, fc.oneof(fc.nat(3), fc.nat(40), fc.constantFrom(9000, 20000)));
  fc.assert(
    fc.property(fc.array(run, { maxLength: 30 }), (runs) => {
      const values = new Float64Array(runs.reduce((sum, [, n]) => sum + n, 0));
      let at = 0;
      for (const [x, n] of runs) values.fill(x, at, (at += n));
      expect(survives(values)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("all lengths of a literal's head, and every length of a copy", () => {
  const random = (n: number) => Array.from({ length: n }, (_, i) => Math.sin(i + 1));
  for (const n of [1, 7, 8, 31, 32, 33, 8191, 8192, 8193, 2 ** 21 + 1]) {
    const values = Float64Array.from([...random(n), 1, ...random(Math.min(n, 20))]);
    expect(survives(values)).toBe(true);
  }
  for (let n = 1; n < 40; n++) expect(survives(new Float64Array(n).fill(2))).toBe(true);
});

test("values that alternate with a constant take less, and values that all differ no more than a head", () => {
  const values = new Float64Array(3000).map((_, i) => (i % 3 === 0 ? 1 : Math.sin(i)));
  expect(snappyValues(new Uint8Array(values.buffer)).length).toBeLessThan(0.8 * values.byteLength);
  const other = new Float64Array(3000).map((_, i) => Math.sin(i));
  expect(snappyValues(new Uint8Array(other.buffer)).length).toBeLessThan(other.byteLength + 8);
});
