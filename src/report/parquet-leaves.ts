/**
 * Rows → the leaf columns of Parquet: each leaf's values with a definition level each (how many of the optional and repeated fields above a value, and itself,
 * are there) and, below a list, a repetition level (0 begins a row, 1 goes on in its list). https://parquet.apache.org/docs/file-format/nestedencoding/
 */
import type { Column, Columns } from "../records/columns.ts";
import type { RowBlock } from "../records/row-block.ts";

/** A leaf of a row group that is being filled; only the first `count` entries count. */
export interface Leaf {
  /** Names from the row down, those of a list's own levels too. */
  readonly path: readonly string[];
  readonly kind: "long" | "integer" | "number" | "text";
  /** The definition level of a value that is there. */
  readonly most: number;
  readonly isRepeated: boolean;
  count: number;
  /** Of a text its place in `places`; NaN is null. */
  numbers: Float64Array;
  readonly places: Map<string, number>;
  definition: Uint8Array;
  repetition: Uint8Array;
}

/** Where a value goes. @param level the definition level of what is above it, @param repetition its repetition level. */
interface Shredder {
  readonly put: (value: unknown, level: number, repetition: number) => void;
  /** Something above it is null. */
  readonly skip: (level: number, repetition: number) => void;
}

export interface Leaves {
  /** In the order of the schema. */
  readonly all: readonly Leaf[];
  /** @throws TypeError for a required field that is missing. */
  readonly add: (row: object) => void;
  /** Plain rows of the kind "samples". */
  readonly addPlain: (block: RowBlock, from: number, to: number) => void;
  readonly clear: () => void;
}

export function createLeaves(columns: Columns): Leaves {
  const all: Leaf[] = [];
  const shredder = structShredder(columns, 0, { path: [], level: 0, isRepeated: false }, all);
  return {
    all,
    add: (row) => {
      shredder.put(row, 0, 0);
    },
    addPlain: (block, from, to) => {
      for (const leaf of all) addPlain(leaf, block, from, to);
    },
    clear: () => {
      for (const leaf of all) {
        leaf.count = 0;
        leaf.places.clear();
      }
    },
  };
}

/** What is above a column. */
interface Above {
  readonly path: readonly string[];
  readonly level: number;
  readonly isRepeated: boolean;
}

function shredderOf(name: string, column: Column, above: Above, all: Leaf[]): Shredder {
  const own = column.optional ? 1 : 0;
  const path = [...above.path, name];
  const level = above.level + own;
  const refuse = (): never => {
    throw new TypeError(`a row has no ${path.join(".")}, which every row has`);
  };
  if (column.kind === "struct") {
    const inner = structShredder(column.columns, own, { ...above, path, level }, all);
    const put: Shredder["put"] = (value, level, repetition) => {
      if (value !== null && value !== undefined) inner.put(value, level, repetition);
      else if (column.optional) inner.skip(level, repetition);
      else refuse();
    };
    return { ...inner, put };
  }
  if (column.kind === "list") {
    const below = { path: [...path, "list", "element"], level: level + 1, isRepeated: true };
    const inner = structShredder(column.columns, own + 1, below, all);
    const put: Shredder["put"] = (value, level, repetition) => {
      const items = (value ?? null) as readonly unknown[] | null;
      if (items === null && !column.optional) refuse();
      if (items === null) inner.skip(level, repetition);
      else if (items.length === 0) inner.skip(level + own, repetition);
      else for (let i = 0; i < items.length; i++) inner.put(items[i], level, i === 0 ? repetition : 1);
    };
    return { ...inner, put };
  }
  const leaf: Leaf = {
    ...{ path, kind: column.kind, most: level, isRepeated: above.isRepeated, count: 0, places: new Map() },
    numbers: new Float64Array(0),
    definition: new Uint8Array(0),
    repetition: new Uint8Array(0),
  };
  all.push(leaf);
  return {
    put: (value, level, repetition) => {
      const isThere = value !== null && value !== undefined;
      if (!isThere && !column.optional) refuse();
      append(leaf, isThere ? (value as number | string) : null, isThere ? level + own : level, repetition);
    },
    skip: (level, repetition) => {
      append(leaf, null, level, repetition);
    },
  };
}

