/**
 * The vocabulary of the batch program: matrices, stages, and what is read of them afterwards. Plain data; what runs it stands in gpu/ and
 * cpu/, what judges it in conformance/.
 */
import type { KernelName, Overrides, Sizes } from "./kernels.ts";

export type ConstantKind = "weight" | "bias" | "parameter" | "scaled-weight" | "first-gram";

/** What the host writes: before each run, or once. */
export type InputKind = "labels" | "head-data" | "origin" | "chosen" | "pack-table";

export type MatrixKind =
  | ConstantKind
  | InputKind
  | "unused"
  | "states"
  | "sums"
  | "packed"
  // Layer 1's hidden is the batch's input.
  | "hidden"
  | "preactivation"
  | "slopes"
  | "values"
  | "top-gradient"
  | "adjoint"
  | "pullback"
  | "start"
  | "start-pushed"
  | "tangent"
  | "pushed"
  // Scratch of the linear maps.
  | "stage"
  | "up"
  | "plain"
  | "bottom"
  // Of a layer's iteration, and of its witness.
  | "krylov-next"
  | "basis"
  | "coefficients"
  | "ritz-weights"
  | "witness"
  | "witness-stage"
  | "witness-pullback"
  | "units";

/** rows × columns numbers (or `words` words of 32 bits each), row-major, samples contiguous. One object is one matrix. */
export interface Matrix {
  readonly kind: MatrixKind;
  /** t, where there is one of each layer. */
  readonly layer: number;
  readonly rows: number;
  readonly columns: number;
  readonly words: number;
  /** What it becomes once its columns are spread over the samples: a column a sample, then columns that blocks of samples share. */
  readonly spread?: Matrix;
}

export function matrix(kind: MatrixKind, layer: number, rows: number, columns: number, words = 1): Matrix {
  return { kind, layer, rows, columns, words };
}

/** What every engine runs as it stands; the steps of the iteration, sums and copies each engine makes in its own way. */
export type CallName = Exclude<
  KernelName,
  | "krylovStep"
  | "combine"
  | "columnNorm"
  | "columnLeast"
  | "columnDot"
  | "pack"
  | "gather"
  // Other layouts of a call, for a device.
  | "vectorJacobianProductTall"
  | "jacobianVectorProductTall"
  | "krylovStepShared"
  | "columnNormShared"
  | "columnLeastShared"
  | "columnDotShared"
>;

export type Call = Stage<CallName>;

/** One kernel call. */
export interface Stage<Name extends KernelName = KernelName> {
  /** "the backward pass of layer 2": what a reader is told of it. */
  readonly name: string;
  readonly kernel: Name;
  readonly overrides: Overrides;
  readonly sizes: Sizes;
  /** In the order of the kernel's buffers. */
  readonly operands: readonly Matrix[];
  /** Some sizes are the run's, by `addressed` (address.ts). */
  readonly by?: "direction" | "sample" | "unit";
}

/** One column a sample, from `column` on. */
export interface Place {
  readonly of: Matrix;
  readonly column: number;
}

/** A number a sample, from `column` of a matrix on. */
export type Measure = { readonly name: string; readonly column: number } & (
  | { readonly kind: "norm" | "largest"; readonly of: Matrix }
  /** The least distance from one or two places; Infinity where there are none. */
  | { readonly kind: "least"; readonly of: Matrix; readonly places: readonly number[] }
  /** Each column of `of` with column mod with.columns of `with`. */
  | { readonly kind: "dot"; readonly of: Matrix; readonly with: Matrix }
);

/** T with a leaf in place of every vector: where each field of what is read stands. A field that is forgotten is a type error. */
export type Tree<T, Leaf> = T extends Float64Array
  ? Leaf
  : T extends object
    ? { readonly [K in keyof T]: Tree<T[K], Leaf> }
    : T;

type AnyLeaf = Place | Measure;

/** Any tree of them. */
export type Branch<Leaf> = Leaf | null | readonly Branch<Leaf>[] | { readonly [key: string]: Branch<Leaf> };

const isLeaf = (node: object): node is AnyLeaf => "column" in node;

type Builder = (read: (leaf: AnyLeaf) => Float64Array) => unknown;

/** How each tree is read, worked out when it is first: a walk that asks each node what it is takes longer than what it reads. */
const builders = new WeakMap<object, Builder>();

/** What stands in the tree's places. */
export function readTree<T, Leaf extends AnyLeaf>(tree: Tree<T, Leaf>, read: (leaf: Leaf) => Float64Array): T {
  if (typeof tree !== "object" || tree === null) return tree as T;
  const known = builders.get(tree) ?? builderOf(tree);
  builders.set(tree, known);
  return known(read as Parameters<Builder>[0]) as T;
}

function builderOf(node: unknown): Builder {
  if (typeof node !== "object" || node === null) return () => node;
  if (isLeaf(node)) return (read) => read(node);
  if (Array.isArray(node)) {
    const own = node.map(builderOf);
    return (read) => own.map((child) => child(read));
  }
  const own = Object.entries(node).map(([key, child]) => [key, builderOf(child)] as const);
  return (read) => {
    const found: Record<string, unknown> = {};
    for (const [key, child] of own) found[key] = child(read);
    return found;
  };
}

/** All leaves of a tree. */
export function listOf<Leaf extends AnyLeaf>(tree: Branch<Leaf>): Leaf[] {
  if (tree === null) return [];
  return isLeaf(tree) ? [tree as Leaf] : Object.values(tree).flatMap((own) => listOf<Leaf>(own));
}

/** Each leaf with what a value of the tree's type holds in its place. */
export function* leavesOf<T, Leaf extends AnyLeaf>(
  tree: Tree<T, Leaf>,
  value: T,
): Generator<readonly [Leaf, Float64Array]> {
  const walk = function* (node: unknown, own: unknown): ReturnType<typeof leavesOf<T, Leaf>> {
    if (typeof node !== "object" || node === null || own === null || own === undefined) return;
    if (isLeaf(node)) yield [node as Leaf, own as Float64Array];
    else for (const [key, child] of Object.entries(node)) yield* walk(child, (own as Record<string, unknown>)[key]);
  };
  yield* walk(tree, value);
}
