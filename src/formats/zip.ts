/** ZIP archives (APPNOTE 4.3.7, 4.3.12, 4.3.14 to 4.3.16), read by their central directory, ZIP64 included; stored or deflated. */
import { FormatError } from "../network/errors.ts";
import { inflate } from "./inflate.ts";

const END_OF_DIRECTORY = 0x06054b50;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_END = 0x06064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const ZIP64_EXTRA = 1;

export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked, as the directory says. */
  readonly size: number;
  /** The bytes; a view into the archive where they are stored. @throws FormatError */
  readonly read: () => Promise<Uint8Array>;
}

export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** Entries by name, in the directory's order. @throws FormatError */
export function readZip(bytes: Uint8Array, source: string): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (what: string): FormatError =>
    new FormatError(`${source}: found ${what}, expected a whole ZIP archive`);
  const directory = findDirectory(view, damaged);
  const entries = new Map<string, ZipEntry>();
  let at = directory.offset;
  for (let i = 0; i < directory.entries; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw damaged("a damaged directory");
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw damaged("a damaged directory");
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const wide = wideSizes(view, at + 46 + nameLength, extraLength);
    const size = field(view.getUint32(at + 24, true), wide);
    const packed = field(view.getUint32(at + 20, true), wide);
    const local = field(view.getUint32(at + 42, true), wide);
    at = next;
    const read = async (): Promise<Uint8Array> => {
      if (local + 30 > bytes.length || view.getUint32(local, true) !== LOCAL_ENTRY)
        throw damaged(`no entry of ${name}`);
      const data = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      if (data + packed > bytes.length) throw damaged(`${name} cut short`);
      const raw = bytes.subarray(data, data + packed);
      if (method === 0) return raw;
      if (method !== 8) throw damaged(`${name} packed by method ${String(method)}`);
      return inflate(raw, "deflate-raw", size, `${source}: ${name}`);
    };
    entries.set(name, { name, size, read });
  }
  return entries;
}

function findDirectory(view: DataView, damaged: (what: string) => FormatError): { entries: number; offset: number } {
  let end = view.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw damaged("no end of a directory");
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== ZIP64_LOCATOR) {
    return { entries: view.getUint16(end + 10, true), offset: view.getUint32(end + 16, true) };
  }
  const wide = Number(view.getBigUint64(locator + 8, true));
  if (wide + 56 > view.byteLength || view.getUint32(wide, true) !== ZIP64_END) throw damaged("a damaged ZIP64 end");
  return {
    entries: Number(view.getBigUint64(wide + 32, true)),
    offset: Number(view.getBigUint64(wide + 48, true)),
  };
}

/** The 64-bit values of a ZIP64 extra field, in their order: unpacked size, packed size, offset, each where its 32-bit field is full. */
function wideSizes(view: DataView, start: number, length: number): number[] {
  for (let at = start; at + 4 <= start + length;) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64_EXTRA) {
      const count = Math.min(size, start + length - at - 4) >> 3;
      return Array.from({ length: count }, (_, i) => Number(view.getBigUint64(at + 4 + 8 * i, true)));
    }
    at += 4 + size;
  }
  return [];
}

function field(narrow: number, wide: number[]): number {
  return narrow === 0xffffffff ? (wide.shift() ?? narrow) : narrow;
}
