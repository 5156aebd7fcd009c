/**
 * Matrices of dyadic rationals with one shared exponent: value = entry·2^e. Vectors are matrices of one column.
 *
 * The product packs each row of its right factor into one long BigInt, entry j at bit j·slot, because one multiplication of a long
 * number costs far less than many of short ones; the slots are wide enough that no entry of the result reaches the next.
 */
import type { Dyadic } from "./dyadic.ts";
import { bitLength, dyadic, fromNumber, shift, trailingZeros } from "./dyadic.ts";

export interface ExactMatrix {
  readonly rows: number;
  readonly columns: number;
  /** The shared exponent: each value is its entry times 2^e. */
  readonly e: number;
  /** rows × columns, row-major. */
  readonly entries: readonly bigint[];
}

/** The matrix of these entries times 2^e, common factors of two moved into the exponent. */
export function matrix(rows: number, columns: number, entries: readonly bigint[], e: number): ExactMatrix {
  if (entries.length !== rows * columns) {
    throw new RangeError(`${String(entries.length)} entries for ${String(rows)} × ${String(columns)}`);
  }
  let union = 0n;
  for (const entry of entries) {
    union |= entry;
    if ((union & 1n) === 1n) return { rows, columns, e, entries };
  }
  if (union === 0n) return { rows, columns, e: 0, entries };
  const zeros = trailingZeros(union);
  const by = BigInt(zeros);
  return { rows, columns, e: e + zeros, entries: entries.map((entry) => entry >> by) };
}

/** A matrix of these values, row-major. */
export function fromDyadics(rows: number, columns: number, values: readonly Dyadic[]): ExactMatrix {
  let e = Infinity;
  for (const value of values) if (value.m !== 0n) e = Math.min(e, value.e);
  if (e === Infinity) e = 0;
  return matrix(
    rows,
    columns,
    values.map((value) => (value.m === 0n ? 0n : shift(value.m, value.e - e))),
    e,
  );
}

/**
 * Doubles, row-major, without rounding.
 * @throws RangeError if one is not finite.
 */
export function fromNumbers(rows: number, columns: number, values: ArrayLike<number>): ExactMatrix {
  return fromDyadics(rows, columns, Array.from(values, fromNumber));
}

export function identityMatrix(n: number): ExactMatrix {
  return matrix(
    n,
    n,
    Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1n : 0n)),
    0,
  );
}

/** Entry (i, j), counted from 0. */
export function at(a: ExactMatrix, i: number, j: number): Dyadic {
  return dyadic(a.entries[i * a.columns + j] as bigint, a.e);
}

/** The entries of a as values. */
export function values(a: ExactMatrix): Dyadic[] {
  return a.entries.map((entry) => dyadic(entry, a.e));
}

export function transpose(a: ExactMatrix): ExactMatrix {
  const entries: bigint[] = [];
  for (let j = 0; j < a.columns; j++) {
    for (let i = 0; i < a.rows; i++) entries.push(a.entries[i * a.columns + j] as bigint);
  }
  return { rows: a.columns, columns: a.rows, e: a.e, entries };
}

/** Rows from … to − 1 of a. */
export function rows(a: ExactMatrix, from: number, to: number): ExactMatrix {
  return matrix(to - from, a.columns, a.entries.slice(from * a.columns, to * a.columns), a.e);
}

/** a·b. */
export function product(a: ExactMatrix, b: ExactMatrix): ExactMatrix {
  if (a.columns !== b.rows) {
    throw new RangeError(`product of ${String(a.columns)} columns and ${String(b.rows)} rows`);
  }
  const slot = bitsOf(a) + bitsOf(b) + bitLength(BigInt(a.columns)) + 2;
  const packed: bigint[] = [];
  for (let k = 0; k < b.rows; k++) packed.push(pack(b.entries, k * b.columns, (k + 1) * b.columns, slot));
  // Half a slot added to each entry makes all of them positive while they are taken apart.
  const half = 1n << BigInt(slot - 1);
  const offset = pack(new Array<bigint>(b.columns).fill(half), 0, b.columns, slot);
  const entries: bigint[] = [];
  for (let i = 0; i < a.rows; i++) {
    let sum = offset;
    for (let k = 0; k < a.columns; k++) {
      const factor = a.entries[i * a.columns + k] as bigint;
      if (factor !== 0n) sum += factor * (packed[k] as bigint);
    }
    unpack(sum, b.columns, slot, half, entries);
  }
  return matrix(a.rows, b.columns, entries, a.e + b.e);
}

