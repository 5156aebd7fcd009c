/**
 * A table that is too large to be held: every line is looked at once, from start to end, and its rows are read again when they are asked
 * for, so that memory does not grow with the file. What is kept is where blocks of whole lines begin.
 */
import { FormatError } from "../network/errors.ts";
import { headOf, SAMPLE } from "./csv-head.ts";
import type { HeadOptions } from "./csv-head.ts";
import { contentRows, RowReader } from "./csv-rows.ts";
import type { Row } from "./csv-rows.ts";
import { decodedLines, encodingOf, LONGEST_LINE } from "./text-lines.ts";

/** Bytes a block, about. */
const BLOCK_BYTES = 1 << 20;

const [LF, CR] = [0x0a, 0x0d];

/** Whole lines of the file. */
interface Block {
  readonly offset: number;
  readonly bytes: number;
  /** Lines and rows of numbers before it. */
  readonly line: number;
  readonly row: number;
}

type BytesAt = (offset: number, count: number) => Uint8Array;

export interface TableBlocks {
  /** The file's bytes, piece by piece in order. @throws FormatError, as readCsv */
  readonly add: (piece: Uint8Array) => Promise<void>;
  /** After all of it. @param bytesAt reads the file once more. */
  readonly finish: (bytesAt: BytesAt) => Promise<TableRows>;
}

export interface TableRows {
  readonly shape: readonly [rows: number, columns: number];
  /** Numbers first … first + count − 1, row by row. */
  readonly decode: (first: number, count: number) => Float64Array;
}

/**
 * @param head the file's first bytes. @returns null where they do not show how the table is written: it is in UTF-16, or its lines are too
 * long.
 * @throws FormatError, HeaderWantedError
 */
export function tableBlocks(
  head: Uint8Array,
  source: string,
  options: HeadOptions & { readonly pause: () => Promise<void> },
): TableBlocks | null {
  if (encodingOf(head, source) !== "utf-8") return null;
  const sample = firstRows(head.subarray(0, endOfLines(head)));
  if (sample.length < SAMPLE) return null;
  const found = headOf(sample, source, options);
  const reader = new RowReader(source, found.dialect, found.header);
  const beginning = (sample[found.skipped] as Row).line;

  const blocks: Block[] = [];
  let [offset, line, row] = [0, 0, 0];
  let rest: Uint8Array = new Uint8Array(0);
  /** Numbers of a block's rows, as the file's lines from `from` on. */
  const numbersOf = (bytes: Uint8Array, from: number): { values: Float64Array; rows: number; lines: number } => {
    const lines = decodedLines(bytes, from === 0);
    // What stands behind the last line's end is no line.
    if (isEnd(bytes.at(-1))) lines.pop();
    let values = new Float64Array(0);
    let rows = 0;
    for (const own of contentRows(lines, from)) {
      if (own.line < beginning) continue;
      const cells = reader.cells(own);
      if (rows === 0) values = new Float64Array(cells.length * lines.length);
      reader.numbers(cells, own.line, values, cells.length * rows++);
    }
    return { values: values.subarray(0, rows * reader.columns), rows, lines: lines.length };
  };
  const take = async (bytes: Uint8Array): Promise<void> => {
    const { rows, lines } = numbersOf(bytes, line);
    blocks.push({ offset, bytes: bytes.length, line, row });
    offset += bytes.length;
    line += lines;
    row += rows;
    await options.pause();
  };
  let decoded: { readonly block: Block; readonly values: Float64Array } | null = null;
  const valuesOf = (block: Block, bytesAt: BytesAt): Float64Array => {
    if (decoded?.block !== block) {
      decoded = { block, values: numbersOf(bytesAt(block.offset, block.bytes), block.line).values };
    }
    return decoded.values;
  };
  return {
    async add(piece) {
      for (let from = 0; from < piece.length; from += BLOCK_BYTES) {
        const bytes = joined(rest, piece.subarray(from, from + BLOCK_BYTES));
        const end = endOfLines(bytes);
        rest = bytes.slice(end);
        if (rest.length > LONGEST_LINE) {
          throw new FormatError(
            `${source}: found a line of more than ${String(LONGEST_LINE)} characters, expected rows`,
          );
        }
        if (end > 0) await take(bytes.subarray(0, end));
      }
    },
    async finish(bytesAt) {
      if (rest.length > 0) await take(rest);
      const { columns } = reader;
      return {
        shape: [row, columns],
        decode(first, count) {
          const values = new Float64Array(count);
          for (let done = 0; done < count;) {
            const block = blockOf(blocks, (first + done) / columns);
            const own = valuesOf(block, bytesAt);
            const start = first + done - block.row * columns;
            const part = own.subarray(start, start + count - done);
            values.set(part, done);
            done += part.length;
          }
          return values;
        },
      };
    },
  };
}

/** The block that holds a row: the last that begins at or before it, where blocks without a row are left out. */
function blockOf(blocks: readonly Block[], row: number): Block {
  let [low, high] = [0, blocks.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((blocks[middle] as Block).row <= row) low = middle;
    else high = middle;
  }
  return blocks[low] as Block;
}

function firstRows(bytes: Uint8Array): Row[] {
  const sample: Row[] = [];
  for (const row of contentRows(decodedLines(bytes, true))) {
    sample.push(row);
    if (sample.length >= SAMPLE) break;
  }
  return sample;
}

function isEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

/** Where the last whole line ends: behind its LF, or a CR that is not half of CR LF. */
function endOfLines(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(LF);
  return end >= 0 ? end + 1 : bytes.subarray(0, -1).lastIndexOf(CR) + 1;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
