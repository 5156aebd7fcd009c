/**
 * A grid of architectures: lists whose Cartesian product is swept, or several such grids, one after the other
 * (schemas/grid.schema.json). The order is fixed: the first list (depth) turns slowest, the last (distribution) fastest.
 */
import * as v from "valibot";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { FormatError } from "../network/errors.ts";
import { HEAD_NAMES, headByName } from "../network/heads.ts";
import { INITIALISERS } from "../network/initialisers.ts";
import { NORMS, note } from "../records/kit.ts";
import { DISTRIBUTIONS } from "../sampling/inputs.ts";
import type { Architecture } from "../records/sweep.ts";

const MOST_DEPTH = 1000;
const WIDEST = 16_384;
const MOST_ARCHITECTURES = 1_000_000;

const whole = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const listOf = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.minLength(1));
const headNames = [...HEAD_NAMES, "linear", "squared-error"].join(", ");
const head = v.pipe(
  v.string(),
  v.check((name) => name === "linear" || name === "squared-error" || headByName(name) !== null, headNames),
  // What JSON Schema can say of it.
  v.metadata({ pattern: `^(${headNames.replaceAll(", ", "|").replaceAll(":K", ":[0-9]+")})$` }),
);

/** What a grid file holds: schemas/grid.schema.json is made of it. */
export const GRID = v.strictObject({
  depth: note(listOf(whole(MOST_DEPTH)), "l, the number of layers."),
  width: note(
    listOf(v.union([whole(WIDEST), v.strictTuple([whole(WIDEST), whole(WIDEST), whole(WIDEST)])])),
    "n: every layer n wide. [a, b, c]: a inputs, b in each hidden layer, c outputs.",
  ),
  activation: v.optional(
    note(
      listOf(v.picklist(ACTIVATION_NAMES)),
      "Of the hidden layers; the output layer is identity. With one layer it is that layer's.",
    ),
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
  networks: v.optional(note(whole(2 ** 32), "Networks drawn of each architecture."), 1),
});

/** One grid with its defaults filled in. */
export type Grid = v.InferOutput<typeof GRID>;

/** A cell of the product: an architecture, and how many networks of it are drawn from which number on. */
export interface Cell extends Architecture {
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
  if (keys[0] === "width" && keys.length > 1) return `an integer from 1 to ${String(WIDEST)}, or three of them`;
  if (expected === "never") {
    return `one of ${Object.keys(GRID.entries).join(", ")}`;
  }
  return expected;
}

/**
 * Every architecture of the grids, in their order.
 * @throws FormatError for a combination that cannot be made.
 */
export function cellsOf(grids: readonly Grid[], source: string): Cell[] {
  const cells: Cell[] = [];
  let firstNetwork = 0;
  for (const grid of grids) {
    const size = LISTS.reduce((product, key) => product * grid[key].length, 1);
    if (cells.length + size > MOST_ARCHITECTURES) {
      throw new FormatError(`${source}: found more than ${String(MOST_ARCHITECTURES)} architectures`);
    }
    for (let k = 0; k < size; k++) {
      const cell = cellAt(grid, k, cells.length, firstNetwork);
      checkCell(cell, source);
      cells.push(cell);
      firstNetwork += grid.networks;
    }
  }
  if (firstNetwork > 2 ** 32) throw new FormatError(`${source}: found more than 2^32 networks`);
  return cells;
}

const LISTS = ["depth", "width", "activation", "initialiser", "scale", "bias", "head", "norm", "distribution"] as const;

/** Cell k of one grid: k written in the mixed radix of the lists' lengths, the last list's digit lowest. */
function cellAt(grid: Grid, k: number, architecture: number, firstNetwork: number): Cell {
  const digits = new Map<string, number>();
  let rest = k;
  for (const key of [...LISTS].reverse()) {
    digits.set(key, rest % grid[key].length);
    rest = Math.floor(rest / grid[key].length);
  }
  const at = <K extends (typeof LISTS)[number]>(key: K): Grid[K][number] =>
    grid[key][digits.get(key) ?? 0] as Grid[K][number];
  const [depth, width, distribution] = [at("depth"), at("width"), at("distribution")];
  const [inputs, hidden, outputs] = typeof width === "number" ? [width, width, width] : width;
  return {
    architecture,
    depth,
    // Made as they are needed: a thousand numbers for each of a million cells would fill a machine.
    get widths() {
      return [inputs, ...new Array<number>(depth - 1).fill(hidden), outputs];
    },
    activation: at("activation"),
    initialiser: at("initialiser"),
    scale: at("scale"),
    bias: at("bias"),
    head: at("head"),
    norm: at("norm"),
    distribution: typeof distribution === "string" ? distribution : distribution.distribution,
    inputScale: typeof distribution === "string" ? 1 : distribution.scale,
    networks: grid.networks,
    firstNetwork,
  };
}

function checkCell({ widths, initialiser, head }: Architecture, source: string): void {
  const outputs = widths.at(-1) ?? 0;
  const named = headByName(head);
  if (named?.kind === "logit" && named.index >= outputs) {
    throw new FormatError(
      `${source}: head ${head}: found ${String(outputs)} outputs, expected more than ${String(named.index)}`,
    );
  }
  const [n = 0] = widths;
  if (initialiser === "hadamard" && !(widths.every((w) => w === n) && Number.isInteger(Math.log2(n) / 2))) {
    throw new FormatError(
      `${source}: initialiser hadamard: found widths ${[...new Set(widths)].join(", ")}, expected one of 1, 4, 16, 64, 256 … throughout`,
    );
  }
}
