/** How a table begins: by which dialect it is written, as its first lines tell, and whether the first row is a header. */
import { FormatError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { cellsOf, findDialect, numberOf } from "./csv-dialect.ts";
import type { Dialect } from "./csv-dialect.ts";
import type { Row } from "./csv-rows.ts";
import { LONGEST_CELL, outOfPlace } from "./csv-rows.ts";

export interface HeadOptions {
  /** `--header`: whether the first row is one. Undefined: as its cells say, where they leave no doubt. */
  readonly header?: "yes" | "no" | undefined;
  /** Hears, in a line, what was taken for granted. */
  readonly note?: (line: string) => void;
}

/** A first row that may be a header or not. */
export class HeaderWantedError extends UsageError {}

/** Lines on which the dialect is decided. */
export const SAMPLE = 100;

export interface Head {
  readonly dialect: Dialect;
  /** Cells of the header, where there is one. */
  readonly header: readonly string[] | null;
  /** What stands before the first row of numbers: an Excel line, a header. */
  readonly skipped: number;
}

/** @param sample the first `SAMPLE` rows, or all. @throws FormatError, HeaderWantedError */
export function headOf(sample: readonly Row[], source: string, options: HeadOptions): Head {
  const { dialect, rest } = dialectOf(sample, source);
  const header = takeHeader(rest, dialect, source, options)?.cells ?? null;
  return { dialect, header, skipped: sample.length - rest.length + (header === null ? 0 : 1) };
}

function dialectOf(sample: readonly Row[], source: string): { dialect: Dialect; rest: readonly Row[] } {
  // Excel's own first line: sep=;
  const said = /^\s*sep=(.)\s*$/i.exec(sample[0]?.text ?? "")?.[1];
  const rest = said === undefined ? sample : sample.slice(1);
  const found = findDialect(
    rest.map(({ text }) => text.slice(0, LONGEST_CELL * 1000)),
    said ?? null,
  );
  if (typeof found === "string") throw new FormatError(`${source}: ${found}`);
  return { dialect: found, rest };
}

/** The first row, where it is a header. */
function takeHeader(
  rows: readonly Row[],
  dialect: Dialect,
  source: string,
  { header, note }: HeadOptions,
): { cells: readonly string[] } | null {
  const [row] = rows;
  if (row === undefined || header === "no") return null;
  const where = `${source}: line ${String(row.line)}`;
  // A header may lack the separator that every other line ends in.
  const cells = cellsOf(row.text, dialect) ?? cellsOf(row.text, { ...dialect, isTrailing: false });
  if (cells === null) throw outOfPlace(where, dialect);
  const said = (): { cells: readonly string[] } => {
    note?.(`${where} is taken as the header: ${printable(cells.map((cell) => cell.trim()).join(", "))}`);
    return { cells };
  };
  if (header === "yes") return said();
  const numbers = cells.map((cell) => numberOf(cell, dialect));
  if (numbers.every((value) => value !== null)) {
    if (cells.length >= 2 && numbers.every((value, i) => value === i)) {
      throw new HeaderWantedError(
        `${where}: found 0, 1, … ${String(cells.length - 1)}, which may be a row or a header as pandas writes it; expected --header yes or --header no`,
      );
    }
    return null;
  }
  const names = cells.map((cell) => cell.trim());
  const [first = "", ...others] = names;
  if (first === "" && others.length > 0 && others.every(isName)) {
    throw new HeaderWantedError(
      `${where}: found a header whose first name is empty: an index column, as pandas writes without index=False; expected columns of inputs alone (--header yes takes it as it is)`,
    );
  }
  if (names.every(isName) && numbers.every((value) => value === null)) return said();
  const odd = names.findIndex((name, i) => numbers[i] === null && !isName(name));
  const at = odd >= 0 ? odd : numbers.indexOf(null);
  const beside = numbers.some((value) => value !== null) ? " beside numbers" : "";
  const index = at === 0 && first === "" ? " (an index column, as pandas writes without index=False?)" : "";
  throw new FormatError(
    `${where}, column ${String(at + 1)}: found "${printable(names[at] ?? "")}"${beside}${index}, expected a number, or names alone in a header`,
  );
}

/** Whether a cell of the first row can be a column's name: not where a number begins, nor what stands for a missing one. */
function isName(cell: string): boolean {
  return !/^[+\-−–]?[.,]?\d/.test(cell) && !/^(|[-–.?]+|n\/?a|null|none|missing)$/i.test(cell);
}
