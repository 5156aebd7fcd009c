/** Bytes taken one after another, each held against the end of the file before it is believed. */
import { FormatError } from "../../network/errors.ts";

/** Whole numbers of a pickle are not longer: torch's magic number has ten bytes. */
const LONGEST_NUMBER = 1024;

export class ByteReader {
  readonly #view: DataView;

  constructor(
    readonly all: Uint8Array,
    public at: number,
    readonly source: string,
  ) {
    this.#view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  }

  /** The next `count` bytes, as a view. @throws FormatError where the file ends before. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.all.subarray(at, at + count);
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Beyond 2⁵³ rounded, which is past the end of any file. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  float64BigEndian(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** Two's complement, little-endian. */
  long(count: number): number | bigint {
    if (count > LONGEST_NUMBER) throw this.#cut(`a whole number of ${String(count)} bytes`);
    let value = 0n;
    const bytes = this.bytes(count);
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    value = BigInt.asIntN(8 * count, value);
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** Up to the next line feed, which is taken too. */
  line(): string {
    const end = this.all.indexOf(10, this.at);
    if (end < 0) throw this.#cut("no end of a line");
    const text = new TextDecoder().decode(this.all.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }

  #take(count: number): number {
    const at = this.at;
    if (!(count <= this.all.length - at)) throw this.#cut(`its end where ${String(count)} more bytes should be`);
    this.at = at + count;
    return at;
  }

  #cut(what: string): FormatError {
    return new FormatError(`${this.source}: found ${what} in its pickle, expected a whole file`);
  }
}
