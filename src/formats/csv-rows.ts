/** Rows of a table: the lines that hold cells, and their numbers. */
import { FormatError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { cellsOf, numberOf } from "./csv-dialect.ts";
import type { Dialect } from "./csv-dialect.ts";

/** A line of the file that holds cells. */
export interface Row {
  readonly line: number;
  readonly text: string;
}

/** A cell longer than this is no number that anyone writes. */
export const LONGEST_CELL = 1000;

/** Lines that are neither empty nor a comment. @param before lines of the file before these. */
export function* contentRows(lines: Iterable<string>, before = 0): Generator<Row, void> {
  let line = before;
  for (const text of lines) {
    line++;
    const start = text.trimStart();
    if (start !== "" && !start.startsWith("#")) yield { line, text };
  }
}

export function outOfPlace(where: string, { isTrailing, example }: Dialect): FormatError {
  const found = isTrailing ? "a quote out of place, or no separator at the end" : "a quote out of place";
  return new FormatError(`${where}: found ${found}, expected ${example}`);
}

/** Takes the rows of one table apart. All have as many cells as its header, or its first row. */
export class RowReader {
  readonly #source: string;
  readonly #dialect: Dialect;
  readonly #header: readonly string[] | null;
  #columns: number | null;

  constructor(source: string, dialect: Dialect, header: readonly string[] | null) {
    this.#source = source;
    this.#dialect = dialect;
    this.#header = header;
    this.#columns = header?.length ?? null;
  }

  /** Cells a row; 0 before the first. */
  get columns(): number {
    return this.#columns ?? 0;
  }

  /** @throws FormatError naming the file, the line, what was found and what was expected */
  cells({ line, text }: Row): readonly string[] {
    const where = `${this.#source}: line ${String(line)}`;
    const cells = cellsOf(text, this.#dialect);
    if (cells === null) throw outOfPlace(where, this.#dialect);
    const columns = (this.#columns ??= cells.length);
    if (cells.length === columns) return cells;
    throw new FormatError(
      `${where}: found ${String(cells.length)} cells, expected ${String(columns)} as in the first line`,
    );
  }

  /** Writes the numbers of a row's cells from values[start] on. @throws FormatError naming the column too */
  numbers(cells: readonly string[], line: number, values: Float64Array, start: number): void {
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] as string;
      const value = cell.length > LONGEST_CELL ? null : numberOf(cell, this.#dialect);
      if (value === null || (Math.abs(value) === Infinity && /\d/.test(cell) && !cell.includes("#"))) {
        const name = this.#header?.[i];
        const column = `column ${String(i + 1)}${name === undefined ? "" : ` (${printable(name.trim())})`}`;
        const expected = value === null ? "a number" : "a number within the range of f64";
        throw new FormatError(
          `${this.#source}: line ${String(line)}, ${column}: found "${printable(cell.trim())}", expected ${expected}`,
        );
      }
      values[start + i] = value;
    }
  }
}
