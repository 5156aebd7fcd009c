/** The host's declaration of each kernel: its shader, what it must be given, and the grid of its workgroups. */

/** Sizes by name, as the shader's uniform struct calls them. */
export type Sizes = Readonly<Record<string, number>>;

export interface Kernel {
  readonly name: string;
  /** Path below shaders/. */
  readonly shader: string;
  /** Bindings 1 …, in order. */
  readonly buffers: readonly string[];
  /** Which of them it makes. */
  readonly results: readonly number[];
  readonly sizes: readonly string[];
  readonly overrides: readonly string[];
  /** Invocations wanted along x, and workgroups along y. */
  readonly grid: (sizes: Sizes) => readonly [number, number];
  /** Iterations of all the kernel's long loops together, which its sizes `begin` and `end` cut; null where no loop is long. */
  readonly iterations: ((sizes: Sizes, overrides: Overrides) => number) | null;
}

export type Overrides = Readonly<Record<string, number>>;

/** Workgroups along one dimension of a dispatch: WebGPU's default limit, which every adapter offers. */
const MOST_WORKGROUPS = 65_535;

/** Iterations of the long loops in one dispatch; a tile's own short ones (at most 64) bring an invocation to 2¹⁵ in all. */
export const MOST_ITERATIONS = 2 ** 15 - 2 ** 6;

/** Words a column of what a kernel's dispatches hand on, its buffer `states`. */
export const HEAD_STATE = 6;
export const KRYLOV_STATE = 3;
/** Six vectors for four columns. */
export const NORMALISE_STATE = 6;

/** The workgroups of a call along x, y and z: what is too much for y goes on along z, which the shaders with a y know. */
export function workgroupsOf(kernel: Kernel, sizes: Sizes, workgroupSize: number): readonly [number, number, number] {
  const [invocations, y] = kernel.grid(sizes);
  const x = Math.ceil(invocations / workgroupSize);
  if (x > MOST_WORKGROUPS) throw new RangeError(`${kernel.name}: ${String(x)} workgroups along x`);
  return [x, Math.min(y, MOST_WORKGROUPS), Math.ceil(y / MOST_WORKGROUPS)];
}

/** The sizes of each dispatch of a call, one after another, with `begin` and `end` where the kernel has them. */
export function dispatchSizes(kernel: Kernel, sizes: Sizes, overrides: Overrides): Sizes[] {
  if (kernel.iterations === null) return [sizes];
  const total = kernel.iterations(sizes, overrides);
  const parts = Math.max(1, Math.ceil(total / MOST_ITERATIONS));
  return Array.from({ length: parts }, (_, i) => {
    const begin = i * MOST_ITERATIONS;
    return { ...sizes, begin, end: Math.min(total, begin + MOST_ITERATIONS) };
  });
}

const size = (sizes: Sizes, name: string): number => sizes[name] as number;

/** A tile of 8 rows × 4 columns an invocation: tall tiles load less (2.3 GFLOP/s on SwiftShader, 1.5 with 4 rows). */
const tiles = (sizes: Sizes): readonly [number, number] => [
  size(sizes, "columns") / 4,
  Math.ceil(size(sizes, "rows") / 8),
];

/** The same, twice: two tiles of the same rows share their weights (a fifth less time on SwiftShader: 784 × 64, 1,024 columns, 56 to 43 ms). */
const twins = (sizes: Sizes): readonly [number, number] => [
  Math.ceil(size(sizes, "columns") / 8),
  Math.ceil(size(sizes, "rows") / 8),
];

/** Twins of 16 rows. */
const tallTwins = (sizes: Sizes): readonly [number, number] => [
  Math.ceil(size(sizes, "columns") / 8),
  Math.ceil(size(sizes, "rows") / 16),
];

const columns = (sizes: Sizes): readonly [number, number] => [size(sizes, "columns"), 1];

/** Four columns an invocation. */
const quads = (sizes: Sizes): readonly [number, number] => [size(sizes, "columns") / 4, 1];

/** Eight invocations for four columns (shaders/lib/workgroup-parts.wgsl). */
const shared = (sizes: Sizes): readonly [number, number] => [2 * size(sizes, "columns"), 1];

/** What the dispatches of a long loop hand on is no result. */
const STATES = "states";

function kernel(
  name: string,
  operands: readonly string[],
  results: readonly string[],
  sizes: readonly string[],
  overrides: readonly string[],
  grid: Kernel["grid"],
  iterations: Kernel["iterations"] = null,
): Kernel {
  const cut = iterations === null ? [] : ["begin", "end"];
  return {
    ...{ name, shader: `${name}.wgsl`, buffers: [...operands, ...results], sizes: [...sizes, ...cut] },
    results: results.flatMap((result, i) => (result === STATES ? [] : [operands.length + i])),
    ...{ overrides, grid, iterations },
  };
}

const inner = (sizes: Sizes): number => size(sizes, "inner");

/** So many passes over the rows. */
const passes =
  (count: number, rows = "rows") =>
  (sizes: Sizes): number =>
    count * size(sizes, rows);