/** @param steps definition levels that a value which is there adds. */
function structShredder(columns: Columns, steps: number, above: Above, all: Leaf[]): Shredder {
  const fields = Object.entries(columns).map(([name, column]) => [name, shredderOf(name, column, above, all)] as const);
  return {
    put: (value, level, repetition) => {
      for (const [name, field] of fields) {
        field.put((value as Readonly<Record<string, unknown>>)[name], level + steps, repetition);
      }
    },
    skip: (level, repetition) => {
      for (const [, field] of fields) field.skip(level, repetition);
    },
  };
}

function append(leaf: Leaf, value: number | string | null, level: number, repetition: number): void {
  reserve(leaf, 1);
  const at = leaf.count++;
  leaf.numbers[at] = value === null ? NaN : typeof value === "string" ? placeOf(leaf, value) : value;
  leaf.definition[at] = level;
  if (leaf.isRepeated) leaf.repetition[at] = repetition;
}

/** Room for so many entries more. */
function reserve(leaf: Leaf, more: number): void {
  const wanted = leaf.count + more;
  if (wanted <= leaf.definition.length) return;
  const size = Math.max(1024, wanted, 2 * leaf.definition.length);
  const grown = <T extends Uint8Array | Float64Array>(made: T, old: T): T => {
    made.set(old);
    return made;
  };
  leaf.definition = grown(new Uint8Array(size), leaf.definition);
  if (leaf.isRepeated) leaf.repetition = grown(new Uint8Array(size), leaf.repetition);
  leaf.numbers = grown(new Float64Array(size), leaf.numbers);
}

function addPlain(leaf: Leaf, block: RowBlock, from: number, to: number): void {
  const [top = "", , , name = ""] = leaf.path;
  const rows = to - from;
  if (leaf.path.length === 1) {
    if (top === "index") addIndices(leaf, block.first + from, rows);
    else if (top === "verdict") addValue(leaf, placeOf(leaf, "holds"), leaf.most, rows);
    else if (top in block.numbers) addColumns(leaf, [block.numbers[top as keyof RowBlock["numbers"]]], from, to);
    else addValue(leaf, NaN, 0, rows);
  } else if (top !== "layers") addValue(leaf, NaN, 0, rows);
  else {
    const depth = block.layers.length;
    const start = leaf.count;
    const level = leaf.most;
    if (name === "verdict") addValue(leaf, placeOf(leaf, "holds"), level, rows * depth);
    else if (name === "reason") addValue(leaf, NaN, level - 1, rows * depth);
    else if (name === "layer")
      addColumns(
        leaf,
        Array.from({ length: depth }, (_, i) => i + 1),
        from,
        to,
      );
    else
      addColumns(
        leaf,
        block.layers.map((layer) => layer[name as keyof typeof layer]),
        from,
        to,
      );
    leaf.repetition.fill(1, start, leaf.count);
    for (let at = start; at < leaf.count; at += depth) leaf.repetition[at] = 0;
  }
}

function addIndices(leaf: Leaf, first: number, rows: number): void {
  reserve(leaf, rows);
  for (let i = 0; i < rows; i++) leaf.numbers[leaf.count + i] = first + i;
  leaf.definition.fill(leaf.most, leaf.count, (leaf.count += rows));
}

/** The same value so often; NaN is null. */
function addValue(leaf: Leaf, value: number, level: number, entries: number): void {
  reserve(leaf, entries);
  const end = leaf.count + entries;
  leaf.numbers.fill(value, leaf.count, end);
  leaf.definition.fill(level, leaf.count, end);
  if (leaf.isRepeated) leaf.repetition.fill(0, leaf.count, end);
  leaf.count = end;
}

function placeOf({ places }: Leaf, text: string): number {
  const known = places.get(text);
  if (known !== undefined) return known;
  places.set(text, places.size);
  return places.size - 1;
}

/** One column, or one of each layer, whose entries then come in turn. */
function addColumns(leaf: Leaf, columns: readonly (Float64Array | number | null)[], from: number, to: number): void {
  const depth = columns.length;
  const entries = depth * (to - from);
  reserve(leaf, entries);
  const { numbers, definition, most, count } = leaf;
  definition.fill(most, count, count + entries);
  columns.forEach((column, i) => {
    if (column === null || typeof column === "number") {
      const value = column ?? NaN;
      for (let at = count + i; at < count + entries; at += depth) numbers[at] = value;
    } else {
      for (let at = from, place = count + i; at < to; at++, place += depth) numbers[place] = column[at] as number;
    }
  });
  for (let at = count; at < count + entries; at++) if (Number.isNaN(numbers[at])) definition[at] = most - 1;
  leaf.count += entries;
}
