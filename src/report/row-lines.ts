/**
 * The rows of a block → JSON Lines, the same text as `rowLine` gives each: those that are all numbers are written by WebAssembly (assembly/rows.ts) from the
 * columns, a fourth of the time of JSON.stringify; all others, and all where WebAssembly is not to be had, as objects.
 */
import type { RowBlock } from "../records/row-block.ts";
import { ROWS_WASM } from "./rows-wasm.ts";
import { rowLine } from "./rows.ts";

interface Machine {
  readonly memory: WebAssembly.Memory;
  /** Where the row that was written ends, 0 where it has a number that is subnormal or not finite. */
  readonly row: (program: number, fields: number, sample: number, out: number) => number;
  readonly number: (value: number, out: number) => number;
}

/** Places in the machine's memory: powers of ten, pairs of digits and room for digits before (assembly/rows.ts). */
const FIRST_POWER = -292;
const LAST_POWER = 324;
const PAIRS = 16 * (LAST_POWER - FIRST_POWER + 1);
const FREE = PAIRS + 512;
/** Characters of a number at most, and what a piece may be written beyond its end. */
const LONGEST = 32;
const PIECE_BYTES = 1 << 16;

let known: Machine | null | undefined;

function machine(): Machine | null {
  if (known === undefined) known = openMachine();
  return known;
}

function openMachine(): Machine | null {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(atob(ROWS_WASM), (c) => c.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const powers = new BigUint64Array(memory.buffer, 0, 2 * (LAST_POWER - FIRST_POWER + 1));
    for (let k = FIRST_POWER; k <= LAST_POWER; k++) {
      const power = powerOfTen(k);
      powers[2 * (k - FIRST_POWER)] = power & (2n ** 64n - 1n);
      powers[2 * (k - FIRST_POWER) + 1] = power >> 64n;
    }
    const pairs = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, "0")).join("");
    new TextEncoder().encodeInto(pairs, new Uint8Array(memory.buffer, PAIRS));
    return { memory, row: exports.row as Machine["row"], number: exports.number as Machine["number"] };
  } catch {
    return null;
  }
}

/** 10^k · 2^m, rounded up, where m makes it 128 bits long. */
function powerOfTen(k: number): bigint {
  const whole = 10n ** BigInt(Math.abs(k));
  const bits = BigInt(whole.toString(2).length);
  if (k < 0) {
    // 2^(bits − 1) < 10^|k| < 2^bits.
    return 2n ** (127n + bits) / whole + 1n;
  }
  return bits <= 128n ? whole << (128n - bits) : (whole >> (bits - 128n)) + 1n;
}

/** A number as JSON has it. @returns null where it is left to others. For tests. */
export function decimal(value: number): string | null {
  const own = machine();
  const end = own?.number(value, FREE) ?? 0;
  return own === null || end === 0
    ? null
    : new TextDecoder().decode(new Uint8Array(own.memory.buffer, FREE, end - FREE));
}

/** @param write gets the text in order. */
export function writeLines(rows: RowBlock, write: (piece: string | Uint8Array) => void): void {
  const own = machine();
  const first = rows.plain.indexOf(1);
  const program = own === null || first < 0 ? null : load(own, rows, fieldsOf(rows, first));
  let end = program?.out ?? 0;
  const hand = (): void => {
    if (own === null || program === null || end === program.out) return;
    write(new Uint8Array(own.memory.buffer, program.out, end - program.out).slice());
    end = program.out;
  };
  for (let at = 0; at < rows.samples; at++) {
    const next =
      own === null || program === null || rows.plain[at] === 0 ? 0 : own.row(program.at, program.fields, at, end);
    if (next > 0) end = next;
    else {
      hand();
      write(rowLine(rows.row(at)));
    }
    if (program !== null && end - program.out > PIECE_BYTES) hand();
  }
  hand();
}

/** A piece of text, and the column of the number after it. */
interface Field {
  readonly text: string;
  readonly column: Float64Array | null;
  /** NaN is written as null. */
  readonly isNullable: boolean;
}

/** What plain rows of a block are made of, in the order of one of them. */
function fieldsOf(rows: RowBlock, at: number): Field[] {
  const fields: Field[] = [];
  let text = "";
  const put = (column: Float64Array, isNullable: boolean): void => {
    fields.push({ text, column, isNullable });
    text = "";
  };
  const { layers, ...rest } = rows.row(at);
  const object = (entries: object, columns: Readonly<Record<string, Float64Array | number | null>>): void => {
    let separator = "{";
    for (const [key, value] of Object.entries(entries)) {
      text += `${separator}${JSON.stringify(key)}:`;
      separator = ",";
      const column = columns[key];
      if (column instanceof Float64Array) put(column, key === "jacobianNormError");
      else text += JSON.stringify(value);
    }
  };
  const index = Float64Array.from({ length: rows.samples }, (_, i) => rows.first + i);
  object(rest, { ...rows.numbers, index });
  text += `,"layers":`;
  layers.forEach((layer, i) => {
    text += i === 0 ? "[" : ",";
    object(layer, rows.layers[i] as RowBlock["layers"][number]);
    text += "}";
  });
  text += "]}\n";
  fields.push({ text, column: null, isNullable: false });
  return fields;
}

/** Puts program, texts and columns into the machine's memory; `out`: where there is room for rows. */
function load(
  { memory }: Machine,
  rows: RowBlock,
  fields: readonly Field[],
): { readonly at: number; readonly fields: number; readonly out: number } {
  const encoder = new TextEncoder();
  const texts = fields.map(({ text }) => encoder.encode(text));
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  const columns = FREE + 16 * fields.length;
  const texting = columns + 8 * rows.samples * fields.length;
  const out = texting + length + LONGEST;
  const needed = out + PIECE_BYTES + length + LONGEST * (fields.length + 1);
  const missing = needed - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const words = new Uint32Array(memory.buffer, FREE, 4 * fields.length);
  const bytes = new Uint8Array(memory.buffer);
  let [text, place] = [texting, columns];
  fields.forEach(({ column, isNullable }, i) => {
    const own = texts[i] as Uint8Array;
    bytes.set(own, text);
    words.set([text, own.length, column === null ? 0 : place, isNullable ? 1 : 0], 4 * i);
    text += own.length;
    if (column === null) return;
    new Float64Array(memory.buffer, place, rows.samples).set(column.subarray(0, rows.samples));
    place += 8 * rows.samples;
  });
  return { at: FREE, fields: fields.length, out };
}
