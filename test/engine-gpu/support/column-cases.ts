/** Cases of the kernels that go over columns: norms, dots, masks, copies, normalisation, uniform numbers. */
import { directionVector } from "../../../src/sampling/philox.ts";
import { floats } from "../../support/software-gpu.ts";
import type { Case } from "./kernel-case.ts";
import { beyond, FLUSH, gamma, numbers, U, zeros } from "./kernel-case.ts";

/** Columns of very different sizes; one with a subnormal largest entry, one of zeros. */
export function wildColumns(rows: number, index: number, columns: number): Float32Array {
  const x = numbers(index, rows * columns);
  const scales = [1, 2 ** 120, 2 ** -100, 2 ** -124, 0, 2 ** 127, 3e-20, 1e30];
  return x.map((v, at) => Math.fround(v * (scales[(at % columns) % scales.length] as number)));
}

export function normCase(rows: number, columns: number, i: number): Case {
  const x = wildColumns(rows, 2000 + i, columns);
  const offset = 3;
  return {
    name: `column-norm ${String(rows)} × ${String(columns)}`,
    call: {
      kernel: "columnNorm",
      overrides: {},
      sizes: { rows, columns, offset },
      buffers: [x, new Uint32Array(2 * (columns + offset))],
      read: [1],
    },
    judge: ([words]) => {
      const pairs = words as Uint32Array;
      const values = floats(pairs);
      for (let j = 0; j < columns; j++) {
        let largest = 0;
        for (let r = 0; r < rows; r++) largest = Math.max(largest, Math.abs(x[r * columns + j] as number));
        if (values[2 * (offset + j)] !== largest)
          return `column ${String(j)}: largest ${String(values[2 * (offset + j)])}, expected ${String(largest)}`;
        const exponent = Math.max(-126, Math.min(126, ((pairs[2 * (offset + j)] as number) >>> 23) - 127));
        let sum = 0;
        for (let r = 0; r < rows; r++) sum += ((x[r * columns + j] as number) * 2 ** -exponent) ** 2;
        const got = values[2 * (offset + j) + 1] as number;
        if (!(Math.abs(got - sum) <= gamma(rows + 3) * sum + rows * FLUSH * 4)) {
          return `column ${String(j)}: sum ${String(got)}, expected ${String(sum)}`;
        }
      }
      return null;
    },
  };
}

export const finiteCase: Case = {
  name: "column-norm shows NaN and infinities by their bits",
  call: {
    kernel: "columnNorm",
    overrides: {},
    sizes: { rows: 3, columns: 4, offset: 0 },
    buffers: [Float32Array.from([1, 1, 1, 1, 1, Infinity, NaN, 1, 1, 1, 1, -Infinity]), new Uint32Array(8)],
    read: [1],
  },
  judge: ([words]) => {
    const largest = [0, 1, 2, 3].map((j) => ((words as Uint32Array)[2 * j] as number) >= 0x7f800000);
    return JSON.stringify(largest) === "[false,true,true,true]" ? null : JSON.stringify(largest);
  },
};

export function dotCase(rows: number, samples: number, groups: number, i: number): Case {
  const columns = samples * groups;
  const [x, y] = [wildColumns(rows, 3000 + i, samples), wildColumns(rows, 4000 + i, columns)];
  return {
    name: `column-dot ${String(rows)} rows, ${String(groups)} groups of ${String(samples)}`,
    call: {
      kernel: "columnDot",
      overrides: {},
      sizes: { rows, columns, samples, offset: 0 },
      buffers: [x, y, new Uint32Array(2 * columns)],
      read: [2],
    },
    judge: ([words]) => {
      const pairs = words as Uint32Array;
      for (let j = 0; j < columns; j++) {
        const exponent = (pairs[2 * j] as number) | 0;
        const got = floats(pairs)[2 * j + 1] as number;
        let sum = 0;
        let size = 0;
        // A subnormal entry may be taken for 0: it costs 2⁻¹²⁶ times the other.
        let flushed = 8 * FLUSH;
        for (let r = 0; r < rows; r++) {
          const [a, b] = [x[r * samples + (j % samples)] as number, y[r * columns + j] as number];
          sum += a * 2 ** -exponent * b;
          size += Math.abs(a * 2 ** -exponent * b);
          if (Math.abs(a) < FLUSH || Math.abs(b) < FLUSH) flushed += Math.abs(a * 2 ** -exponent * b);
        }
        if (!(Math.abs(got - sum) <= gamma(rows + 2) * size + rows * FLUSH * 8 + flushed)) {
          return `column ${String(j)}: found ${String(got)}, expected ${String(sum)} (scaled by 2^${String(exponent)})`;
        }
      }
      return null;
    },
  };
}

export function maskCase(rows: number, samples: number, groups: number): Case {
  const columns = samples * groups;
  const [x, d] = [numbers(5000, rows * columns), numbers(5001, rows * samples)];
  return {
    name: "mask",
    call: {
      kernel: "mask",
      overrides: {},
      sizes: { rows, columns, samples },
      buffers: [x, d, zeros(rows * columns)],
      read: [2],
    },
    judge: ([words]) => {
      const exact = Float64Array.from(
        x,
        (v, at) => v * (d[Math.floor(at / columns) * samples + ((at % columns) % samples)] as number),
      );
      return beyond(floats(words as Uint32Array), exact, (at) => U * Math.abs(exact[at] as number) + FLUSH);
    },
  };
}

