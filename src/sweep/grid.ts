/**
 * A grid of architectures: lists whose Cartesian product is swept, or several such grids, one after the other
 * (schemas/grid.schema.json). The order is fixed: the first list (depth) turns slowest, the last (distribution) fastest.
 */
import * as v from "valibot";
import type { Shape } from "../engine/footprint.ts";
import { ACTIVATION_PATTERN, drawnActivation } from "../network/activation-names.ts";
import { FormatError, UsageError } from "../network/errors.ts";
import { HEAD_NAMES, headByName } from "../network/heads.ts";
import { INITIALISERS } from "../network/initialisers.ts";
import { formatActivation } from "../network/parametric.ts";
import { NORMS, note } from "../records/kit.ts";
import { DISTRIBUTIONS } from "../sampling/inputs.ts";
import type { Architecture } from "../records/sweep.ts";

/** Networks are numbered in 32 bits (sampling/philox.ts). */
const MOST_NETWORKS = 2 ** 32;

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const listOf = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.minLength(1));
/** A case of a sweep has one f. */
const headNames = [...HEAD_NAMES.filter((name) => name !== "each-logit"), "linear", "squared-error"].join(", ");
const head = v.pipe(
  v.string(),
  v.check(
    (name) =>
      name === "linear" || name === "squared-error" || (headByName(name)?.kind ?? "each-logit") !== "each-logit",
    headNames,
  ),
  // What JSON Schema can say of it.
  v.metadata({ pattern: `^(${headNames.replaceAll(", ", "|").replaceAll(":K", ":[0-9]+")})$` }),
);

/** A name, as it is printed: one name for one activation, however it was spelt. */
const activation = v.pipe(
  v.string(),
  v.metadata({ pattern: ACTIVATION_PATTERN }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return formatActivation(drawnActivation(dataset.value));
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause;
      addIssue({ expected: cause.message.replace(/^expected /, "") });
      return NEVER;
    }
  }),
);

/** What a grid file holds: schemas/grid.schema.json is made of it. */
export const GRID = v.strictObject({
  depth: note(listOf(count), "l, the number of layers."),
  width: note(
    listOf(v.union([count, v.strictTuple([count, count, count])])),
    "n: every layer n wide. [a, b, c]: a inputs, b in each hidden layer, c outputs.",
  ),
  activation: v.optional(
    note(listOf(activation), "Of the hidden layers; the output layer is identity. With one layer it is that layer's."),
    ["relu"],
  ),
  initialiser: v.optional(listOf(v.picklist(INITIALISERS)), ["he"]),
  scale: v.optional(note(listOf(positive), "Factor of the initialiser; normal's standard deviation."), [1]),
  bias: v.optional(
    note(
      listOf(v.union([v.pipe(v.number(), v.finite(), v.minValue(0)), v.literal(false)])),
      "Standard deviation of the biases; 0: biases of 0, which are parameters; false: no biases.",
    ),
    [0.1],
  ),
  head: v.optional(note(listOf(head), "f of the output, as in --head; linear and squared-error draw their numbers."), [
    "logit:argmax",
  ]),
  norm: v.optional(listOf(v.picklist(NORMS)), ["spectral"]),
  distribution: v.optional(
    note(
      listOf(
        v.union([
          v.picklist(DISTRIBUTIONS),
          v.strictObject({ distribution: v.picklist(DISTRIBUTIONS), scale: v.optional(positive, 1) }),
        ]),
      ),
      "Of the inputs. scale: standard deviation, half-width or radius.",
    ),
    ["normal"],
  ),
  networks: v.optional(note(v.pipe(count, v.maxValue(MOST_NETWORKS)), "Networks drawn of each architecture."), 1),
});

/** One grid with its defaults filled in. */
export type Grid = v.InferOutput<typeof GRID>;

/** A cell of the product: an architecture, and how many networks of it are drawn from which number on. */
export interface Cell extends Architecture {
  /** Of the inputs, each hidden layer and the outputs: `widths` in short. */
  readonly shape: readonly [number, number, number];
  readonly networks: number;
  readonly firstNetwork: number;
}

/**
 * Foreign data → grids.
 * @throws FormatError naming the place, what was found and what was expected.
 */
export function parseGrids(raw: unknown, source: string): Grid[] {
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  if (list.length === 0) throw new FormatError(`${source}: found an empty list, expected a grid or a list of grids`);
  return list.map((one, i) => {
    const result = v.safeParse(GRID, one);
    if (result.success) return result.output;
    const issue = result.issues[0];
    const keys = issue.path?.map((p) => String(p.key)) ?? [];
    const path = [...(Array.isArray(raw) ? [String(i)] : []), ...keys].join(".");
    const [found, expected] = [issue.received, issue.expected ?? issue.message];
    throw new FormatError(
      `${source}: ${path === "" ? "the document" : path}: found ${found.slice(0, 60)}, expected ${wanted(expected, keys).slice(0, 400)}`,
    );
  });
}

/** What a place of a grid takes, where the schema's own words would not say. */
function wanted(expected: string, keys: readonly string[]): string {
  if (keys.length === 0) return "an object of lists {depth, width, activation, …}";
  if (keys[0] === "width" && keys.length > 1) return "an integer ≥ 1, or three of them";
  if (expected === "never") {
    return `one of ${Object.keys(GRID.entries).join(", ")}`;
  }
  return expected;
}

const LISTS = ["depth", "width", "activation", "initialiser", "scale", "bias", "head", "norm", "distribution"] as const;

