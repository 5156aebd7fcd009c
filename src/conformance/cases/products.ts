/** Calls of the matrix products and the mask at ragged sizes, and of the activations at the arguments where they are hard. */
import { activationNumber, unitParameters } from "../../engine/program/constants.ts";
import type { Activation, UnitActivation } from "../../network/parametric.ts";
import { formatActivation } from "../../network/parametric.ts";
import type { KernelCall } from "../call.ts";
import type { Draw, NumberKind } from "./numbers.ts";
import { zeros } from "./numbers.ts";

/** rows, inner, samples, groups. */
export type Shape = readonly [rows: number, inner: number, samples: number, groups: number];

/** 1, odd, not multiples of the 8 × 4 tile, and more than one workgroup of columns. */
export const SHAPES: readonly Shape[] = [
  [1, 1, 4, 1],
  [3, 5, 4, 2],
  [4, 4, 8, 1],
  [7, 1, 4, 3],
  [1, 9, 12, 2],
  [33, 65, 20, 2],
  [10, 130, 260, 1],
  [67, 31, 64, 3],
];

/** Of the tall tiles: rows and terms in fours, ragged and more than one workgroup. */
export const TALL_SHAPES: readonly Shape[] = [
  [4, 4, 4, 1],
  [16, 16, 12, 2],
  [20, 8, 4, 1],
  [36, 68, 20, 3],
  [48, 32, 260, 2],
];

export type ProductKernel =
  "vectorJacobianProduct" | "jacobianVectorProduct" | "vectorJacobianProductTall" | "jacobianVectorProductTall";

export type Pair = readonly [weights: NumberKind, operands: NumberKind];

export interface Named {
  readonly name: string;
  readonly call: KernelCall;
}

const times = (rows: number, inner: number): string => `${String(rows)} × ${String(inner)}`;

export const kinds = ([a, b]: Pair): string =>
  a === "ordinary" && b === "ordinary" ? "" : a === b ? `, ${a}` : `, ${a} × ${b}`;

export function forwardCall(draw: Draw, [rows, inner, columns]: Shape, pair: Pair, activation: Activation): Named {
  const call: KernelCall = {
    kernel: "forward",
    overrides: { ACTIVATION: activationNumber(activation) },
    sizes: { rows, inner, columns },
    buffers: [
      draw(pair[0], rows * inner),
      draw(pair[1], rows),
      Float32Array.from(unitParameters(activation, rows)),
      draw(pair[1], inner * columns),
      ...[4, 5, 6].map(() => zeros(rows * columns)),
    ],
    read: [4, 5, 6],
  };
  return {
    name: `${times(rows, inner)}, ${String(columns)} samples, ${formatActivation(activation)}${kinds(pair)}`,
    call,
  };
}

/** @param masked alone: what it is the mask of is not kept. */
export function productCall(
  draw: Draw,
  kernel: ProductKernel,
  [rows, inner, samples, groups]: Shape,
  pair: Pair,
  masked: boolean | "alone",
): Named {
  const columns = samples * groups;
  const isMasked = masked !== false;
  const flag = { MASKED: isMasked ? 1 : 0, KEPT: masked === "alone" ? 0 : 1 };
  const call: KernelCall = {
    kernel,
    overrides: kernel.startsWith("vector") ? { ...flag, FACTOR: 1 } : flag,
    sizes: { rows, inner, columns, samples },
    buffers: [
      draw(pair[0], rows * inner),
      draw(pair[1], inner * columns),
      draw("ordinary", rows * samples),
      zeros(rows * columns),
      zeros(isMasked ? rows * columns : 4),
    ],
    read: [3, 4],
  };
  const groupsOf = `${String(groups)} ${groups === 1 ? "group" : "groups"} of ${String(samples)}`;
  return {
    name: `${times(rows, inner)}, ${groupsOf}${isMasked ? ", masked" : ""}${masked === "alone" ? " alone" : ""}${kinds(pair)}`,
    call,
  };
}

export function maskCall(draw: Draw, [rows, , samples, groups]: Shape, pair: Pair): Named {
  const columns = samples * groups;
  return {
    name: `${times(rows, columns)}${kinds(pair)}`,
    call: {
      kernel: "mask",
      overrides: {},
      sizes: { rows, columns, samples },
      buffers: [draw(pair[0], rows * columns), draw(pair[1], rows * samples), zeros(rows * columns)],
      read: [2],
    },
  };
}

export function combineCall(draw: Draw, rows: number, columns: number, first: boolean): Named {
  const [blocks, begin] = [5, 2];
  const size = rows * columns;
  // Every second column of û, from the last one back, and one that is none of them.
  const width = 2 * columns;
  const origin = Uint32Array.from({ length: columns }, (_, j) => (j === 1 ? width : width - 1 - 2 * j));
  return {
    name: `${times(rows, columns)}, ${first ? "from zero" : "on top of what is there"}`,
    call: {
      kernel: "combine",
      overrides: {},
      sizes: { rows, columns, blocks, begin, first: first ? 1 : 0, width },
      buffers: [
        draw("ordinary", (blocks + 1) * size),
        draw("ordinary", (begin + blocks) * columns),
        origin,
        draw("ordinary", rows * width),
      ],
      read: [3],
    },
  };
}

/** A layer of one weight 1: every z comes back as it is, and h and D are the activation's own. */
export function throughCall(z: Float32Array<ArrayBuffer>, activation: UnitActivation, what: string): Named {
  return {
    name: `${formatActivation(activation)} ${what}`,
    call: {
      kernel: "forward",
      overrides: { ACTIVATION: activationNumber(activation) },
      sizes: { rows: 1, inner: 1, columns: z.length },
      buffers: [
        ...[Float32Array.of(1), Float32Array.of(0), Float32Array.from(unitParameters(activation, 1)), z],
        ...[zeros(z.length), zeros(z.length), zeros(z.length)],
      ],
      read: [4, 5, 6],
    },
  };
}

/** Both sides of every switch between formulas and of every kink. */
const EDGES = [
  ...[0.5, 0.625, 1, Math.SQRT2, 2 * Math.SQRT2, 3, 6, 87, 43.5, 88.7],
  ...[Math.PI / 4, Math.PI / 2, Math.PI],
];

/** A grid, the edges, tiny arguments and huge ones. */
export function activationArguments(activation: UnitActivation): Float32Array<ArrayBuffer> {
  const list: number[] = [0];
  for (let i = 1; i <= 1500; i++) list.push((i * 100) / 1500, (i * 6) / 1500 + 2 ** -18 * i);
  for (let k = -126; k <= 10; k++) list.push(2 ** k, 1.7 * 2 ** k);
  for (const edge of EDGES) list.push(edge, edge * (1 - 2 ** -22), edge * (1 + 2 ** -22));
  if (activation !== "sin") list.push(1e4, 1e10, 1e20);
  const signed = list.flatMap((x) => [Math.fround(x), Math.fround(-x)]);
  while (signed.length % 4 !== 0) signed.push(0);
  return Float32Array.from(signed);
}

/** NaN and both infinities among finite numbers. */
export function notFinite(): Float32Array<ArrayBuffer> {
  const z = Float32Array.of(-88, -100, 0, 1, 0, 0, 0, 1);
  new Uint32Array(z.buffer).set([0x7fc00000, 0x7f800000, 0xff800000], 4);
  return z;
}
