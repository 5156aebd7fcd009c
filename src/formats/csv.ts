/**
 * CSV of numbers (RFC 4180): a row is a sample, cells separated by commas, quoted or not. A first row with a cell that is no number is
 * the header. Every other cell is a number as Python, R and C write it; an empty one is refused, since a missing value is no number.
 */
import { FormatError } from "../network/errors.ts";
import type { NumericArray } from "./npy.ts";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, infinity: Infinity };

/** Bytes decoded at once. */
const PIECE_BYTES = 1 << 20;

/** @throws FormatError naming the file, the line, the column, what was found and what was expected. */
export function readCsv(bytes: Uint8Array, source: string): NumericArray {
  let header: readonly string[] | null = null;
  let columns = 0;
  let rows = 0;
  let values = new Float64Array(1024);
  let number = 0;
  for (const line of lines(bytes)) {
    number++;
    if (line.trim() === "") continue;
    const cells = cellsOf(line, `${source}: line ${String(number)}`);
    if (columns === 0) {
      columns = cells.length;
      if (cells.some((cell) => numberOf(cell) === null)) {
        header = cells;
        continue;
      }
    }
    if (cells.length !== columns) {
      throw new FormatError(
        `${source}: line ${String(number)}: found ${String(cells.length)} cells, expected ${String(columns)} as in the first line`,
      );
    }
    if ((rows + 1) * columns > values.length) {
      const grown = new Float64Array(Math.max(2 * values.length, columns));
      grown.set(values);
      values = grown;
    }
    cells.forEach((cell, i) => {
      const value = numberOf(cell);
      if (value === null) {
        const name = header?.[i];
        throw new FormatError(
          `${source}: line ${String(number)}, column ${String(i + 1)}${name === undefined ? "" : ` (${name.slice(0, 40)})`}: found "${cell.slice(0, 40)}", expected a number`,
        );
      }
      values[rows * columns + i] = value;
    });
    rows++;
  }
  return { shape: [rows, columns], values: values.slice(0, rows * columns), type: "f64" };
}

/** Lines without their ends, decoded piece by piece: a file may be longer than the longest string. */
function* lines(bytes: Uint8Array): Generator<string> {
  // A byte order mark at the start is dropped by the decoder.
  const decoder = new TextDecoder();
  let rest = "";
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const text = rest + decoder.decode(bytes.subarray(at, at + PIECE_BYTES), { stream: true });
    const parts = text.split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) yield part.endsWith("\r") ? part.slice(0, -1) : part;
  }
  rest += decoder.decode();
  yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
}

function cellsOf(line: string, place: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  const cell = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;
  for (;;) {
    const found = cell.exec(line);
    if (found === null) throw new FormatError(`${place}: found a quote out of place, expected cells as 1,"2",3`);
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "") return cells;
  }
}

function numberOf(cell: string): number | null {
  const text = cell.trim();
  if (NUMBER.test(text)) return Number(text);
  const special = SPECIAL[text.replace(/^[+-]/, "").toLowerCase()];
  if (special === undefined) return null;
  return text.startsWith("-") ? -special : special;
}
