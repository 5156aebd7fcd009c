/** Calls of the kernels that go over columns, of the head and of one step of the iteration. */
import type { Head } from "../../network/heads.ts";
import { takesClass } from "../../network/heads.ts";
import { HEAD_STATE, KRYLOV_STATE, NORMALISE_STATE } from "../../engine/program/kernels.ts";
import { DIRECTION_STREAM } from "../../sampling/streams.ts";
import { HEAD_KINDS } from "../oracles/head.ts";
import type { KernelCall } from "../call.ts";
import type { Draw, NumberKind } from "./numbers.ts";
import { wildColumns, zeros } from "./numbers.ts";
import type { Named } from "./products.ts";

const SHARED = {
  columnNorm: "columnNormShared",
  columnLeast: "columnLeastShared",
  columnDot: "columnDotShared",
  krylovStep: "krylovStepShared",
} as const;

/** The same by the kernel of which eight invocations share a column. */
export function sharedCall({ name, call }: Named): Named {
  return { name, call: { ...call, kernel: SHARED[call.kernel as keyof typeof SHARED] } };
}

export function normCall(draw: Draw, rows: number, columns: number): Named {
  const offset = 3;
  return {
    name: `${String(rows)} × ${String(columns)}, columns of every size`,
    call: {
      kernel: "columnNorm",
      overrides: {},
      sizes: { rows, columns, offset },
      buffers: [wildColumns(draw, rows, columns), new Uint32Array(2 * (columns + offset))],
      read: [1],
    },
  };
}

/** Distances from one place or two; a column of subnormal numbers, whose distance from 0 is their own bits. */
export function leastCall(draw: Draw, rows: number, columns: number, places: readonly [number, number]): Named {
  const offset = 3;
  const x = draw("ordinary", rows * columns);
  if (places[0] === 0) for (let r = 0; r < rows; r++) x[r * columns] = (r + 1) * 2 ** -140;
  return {
    name: `${String(rows)} × ${String(columns)} from ${[...new Set(places)].join(" and ")}`,
    call: {
      kernel: "columnLeast",
      overrides: { FIRST: places[0], SECOND: places[1] },
      sizes: { rows, columns, offset },
      buffers: [x, new Uint32Array(2 * (columns + offset))],
      read: [1],
    },
  };
}

/** Of four groups of sums with entries of every size, what is not finite and negative exponents among them. */
export function packCall(draw: Draw, columns: number): Named {
  const groups = 4;
  const sums = new Uint32Array(draw("ordinary", 2 * groups * columns).buffer);
  // Maxima have no sign; of group 3 the first of a pair is an exponent.
  for (let j = 0; j < 3 * columns; j++) sums[2 * j] = (sums[2 * j] as number) & 0x7fffffff;
  for (let j = 0; j < columns; j++) sums[6 * columns + 2 * j] = 5 * j - 200;
  for (const [j, bits] of [0, 1, 0x7f800000, 0x7fc00001].entries()) sums[2 * j] = bits;
  const [finite, words, exponents] = [
    [0, 2],
    [1, 3, 4, 7],
    [0, 2, 7],
  ];
  return {
    name: `${String(columns)} samples`,
    call: {
      kernel: "pack",
      overrides: {},
      sizes: { columns, finite: finite.length, words: words.length, exponents: exponents.length },
      buffers: [
        sums,
        Uint32Array.from([...finite, ...words, ...exponents]),
        new Uint32Array((1 + words.length + 2) * columns).fill(9),
      ],
      read: [2],
    },
  };
}

export function notFiniteNormCall(): Named {
  const x = Float32Array.of(1, 1, 1, 1, 1, Infinity, NaN, 1, 1, 1, 1, -Infinity);
  return {
    name: "NaN and infinities show by their bits",
    call: {
      kernel: "columnNorm",
      overrides: {},
      sizes: { rows: 3, columns: 4, offset: 0 },
      buffers: [x, new Uint32Array(8)],
      read: [1],
    },
  };
}

