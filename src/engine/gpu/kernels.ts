/** The host's declaration of each kernel: its shader, what it must be given, and the grid of its workgroups. */

/** Sizes by name, as the shader's uniform struct calls them. */
export type Sizes = Readonly<Record<string, number>>;

export interface Kernel {
  readonly name: string;
  /** Path below shaders/. */
  readonly shader: string;
  /** Bindings 1 …, in order. */
  readonly buffers: readonly string[];
  readonly sizes: readonly string[];
  readonly overrides: readonly string[];
  /** Invocations wanted along x and y. */
  readonly grid: (sizes: Sizes) => readonly [number, number];
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

const columns = (sizes: Sizes): readonly [number, number] => [size(sizes, "columns"), 1];

/** Four columns an invocation. */
const quads = (sizes: Sizes): readonly [number, number] => [size(sizes, "columns") / 4, 1];

function kernel(
  name: string,
  buffers: readonly string[],
  sizes: readonly string[],
  overrides: readonly string[],
  grid: Kernel["grid"],
): Kernel {
  return { name, shader: `${name}.wgsl`, buffers, sizes, overrides, grid };
}

export const KERNELS = {
  forward: kernel(
    "forward",
    ["weight", "bias", "hidden", "preactivation", "next", "slopes"],
    ["rows", "inner", "columns"],
    ["ACTIVATION"],
    tiles,
  ),
  head: kernel(
    "head",
    ["output", "data", "labels", "slopes", "values", "gradient", "adjoint"],
    ["width", "columns", "index"],
    ["HEAD"],
    columns,
  ),
  vectorJacobianProduct: kernel(
    "vector-jacobian-product",
    ["weight", "operand", "slopes", "result", "masked"],
    ["rows", "inner", "columns", "samples"],
    ["MASKED", "FACTOR"],
    tiles,
  ),
  jacobianVectorProduct: kernel(
    "jacobian-vector-product",
    ["weight", "operand", "slopes", "result", "masked"],
    ["rows", "inner", "columns", "samples"],
    ["MASKED"],
    twins,
  ),
  mask: kernel("mask", ["operand", "slopes", "result"], ["rows", "columns", "samples"], [], (sizes) => [
    size(sizes, "columns") / 4,
    size(sizes, "rows"),
  ]),
  columnNorm: kernel("column-norm", ["operand", "sums"], ["rows", "columns", "offset"], [], quads),
  columnDot: kernel(
    "column-dot",
    ["left", "right", "sums"],
    ["rows", "columns", "samples", "left_norm", "right_norm", "offset"],
    [],
    quads,
  ),
  normalise: kernel(
    "normalise",
    ["operand", "result"],
    ["rows", "columns", "width", "shift", "pitch"],
    ["SECOND"],
    quads,
  ),
  krylovStep: kernel(
    "krylov-step",
    ["image", "basis", "next", "coefficients"],
    ["rows", "columns", "block", "first", "at"],
    [],
    columns,
  ),
  gather: kernel(
    "gather",
    ["operand", "chosen", "result"],
    ["rows", "columns", "count", "shift", "offset"],
    [],
    (sizes) => [size(sizes, "count") * size(sizes, "rows"), 1],
  ),
  spread: kernel(
    "spread",
    ["operand", "slopes", "result", "masked"],
    ["rows", "columns", "blocks", "block", "first"],
    ["MASKED"],
    (sizes) => [size(sizes, "columns") / 2, Math.ceil(size(sizes, "rows") / 8)],
  ),
  unitVectors: kernel("unit-vectors", ["result"], ["rows", "columns", "samples", "first"], [], (sizes) => [
    size(sizes, "columns"),
    size(sizes, "rows"),
  ]),
  combine: kernel(
    "combine",
    ["basis", "weights", "result"],
    ["rows", "columns", "blocks", "begin", "first"],
    [],
    (sizes) => [size(sizes, "columns"), size(sizes, "rows")],
  ),
  philoxUniform: kernel(
    "philox-uniform",
    ["result"],
    ["rows", "columns", "width", "shift", "seed_low", "seed_high", "first_low", "first_high", "stream"],
    [],
    (sizes) => [size(sizes, "columns"), Math.ceil(size(sizes, "rows") / 4)],
  ),
} as const satisfies Record<string, Kernel>;