export const KERNELS = {
  forward: kernel(
    "forward",
    ["weight", "bias", "parameter", "hidden"],
    ["preactivation", "next", "slopes"],
    ["rows", "inner", "columns"],
    ["ACTIVATION"],
    tiles,
    inner,
  ),
  head: kernel(
    "head",
    ["output", "data", "labels", "slopes"],
    ["values", "gradient", "adjoint", STATES],
    ["width", "columns", "index"],
    ["HEAD"],
    columns,
    passes(6, "width"),
  ),
  vectorJacobianProduct: kernel(
    "vector-jacobian-product",
    ["weight", "operand", "slopes"],
    ["result", "masked"],
    ["rows", "inner", "columns", "samples"],
    ["MASKED", "KEPT", "FACTOR"],
    tiles,
    inner,
  ),
  jacobianVectorProduct: kernel(
    "jacobian-vector-product",
    ["weight", "operand", "slopes"],
    ["result", "masked"],
    ["rows", "inner", "columns", "samples"],
    ["MASKED", "KEPT"],
    twins,
    inner,
  ),
  // What a device takes for the two where their shapes allow it (gpu/variants.ts).
  vectorJacobianProductTall: kernel(
    "vector-jacobian-product-tall",
    ["weight", "operand", "slopes"],
    ["result", "masked"],
    ["rows", "inner", "columns", "samples"],
    ["MASKED", "KEPT", "FACTOR"],
    tallTwins,
    inner,
  ),
  jacobianVectorProductTall: kernel(
    "jacobian-vector-product-tall",
    ["weight", "operand", "slopes"],
    ["result", "masked"],
    ["rows", "inner", "columns", "samples"],
    ["MASKED", "KEPT"],
    tallTwins,
    inner,
  ),
  mask: kernel("mask", ["operand", "slopes"], ["result"], ["rows", "columns", "samples"], [], (sizes) => [
    size(sizes, "columns") / 4,
    size(sizes, "rows"),
  ]),
  columnNorm: kernel("column-norm", ["operand"], ["sums"], ["rows", "columns", "offset"], [], quads, passes(2)),
  columnLeast: kernel(
    "column-least",
    ["operand"],
    ["sums"],
    ["rows", "columns", "offset"],
    ["FIRST", "SECOND"],
    quads,
    passes(1),
  ),
  columnDot: kernel(
    "column-dot",
    ["left", "right"],
    ["sums"],
    ["rows", "columns", "samples", "left_norm", "right_norm", "offset"],
    [],
    quads,
    passes(1),
  ),
  // What a hardware device takes for the three (gpu/variants.ts).
  columnNormShared: kernel(
    "column-norm-shared",
    ["operand"],
    ["sums"],
    ["rows", "columns", "offset"],
    [],
    shared,
    passes(2),
  ),
  columnLeastShared: kernel(
    "column-least-shared",
    ["operand"],
    ["sums"],
    ["rows", "columns", "offset"],
    ["FIRST", "SECOND"],
    shared,
    passes(1),
  ),
  columnDotShared: kernel(
    "column-dot-shared",
    ["left", "right"],
    ["sums"],
    ["rows", "columns", "samples", "left_norm", "right_norm", "offset"],
    [],
    shared,
    passes(1),
  ),
  normalise: kernel(
    "normalise",
    ["operand"],
    ["result", STATES],
    ["rows", "columns", "width", "shift", "pitch"],
    ["SECOND"],
    quads,
    (sizes, overrides) => (overrides["SECOND"] === 1 ? 7 : 3) * size(sizes, "rows"),
  ),
  krylovStep: kernel(
    "krylov-step",
    ["image", "slopes"],
    ["basis", "next", "masked", "coefficients", STATES],
    ["rows", "columns", "block", "first", "at"],
    ["MASKED"],
    quads,
    passes(4),
  ),
  // What a hardware device takes for it (gpu/variants.ts).
  krylovStepShared: kernel(
    "krylov-step-shared",
    ["image", "slopes"],
    ["basis", "next", "masked", "coefficients", STATES],
    ["rows", "columns", "block", "first", "at"],
    ["MASKED"],
    shared,
    passes(4),
  ),
  pack: kernel("pack", ["sums", "table"], ["result"], ["columns", "finite", "words", "exponents"], [], (sizes) => [
    size(sizes, "columns"),
    1 + size(sizes, "words") + Math.ceil(size(sizes, "exponents") / 2),
  ]),
  gather: kernel(
    "gather",
    ["operand", "chosen"],
    ["result"],
    ["rows", "columns", "count", "shift", "offset"],
    [],
    (sizes) => {
      const line = 64 * MOST_WORKGROUPS;
      const entries = size(sizes, "count") * size(sizes, "rows");
      return [Math.min(entries, line), Math.ceil(entries / line)];
    },
  ),
  spread: kernel(
    "spread",
    ["operand", "slopes"],
    ["result", "masked"],
    ["rows", "columns", "blocks", "block", "first"],
    ["MASKED"],
    (sizes) => [size(sizes, "columns") / 2, Math.ceil(size(sizes, "rows") / 8)],
  ),
  unitVectors: kernel("unit-vectors", [], ["result"], ["rows", "columns", "samples", "first"], [], (sizes) => [
    size(sizes, "columns"),
    size(sizes, "rows"),
  ]),
  combine: kernel(
    "combine",
    ["basis", "weights", "origin"],
    ["result"],
    ["rows", "columns", "blocks", "begin", "first", "width"],
    [],
    (sizes) => [size(sizes, "columns"), size(sizes, "rows")],
  ),
  philoxUniform: kernel(
    "philox-uniform",
    [],
    ["result"],
    ["rows", "columns", "width", "shift", "seed_low", "seed_high", "first_low", "first_high", "stream"],
    [],
    (sizes) => [size(sizes, "columns"), Math.ceil(size(sizes, "rows") / 4)],
  ),
} as const satisfies Record<string, Kernel>;

export type KernelName = keyof typeof KERNELS;
