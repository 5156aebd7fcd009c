/** The oracle of what is read back of a batch's sums: bits unchanged, every word exact. */
import type { Words } from "../call.ts";
import { sizeOf } from "../call.ts";
import type { Oracle } from "../expected.ts";
import { numbersOf } from "../expected.ts";
import { exponentOf } from "./columns.ts";

export const packOracle: Oracle = (call) => {
  const columns = sizeOf(call, "columns");
  const [sums, table] = [0, 1].map((i) => numbersOf(call.buffers[i] as Words, "u32")) as [Words, Words];
  const finite = Array.from(table.slice(0, sizeOf(call, "finite")));
  const words = Array.from(table.slice(finite.length, finite.length + sizeOf(call, "words")));
  const exponents = Array.from(table.slice(finite.length + words.length));
  const at = (group: number, half: number, j: number): number => sums[2 * (group * columns + j) + half] as number;
  /** Two's complement of 16 bits. */
  const exponent = (entry: number | undefined, j: number): number => {
    if (entry === undefined) return 0;
    const first = at(entry >> 1, 0, j);
    if (entry % 2 === 1) return (first >>> 0) % 2 ** 16;
    return (first >= 0x7f800000 ? 128 : exponentOf(first) + 2 ** 16) % 2 ** 16;
  };
  const rows = 1 + words.length + Math.ceil(exponents.length / 2);
  const values = new Float64Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    values[j] = Math.max(0, ...finite.map((group) => at(group, 0, j)));
    words.forEach((entry, k) => (values[(1 + k) * columns + j] = at(entry >> 1, entry % 2, j)));
    for (let k = 0; k < exponents.length; k += 2) {
      const row = 1 + words.length + k / 2;
      values[row * columns + j] = exponent(exponents[k], j) + 2 ** 16 * exponent(exponents[k + 1], j);
    }
  }
  return [
    {
      quantity: "words",
      buffer: 2,
      offset: 0,
      stride: 1,
      type: "u32",
      values,
      bounds: new Float64Array(values.length),
    },
  ];
};