/** Σ entries[from + j]·2^(j·slot), by halves. */
function pack(entries: readonly bigint[], from: number, to: number, slot: number): bigint {
  if (to - from === 1) return entries[from] as bigint;
  const middle = from + ((to - from) >> 1);
  return pack(entries, from, middle, slot) + (pack(entries, middle, to, slot) << BigInt((middle - from) * slot));
}

/** Undoes {@link pack} for slots with `half` added, appending `count` entries to `into`. */
function unpack(sum: bigint, count: number, slot: number, half: bigint, into: bigint[]): void {
  if (count === 1) {
    into.push(sum - half);
    return;
  }
  const lower = count >> 1;
  const bits = lower * slot;
  unpack(BigInt.asUintN(bits, sum), lower, slot, half, into);
  unpack(sum >> BigInt(bits), count - lower, slot, half, into);
}

/** a + b. */
export function add(a: ExactMatrix, b: ExactMatrix): ExactMatrix {
  return combine(a, b, (x, y) => x + y);
}

/** a − b. */
export function subtract(a: ExactMatrix, b: ExactMatrix): ExactMatrix {
  return combine(a, b, (x, y) => x - y);
}

function combine(a: ExactMatrix, b: ExactMatrix, operation: (x: bigint, y: bigint) => bigint): ExactMatrix {
  if (a.rows !== b.rows || a.columns !== b.columns) {
    throw new RangeError(
      `${String(a.rows)} × ${String(a.columns)} beside ${String(b.rows)} × ${String(b.columns)}, expected equal shapes`,
    );
  }
  const e = Math.min(a.e, b.e);
  const [byA, byB] = [BigInt(a.e - e), BigInt(b.e - e)];
  const entries = a.entries.map((x, i) => operation(x << byA, (b.entries[i] as bigint) << byB));
  return matrix(a.rows, a.columns, entries, e);
}

/** diag(d)·a, for a column d of a's height: each row of a times its entry of d. */
export function scaleRows(d: ExactMatrix, a: ExactMatrix): ExactMatrix {
  if (d.columns !== 1 || d.rows !== a.rows) throw new RangeError("expected one factor for each row");
  const entries = a.entries.map((x, i) => x * (d.entries[Math.floor(i / a.columns)] as bigint));
  return matrix(a.rows, a.columns, entries, a.e + d.e);
}

/** a times a number. */
export function scale(factor: Dyadic, a: ExactMatrix): ExactMatrix {
  const entries = a.entries.map((x) => x * factor.m);
  return matrix(a.rows, a.columns, entries, a.e + factor.e);
}

/** Σ entry²: ‖a‖_F², and ‖a‖² of a vector. */
export function sumOfSquares(a: ExactMatrix): Dyadic {
  let sum = 0n;
  for (const x of a.entries) sum += x * x;
  return dyadic(sum, 2 * a.e);
}

/** The largest |entry|; 0 of a matrix of zeros. */
export function largestMagnitude(a: ExactMatrix): Dyadic {
  return dyadic(largestEntry(a), a.e);
}

export function isZeroMatrix(a: ExactMatrix): boolean {
  return a.entries.every((x) => x === 0n);
}

/** Bits of the largest |entry|, the exponent left out. */
export function bitsOf(a: ExactMatrix): number {
  return bitLength(largestEntry(a));
}

function largestEntry(a: ExactMatrix): bigint {
  let largest = 0n;
  for (const x of a.entries) {
    if (x > largest) largest = x;
    else if (-x > largest) largest = -x;
  }
  return largest;
}

/** The vector's sum of products with another of its length. */
export function dot(a: ExactMatrix, b: ExactMatrix): Dyadic {
  if (a.entries.length !== b.entries.length) throw new RangeError("dot product of unequal lengths");
  let sum = 0n;
  a.entries.forEach((x, i) => (sum += x * (b.entries[i] as bigint)));
  return dyadic(sum, a.e + b.e);
}