/** Chosen columns of the second block of a matrix two blocks wide, bits unchanged, put down from an offset on. */
export function gatherCase(): Case {
  const [rows, block, offset] = [5, 6, 7];
  const columns = 2 * block;
  const chosen = Uint32Array.of(4, 0, 5, 4);
  const count = chosen.length;
  const x = numbers(5100, rows * columns);
  new Uint32Array(x.buffer).set([0x7fc00001, 0x80000000, 0x00000001], block);
  return {
    name: "gather",
    call: {
      kernel: "gather",
      overrides: {},
      sizes: { rows, columns, count, shift: block, offset },
      buffers: [x, chosen, new Uint32Array(offset + rows * count + 2).fill(9)],
      read: [2],
    },
    judge: ([words]) => {
      const bits = new Uint32Array(x.buffer);
      const expected = Array.from({ length: offset + rows * count + 2 }, (_, at) => {
        const [row, j] = [Math.floor((at - offset) / count), (at - offset) % count];
        return at < offset || row >= rows ? 9 : (bits[row * columns + block + (chosen[j] as number)] as number);
      });
      const wrong = expected.findIndex((word, at) => (words as Uint32Array)[at] !== word);
      return wrong < 0 ? null : `word ${String(wrong)} is ${String((words as Uint32Array)[wrong])}`;
    },
  };
}

export function unitVectorsCase(): Case {
  const [rows, samples, first, blocks] = [5, 4, 3, 4];
  const columns = samples * blocks;
  return {
    name: "unit-vectors, past the last of them",
    call: {
      kernel: "unitVectors",
      overrides: {},
      sizes: { rows, columns, samples, first },
      buffers: [zeros(rows * columns).fill(9)],
      read: [0],
    },
    judge: ([words]) => {
      const got = floats(words as Uint32Array);
      const unit = (at: number): number => first + Math.floor((at % columns) / samples);
      return beyond(
        got,
        got.map((_, at) => (Math.floor(at / columns) === unit(at) ? 1 : 0)),
        () => 0,
      );
    },
  };
}

export function normaliseCase(rows: number, columns: number, second: boolean): Case {
  const width = second ? 2 * columns : columns;
  const x = wildColumns(rows, 5200, width);
  // What stands beside the result is left alone.
  const pitch = columns + 3;
  return {
    name: `normalise ${second ? "the sum of two directions" : "one vector"}`,
    call: {
      kernel: "normalise",
      overrides: { SECOND: second ? 1 : 0 },
      sizes: { rows, columns, width, shift: columns, pitch },
      buffers: [x, zeros(rows * pitch).fill(9)],
      read: [1],
    },
    judge: ([words]) => {
      const got = floats(words as Uint32Array);
      const column = (at: number): number[] => Array.from({ length: rows }, (_, r) => x[r * width + at] as number);
      const unit = (v: number[]): number[] => {
        const length = Math.hypot(...v);
        return length < 2 ** -120 ? v.map(() => 0) : v.map((e) => e / length);
      };
      for (let j = 0; j < columns; j++) {
        const a = unit(column(j));
        const b = second ? unit(column(j + columns)) : null;
        if (column(j).some((v) => v !== 0) && Math.hypot(...column(j)) < 2 ** -120) continue;
        // The second vector's sign is that of the dot product: parallel vectors add up.
        const dot = b === null ? 0 : a.reduce((sum, v, r) => sum + v * (b[r] as number), 0);
        if (b !== null && Math.abs(dot) < 1e-5 && dot !== 0) continue;
        const exact = b === null ? a : unit(a.map((v, r) => v + (dot < 0 ? -1 : 1) * (b[r] as number)));
        const own = exact.map((_, r) => got[r * pitch + j] as number);
        // Any direction would do for the proofs; this one is as near as its formula: a sum of squares, a root, three products.
        const finding = beyond(own, exact, () => 4 * gamma(rows + 10));
        if (finding !== null) return `column ${String(j)}: ${finding}`;
      }
      const beside = got.findIndex((v, at) => at % pitch >= columns && v !== 9);
      return beside < 0 ? null : `entry ${String(beside)}, beside the result, was written`;
    },
  };
}

export function philoxCase(rows: number, columns: number, seed: number, first: number): Case {
  const width = columns + 7;
  return {
    name: `philox-uniform, seed ${String(seed)}, first ${String(first)}`,
    call: {
      kernel: "philoxUniform",
      overrides: {},
      sizes: {
        rows,
        columns,
        width,
        shift: 5,
        seed_low: seed % 2 ** 32,
        seed_high: Math.floor(seed / 2 ** 32),
        first_low: first % 2 ** 32,
        first_high: Math.floor(first / 2 ** 32),
        stream: 3,
      },
      buffers: [zeros(rows * width)],
      read: [0],
    },
    judge: ([words]) => {
      const got = floats(words as Uint32Array);
      const exact = new Float64Array(rows * width);
      for (let j = 0; j < columns; j++) {
        directionVector(seed, first + j, rows).forEach((v, r) => (exact[r * width + 5 + j] = v));
      }
      return beyond(got, exact, () => 0);
    },
  };
}
