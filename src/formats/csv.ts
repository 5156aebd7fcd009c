/**
 * Tables of numbers as text: a row is a sample. Separators are commas (RFC 4180, cells quoted or not), semicolons, bars, tabs or spaces; lines end
 * in LF, CR LF or CR; UTF-8, or UTF-16 with a byte order mark; lines that begin with "#" are skipped. How a file is written is decided on
 * its first lines (csv-dialect.ts) and held against all others: a cell that is no number there is an error, never a guess.
 */
import { FormatError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { heldArray } from "./array.ts";
import type { NumericArray } from "./array.ts";
import { readContext } from "./budget.ts";
import type { Budget, ReadContext } from "./budget.ts";
import { cellsOf, findDialect, numberOf } from "./csv-dialect.ts";
import type { Dialect } from "./csv-dialect.ts";
import { textLines } from "./text-lines.ts";

export interface CsvOptions extends ReadContext {
  /** `--header`: whether the first row is one. Undefined: as its cells say, where they leave no doubt. */
  readonly header?: "yes" | "no" | undefined;
  /** Hears, in a line, what was taken for granted. */
  readonly note?: (line: string) => void;
}

/** A first row that may be a header or not. */
export class HeaderWantedError extends UsageError {}

/** A line of the file that holds cells. */
interface Row {
  readonly line: number;
  readonly text: string;
}

/** Lines on which the dialect is decided. */
const SAMPLE = 100;

/** A cell longer than this is no number that anyone writes. */
const LONGEST_CELL = 1000;

/** Rows between two pauses. */
const ROWS_A_PAUSE = 256;

/** @throws FormatError naming the file, the line, the column, what was found and what was expected; BudgetError */
export async function readCsv(bytes: Uint8Array, source: string, options: CsvOptions = {}): Promise<NumericArray> {
  const { budget, pause } = readContext(options);
  const rows = contentRows(bytes, source);
  const sample: Row[] = [];
  for (let next = rows.next(); next.done !== true; next = rows.next()) {
    sample.push(next.value);
    if (sample.length >= SAMPLE) break;
  }
  const { dialect, rest } = dialectOf(sample, source);
  const header = takeHeader(rest, dialect, source, options);
  const table = new Table(source, dialect, header?.cells ?? null, budget);
  for (const row of header === null ? rest : rest.slice(1)) table.add(row);
  let row = 0;
  for (const next of rows) {
    table.add(next);
    if (++row % ROWS_A_PAUSE === 0) await pause();
  }
  return table.finish();
}

/** Lines that are neither empty nor a comment. */
function* contentRows(bytes: Uint8Array, source: string): Generator<Row, void> {
  let line = 0;
  for (const text of textLines(bytes, source)) {
    line++;
    const start = text.trimStart();
    if (start !== "" && !start.startsWith("#")) yield { line, text };
  }
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
  { header, note }: CsvOptions,
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

function outOfPlace(where: string, { isTrailing, example }: Dialect): FormatError {
  const found = isTrailing ? "a quote out of place, or no separator at the end" : "a quote out of place";
  return new FormatError(`${where}: found ${found}, expected ${example}`);
}

/** Rows of numbers, as they come. */
class Table {
  readonly #source: string;
  readonly #dialect: Dialect;
  readonly #header: readonly string[] | null;
  readonly #budget: Budget;
  #columns: number | null;
  #rows = 0;
  #values = new Float64Array(1024);

  constructor(source: string, dialect: Dialect, header: readonly string[] | null, budget: Budget) {
    this.#budget = budget;
    this.#source = source;
    this.#dialect = dialect;
    this.#header = header;
    this.#columns = header?.length ?? null;
  }

  add({ line, text }: Row): void {
    const where = `${this.#source}: line ${String(line)}`;
    const cells = cellsOf(text, this.#dialect);
    if (cells === null) {
      throw outOfPlace(where, this.#dialect);
    }
    const columns = (this.#columns ??= cells.length);
    if (cells.length !== columns) {
      throw new FormatError(
        `${where}: found ${String(cells.length)} cells, expected ${String(columns)} as in the first line`,
      );
    }
    const start = this.#rows * columns;
    if (start + columns > this.#values.length) {
      const length = Math.max(2 * this.#values.length, start + columns);
      this.#budget.claim(8 * length, this.#source);
      const grown = new Float64Array(length);
      grown.set(this.#values);
      this.#budget.release(8 * this.#values.length);
      this.#values = grown;
    }
    for (let i = 0; i < columns; i++) {
      const cell = cells[i] as string;
      const value = cell.length > LONGEST_CELL ? null : numberOf(cell, this.#dialect);
      if (value === null || (Math.abs(value) === Infinity && /\d/.test(cell) && !cell.includes("#"))) {
        const name = this.#header?.[i];
        const column = `column ${String(i + 1)}${name === undefined ? "" : ` (${printable(name.trim())})`}`;
        const expected = value === null ? "a number" : "a number within the range of f64";
        throw new FormatError(`${where}, ${column}: found "${printable(cell.trim())}", expected ${expected}`);
      }
      this.#values[start + i] = value;
    }
    this.#rows++;
  }

  finish(): NumericArray {
    const columns = this.#columns ?? 0;
    return heldArray([this.#rows, columns], "f64", this.#values.subarray(0, this.#rows * columns));
  }
}