export function dotCall(draw: Draw, rows: number, samples: number, groups: number): Named {
  const columns = samples * groups;
  const [x, y] = [wildColumns(draw, rows, samples), wildColumns(draw, rows, columns)];
  const name = `${String(rows)} rows, ${String(groups)} × ${String(samples)} columns of every size`;
  return { name, call: productsOf(x, y, samples, columns) };
}

/** Each column of y with its sample's of x. */
export function productsOf(
  x: Float32Array<ArrayBuffer>,
  y: Float32Array<ArrayBuffer>,
  samples: number,
  columns: number,
): KernelCall {
  // What column-norm leaves there before: (max, sum) for each column of x, then of y; the sums are not read.
  const norms = [...columnMaxima(x, samples), ...columnMaxima(y, columns)].flatMap((max) => [max, 1]);
  return {
    kernel: "columnDot",
    overrides: {},
    sizes: {
      ...{ rows: y.length / columns, columns, samples },
      ...{ left_norm: 0, right_norm: samples, offset: samples + columns },
    },
    buffers: [x, y, Float32Array.from([...norms, ...zeros(2 * columns)])],
    read: [2],
  };
}

function columnMaxima(x: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(columns);
  x.forEach((v, at) => (result[at % columns] = Math.max(result[at % columns] as number, Math.abs(v))));
  return result;
}

/** Chosen columns of the second block of a matrix two blocks wide, put down from an offset on; a NaN, −0 and a subnormal among them. */
export function gatherCall(draw: Draw, rows: number, block: number, offset: number): Named {
  const x = draw("ordinary", 2 * rows * block);
  new Uint32Array(x.buffer).set([0x7fc00001, 0x80000000, 0x00000001], block);
  const chosen = Uint32Array.from([4, 0, 5, 4], (j) => j % block);
  return {
    name: `4 of ${String(block)} columns of ${String(rows)} rows, bits unchanged`,
    call: {
      kernel: "gather",
      overrides: {},
      sizes: { rows, columns: 2 * block, count: chosen.length, shift: block, offset },
      buffers: [x, chosen, new Uint32Array(offset + rows * chosen.length + 2).fill(9)],
      read: [2],
    },
  };
}

/** Columns of one's own beside shared ones, the first sample somewhere in its block; a NaN, −0 and a subnormal among them. */
export function spreadCall(draw: Draw, rows: number, columns: number, first: number, masked: boolean): Named {
  const block = 5;
  const blocks = Math.floor((block + columns - 2) / block) + 1;
  const x = draw("ordinary", rows * (columns + blocks));
  if (!masked) new Uint32Array(x.buffer).set([0x7fc00001, 0x80000000, 0x00000001].slice(0, columns));
  return {
    name: `${String(rows)} × ${String(columns)}, ${String(block)} to a shared column, the first at ${String(first)}${masked ? ", masked" : ""}`,
    call: {
      kernel: "spread",
      overrides: { MASKED: masked ? 1 : 0 },
      sizes: { rows, columns, blocks, block, first },
      buffers: [x, draw("ordinary", rows * columns), zeros(2 * rows * columns), zeros(masked ? 2 * rows * columns : 4)],
      read: [2, 3],
    },
  };
}

export function unitVectorsCall(rows: number, samples: number, first: number): Named {
  const columns = 4 * samples;
  return {
    name: `${String(rows)} rows, units ${String(first)} to ${String(first + 3)}`,
    call: {
      kernel: "unitVectors",
      overrides: {},
      sizes: { rows, columns, samples, first },
      buffers: [zeros(rows * columns).fill(9)],
      read: [0],
    },
  };
}