/** Every architecture of the grids, in their order. A cell is made when it is asked for: a sweep may have millions. */
export interface Cells extends Iterable<Cell> {
  /** Architectures. */
  readonly length: number;
  /** Networks of all of them. */
  readonly networks: number;
  /** Undefined past the end. */
  readonly at: (architecture: number) => Cell | undefined;
  /** The cell that this network belongs to; undefined past the end. */
  readonly ofNetwork: (network: number) => Cell | undefined;
  /** What a list of the grids holds, each once, in order. */
  readonly distinct: <K extends (typeof LISTS)[number]>(key: K) => readonly Grid[K][number][];
}

/** A grid with what comes before it. */
interface Placed {
  readonly grid: Grid;
  readonly size: number;
  readonly firstCell: number;
  readonly firstNetwork: number;
}

/**
 * The cells of these grids.
 * @throws FormatError for a combination that cannot be made, and for more networks than can be numbered.
 */
export function cellsOf(grids: readonly Grid[], source: string): Cells {
  const placed: Placed[] = [];
  let length = 0;
  let networks = 0;
  for (const grid of grids) {
    checkCombinations(grid, source);
    const size = LISTS.reduce((product, key) => product * grid[key].length, 1);
    placed.push({ grid, size, firstCell: length, firstNetwork: networks });
    length += size;
    networks += size * grid.networks;
    if (networks > MOST_NETWORKS) {
      throw new FormatError(`${source}: found more than 2^32 networks, expected at most that`);
    }
  }
  const make = (one: Placed | undefined, k: number): Cell | undefined =>
    one === undefined || !(k >= 0 && k < one.size) ? undefined : cellAt(one, k);
  const at = (architecture: number): Cell | undefined => {
    const one = lastFrom(placed, "firstCell", architecture);
    return make(one, architecture - (one?.firstCell ?? 0));
  };
  return {
    length,
    networks,
    at,
    ofNetwork: (network) => {
      const one = lastFrom(placed, "firstNetwork", network);
      return make(one, Math.floor((network - (one?.firstNetwork ?? 0)) / (one?.grid.networks ?? 1)));
    },
    distinct: <K extends (typeof LISTS)[number]>(key: K) => [
      ...new Set(grids.flatMap((grid) => grid[key] as readonly Grid[K][number][])),
    ],
    *[Symbol.iterator]() {
      for (const one of placed) for (let k = 0; k < one.size; k++) yield cellAt(one, k);
    },
  };
}

/** The last grid that begins at this number or before. */
function lastFrom(placed: readonly Placed[], key: "firstCell" | "firstNetwork", number: number): Placed | undefined {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((placed[middle] as Placed)[key] <= number) low = middle + 1;
    else high = middle;
  }
  return placed[low - 1];
}

/** Cell k of one grid: k written in the mixed radix of the lists' lengths, the last list's digit lowest. */
function cellAt({ grid, firstCell, firstNetwork }: Placed, k: number): Cell {
  let rest = k;
  const next = <T>(list: readonly T[]): T => {
    const digit = rest % list.length;
    rest = Math.floor(rest / list.length);
    return list[digit] as T;
  };
  const distribution = next(grid.distribution);
  const norm = next(grid.norm);
  const head = next(grid.head);
  const bias = next(grid.bias);
  const scale = next(grid.scale);
  const initialiser = next(grid.initialiser);
  const activation = next(grid.activation);
  const width = next(grid.width);
  const depth = next(grid.depth);
  const [inputs, hidden, outputs] = typeof width === "number" ? [width, width, width] : width;
  return {
    architecture: firstCell + k,
    depth,
    get widths() {
      return [inputs, ...new Array<number>(depth - 1).fill(hidden), outputs];
    },
    shape: [inputs, hidden, outputs],
    ...{ activation, initialiser, scale, bias, head, norm },
    distribution: typeof distribution === "string" ? distribution : distribution.distribution,
    inputScale: typeof distribution === "string" ? 1 : distribution.scale,
    networks: grid.networks,
    firstNetwork: firstNetwork + k * grid.networks,
  };
}

/** Whether every combination of one grid can be made, told from its lists alone. */
function checkCombinations({ depth, width, initialiser, head }: Grid, source: string): void {
  const outputs = width.reduce<number>(
    (least, one) => Math.min(least, typeof one === "number" ? one : one[2]),
    Infinity,
  );
  for (const name of head) {
    const named = headByName(name);
    if (named?.kind === "logit" && named.index >= outputs) {
      throw new FormatError(
        `${source}: head ${name}: found ${String(outputs)} outputs, expected more than ${String(named.index)}`,
      );
    }
  }
  if (!initialiser.includes("hadamard")) return;
  const isDeep = depth.some((layers) => layers > 1);
  for (const one of width) {
    const [inputs, hidden, last] = typeof one === "number" ? [one, one, one] : one;
    const widths = isDeep ? [inputs, hidden, last] : [inputs, last];
    if (!(widths.every((w) => w === inputs) && Number.isInteger(Math.log2(inputs) / 2))) {
      throw new FormatError(
        `${source}: initialiser hadamard: found widths ${[...new Set(widths)].join(", ")}, expected one of 1, 4, 16, 64, 256 … throughout`,
      );
    }
  }
}

/** The largest network of the grids by an estimate, and that estimate. */
export function largestOf(grids: readonly Grid[], bytesOf: (shape: Shape) => number): { shape: Shape; bytes: number } {
  let largest = { shape: { depth: 1, inputs: 1, hidden: 1, outputs: 1 }, bytes: 0 };
  for (const { depth: depths, width } of grids) {
    const depth = depths.reduce((a, b) => Math.max(a, b));
    for (const one of width) {
      const [inputs, hidden, outputs] = typeof one === "number" ? [one, one, one] : one;
      const shape = { depth, inputs, hidden, outputs };
      const bytes = bytesOf(shape);
      if (bytes > largest.bytes) largest = { shape, bytes };
    }
  }
  return largest;
}
