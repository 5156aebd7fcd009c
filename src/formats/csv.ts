/**
 * Tables of numbers as text: a row is a sample. Separators are commas (RFC 4180, cells quoted or not), semicolons, bars, tabs or spaces; lines end
 * in LF, CR LF or CR; UTF-8, or UTF-16 with a byte order mark; lines that begin with "#" are skipped. How a file is written is decided on
 * its first lines (csv-head.ts) and held against all others: a cell that is no number there is an error, never a guess.
 */
import { heldArray } from "./array.ts";
import type { NumericArray } from "./array.ts";
import { readContext } from "./budget.ts";
import type { Budget, ReadContext } from "./budget.ts";
import { headOf, SAMPLE } from "./csv-head.ts";
import type { HeadOptions } from "./csv-head.ts";
import { contentRows, RowReader } from "./csv-rows.ts";
import type { Row } from "./csv-rows.ts";
import { textLines } from "./text-lines.ts";

export interface CsvOptions extends HeadOptions, ReadContext {}

/** Rows between two pauses. */
const ROWS_A_PAUSE = 256;

/** @throws FormatError naming the file, the line, the column, what was found and what was expected; BudgetError */
export async function readCsv(bytes: Uint8Array, source: string, options: CsvOptions = {}): Promise<NumericArray> {
  const { budget, pause } = readContext(options);
  const rows = contentRows(textLines(bytes, source));
  const sample: Row[] = [];
  for (let next = rows.next(); next.done !== true; next = rows.next()) {
    sample.push(next.value);
    if (sample.length >= SAMPLE) break;
  }
  const { dialect, header, skipped } = headOf(sample, source, options);
  const table = new Table(source, new RowReader(source, dialect, header), budget);
  for (const row of sample.slice(skipped)) table.add(row);
  let row = 0;
  for (const next of rows) {
    table.add(next);
    if (++row % ROWS_A_PAUSE === 0) await pause();
  }
  return table.finish();
}

/** Rows of numbers, as they come. */
class Table {
  readonly #source: string;
  readonly #reader: RowReader;
  readonly #budget: Budget;
  #rows = 0;
  #values = new Float64Array(1024);

  constructor(source: string, reader: RowReader, budget: Budget) {
    this.#source = source;
    this.#reader = reader;
    this.#budget = budget;
  }

  add(row: Row): void {
    const cells = this.#reader.cells(row);
    const start = this.#rows * cells.length;
    if (start + cells.length > this.#values.length) {
      const length = Math.max(2 * this.#values.length, start + cells.length);
      this.#budget.claim(8 * length, this.#source);
      const grown = new Float64Array(length);
      grown.set(this.#values);
      this.#budget.release(8 * this.#values.length);
      this.#values = grown;
    }
    this.#reader.numbers(cells, row.line, this.#values, start);
    this.#rows++;
  }

  finish(): NumericArray {
    const { columns } = this.#reader;
    return heldArray([this.#rows, columns], "f64", this.#values.subarray(0, this.#rows * columns));
  }
}