export function normaliseCall(draw: Draw, rows: number, columns: number, second: boolean): Named {
  const width = second ? 2 * columns : columns;
  const pitch = columns + 4;
  return {
    name: `${String(rows)} × ${String(columns)}, ${second ? "the sum of two directions" : "one vector"}`,
    call: {
      kernel: "normalise",
      overrides: { SECOND: second ? 1 : 0 },
      sizes: { rows, columns, width, shift: columns, pitch },
      buffers: [
        wildColumns(draw, rows, width),
        zeros(rows * pitch).fill(9),
        new Uint32Array(NORMALISE_STATE * columns).fill(9),
      ],
      read: [1],
    },
  };
}

export function philoxCall(rows: number, columns: number, seed: number, first: number): Named {
  const words = (name: string, value: number) => ({
    [`${name}_low`]: value % 2 ** 32,
    [`${name}_high`]: Math.floor(value / 2 ** 32),
  });
  const width = columns + 7;
  return {
    name: `${String(rows)} × ${String(columns)}, seed ${String(seed)}, first ${String(first)}`,
    call: {
      kernel: "philoxUniform",
      overrides: {},
      sizes: {
        ...{ rows, columns, width, shift: 5 },
        ...words("seed", seed),
        ...words("first", first),
        stream: DIRECTION_STREAM,
      },
      buffers: [zeros(rows * width)],
      read: [0],
    },
  };
}

/** The second step of a basis, so that q₋ and β₋ take part, with its mask; or the first, where they must not, without. */
export function krylovCall(draw: Draw, rows: number, columns: number, first: boolean, kind: NumberKind): Named {
  const size = rows * columns;
  const basis = zeros(3 * size);
  basis.set(draw("ordinary", size), first ? 0 : size);
  const coefficients = zeros(4 * columns);
  draw(kind, columns).forEach((b, j) => (coefficients[2 * j + 1] = Math.abs(b)));
  const step = first ? { block: 0, first: 1, at: 0 } : { block: 1, first: 0, at: 1 };
  return {
    name: `${String(rows)} × ${String(columns)}, the ${first ? "first" : "second"} step${kind === "ordinary" ? "" : `, ${kind}`}`,
    call: {
      kernel: "krylovStep",
      overrides: { MASKED: first ? 0 : 1 },
      sizes: { rows, columns, ...step },
      buffers: [
        draw(kind, size),
        draw("ordinary", first ? 4 : size),
        basis,
        draw("ordinary", size),
        zeros(first ? 4 : size),
        coefficients,
        new Uint32Array(KRYLOV_STATE * columns).fill(9),
      ],
      read: [2, 3, 4, 5],
    },
  };
}

export function headCall(draw: Draw, kind: Head["kind"], width: number, labelled: boolean, scale: number): Named {
  const columns = 8;
  const output = draw("ordinary", width * columns, scale);
  // Ties: the first of equal outputs counts.
  if (width > 2) for (const row of [1, 2]) output[row * columns] = 2 * scale;
  const slopes = draw("ordinary", width * columns);
  const data = kind === "linear" || kind === "squared-error" ? draw("ordinary", width * columns) : zeros(4);
  if (kind === "linear") for (let at = 0; at < data.length; at++) data[at] = data[at - (at % columns)] as number;
  const labels = Int32Array.from({ length: columns }, (_, j) =>
    labelled ? (3 * j) % width : takesClass({ kind } as Head) ? 0 : -1,
  );
  const outputs = `${String(width)} ${width === 1 ? "output" : "outputs"}`;
  return {
    name: `${kind}, ${outputs}${labelled ? ", labelled" : ""}${scale === 1 ? "" : `, scale ${String(scale)}`}`,
    call: {
      kernel: "head",
      overrides: { HEAD: HEAD_KINDS.indexOf(kind) },
      sizes: { width, columns, index: width - 1 },
      buffers: [
        ...[output, data, labels, slopes],
        new Uint32Array(2 * columns),
        zeros(width * columns),
        zeros(width * columns),
        new Uint32Array(HEAD_STATE * columns).fill(9),
      ],
      read: [4, 5, 6],
    },
  };
}
