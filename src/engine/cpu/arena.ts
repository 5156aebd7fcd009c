/**
 * Where the matrices of a block of samples stand while it is computed and as long as it is stored: in the memory of the thread's kernels, so
 * that nothing is copied from one stage to the next.
 */
import { STEP_LIMIT } from "../krylov.ts";
import type { BatchProgram } from "../program/program.ts";
import type { Call, Matrix, Measure, Place } from "../program/stage.ts";
import { listOf } from "../program/stage.ts";
import type { Workspace } from "../wasm/workspace.ts";
import { threadWorkspace, wholeLines } from "../wasm/workspace.ts";
import { padded } from "./product.ts";

/** Of one program, whatever the block. */
interface Layout {
  readonly places: ReadonlyMap<Matrix, { readonly at: number; readonly length: number }>;
  readonly bytes: number;
  /** About what a search takes at most (panel.ts) whose samples need SEARCH_STEPS steps. */
  readonly searchBytes: number;
  /** Views by where the block began, found again as long as the memory is the same. */
  readonly views: Map<number, Map<Matrix, Float64Array>>;
}

/** A block beyond this stands in arrays of its own: a network of many hundred layers. */
const MOST_BYTES = 2 ** 26;
/** Places whose views are remembered. */
const MOST_VIEWS = 64;

const SEARCH_STEPS = 32;

const NOT_MADE: ReadonlySet<Matrix["kind"]> = new Set([
  ...(["weight", "bias", "parameter", "scaled-weight", "first-gram"] as const),
  ...(["labels", "head-data", "unused", "states", "sums", "units"] as const),
]);

const layouts = new WeakMap<BatchProgram, Layout>();

function layoutOf(program: BatchProgram): Layout {
  const known = layouts.get(program);
  if (known !== undefined) return known;
  const { base, iterations, traced } = program;
  const calls: readonly Call[] = [...base.forward, ...base.backward, ...iterations.flatMap(({ back }) => back)];
  const read = [...listOf<Place>(traced), ...listOf<Measure>(base.measured)].map(({ of }) => of);
  const all = new Set([...calls.flatMap(({ operands }) => operands), ...read, ...iterations.map(({ next }) => next)]);
  const places = new Map<Matrix, { at: number; length: number }>();
  let bytes = 0;
  for (const matrix of all) {
    if (NOT_MADE.has(matrix.kind)) continue;
    const pitch = matrix.columns * matrix.words;
    places.set(matrix, { at: bytes, length: matrix.rows * pitch });
    bytes += wholeLines(8 * padded(matrix.rows) * pitch);
  }
  const searchBytes = iterations.reduce((most, { next, slopes }) => {
    const below = slopes.reduce((sum, { rows }) => sum + 4 * rows, 0);
    return Math.max(most, 4 * (next.columns + 16) * (SEARCH_STEPS * next.rows + below + 4 * STEP_LIMIT));
  }, 0);
  const made = { places, bytes, searchBytes, views: new Map<number, Map<Matrix, Float64Array>>() };
  layouts.set(program, made);
  return made;
}

export class Arena {
  private readonly workspace: Workspace;
  private readonly layout: Layout;
  private readonly at: number;
  private views: Map<Matrix, Float64Array>;
  private readonly begun: ArrayBufferLike;

  constructor(workspace: Workspace, layout: Layout) {
    this.workspace = workspace;
    this.layout = layout;
    this.at = workspace.take(layout.bytes);
    this.begun = workspace.numbers().buffer;
    this.views = layout.views.get(this.at) ?? new Map<Matrix, Float64Array>();
    if (layout.views.size >= MOST_VIEWS) layout.views.clear();
    layout.views.set(this.at, this.views);
  }

  /** The matrix's numbers, until the memory grows; undefined for one that has no place here. */
  of(matrix: Matrix): Float64Array | undefined {
    const known = this.views.get(matrix);
    if (known !== undefined && this.workspace.isHere(known)) return known;
    const place = this.layout.places.get(matrix);
    if (place === undefined) return undefined;
    const view = new Float64Array(this.workspace.numbers().buffer, this.at + place.at, place.length);
    this.views.set(matrix, view);
    return view;
  }

  /** Whether the memory has not grown since: views that were held meanwhile are good. */
  get isIntact(): boolean {
    return this.workspace.numbers().buffer === this.begun;
  }

  release(): void {
    this.workspace.giveBack(this.at, this.layout.bytes);
  }
}

/** Room for a block, and in reserve for all that its kernels need beside it; null where there is none. @param kept bytes of the plan's matrices. */
export function openArena(program: BatchProgram, kept: number): Arena | null {
  const layout = layoutOf(program);
  if (layout.bytes > MOST_BYTES) return null;
  const workspace = threadWorkspace(2 * layout.bytes + layout.searchBytes + 2 * kept + RESERVE_BYTES);
  return workspace === null ? null : new Arena(workspace, layout);
}

const RESERVE_BYTES = 2 ** 20;
