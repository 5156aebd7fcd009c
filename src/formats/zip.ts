/**
 * ZIP archives, stored or deflated (APPNOTE 4.3.7, 4.3.12, 4.3.14–4.3.16, 4.5.3), read by their central directory: .npz, and PyTorch's files.
 * The files are known by name at once; one is unpacked when it is asked for.
 */
import { FormatError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { readContext } from "./budget.ts";
import type { ReadContext } from "./budget.ts";
import { crc32OfBlocks } from "./crc32.ts";
import { inflate } from "./inflate.ts";

/** One file of the archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly unpacked: number;
  /** Where its own header begins. */
  readonly at: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const EXTRA_64 = 1;

/** How other programs pack what NumPy does not. */
const METHODS = new Map([
  [9, "Deflate64"],
  [12, "bzip2"],
  [14, "LZMA"],
  [93, "Zstandard"],
  [95, "xz"],
]);

export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** The file's bytes; a view into the archive where they are stored. @throws FormatError where they are damaged or packed otherwise; BudgetError */
export async function readEntry(
  bytes: Uint8Array,
  entry: ZipEntry,
  where: string,
  given: ReadContext = {},
): Promise<Uint8Array> {
  const context = readContext(given);
  const view = viewOf(bytes);
  const { method, isEncrypted, packed, unpacked, at, crc } = entry;
  if (isEncrypted) throw new FormatError(`${where}: found it encrypted, expected it plain`);
  if (method !== 0 && method !== 8) {
    throw new FormatError(
      `${where}: found it packed by ${METHODS.get(method) ?? `method ${String(method)}`}, expected stored or deflate, as numpy.savez and torch.save write`,
    );
  }
  if (at + 30 > bytes.length || view.getUint32(at, true) !== LOCAL_ENTRY) throw damaged(where, "no entry");
  const data = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (data + packed > bytes.length) throw damaged(where, "an entry cut short");
  const raw = bytes.subarray(data, data + packed);
  const content = method === 0 ? raw : await inflate(raw, unpacked, where, context);
  if (content.length !== unpacked || (await crc32OfBlocks(content, context.pause)) !== crc)
    throw damaged(where, "bytes that are not those of its CRC-32");
  return content;
}

/** Every file of the archive, in its order. @throws FormatError where the directory is damaged, or two files share bytes. */
export function readDirectory(bytes: Uint8Array, source: string): readonly ZipEntry[] {
  const view = viewOf(bytes);
  const end = findEnd(bytes, view);
  if (end === null) throw damaged(source, "no end of a ZIP directory");
  let { at, count } = readEnd(view, end, bytes.length);
  const { at: start, size } = readEnd(view, end, bytes.length);
  const entries: ZipEntry[] = [];
  for (; count > 0; count--) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
      throw damaged(source, "a damaged ZIP directory");
    }
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const [unpacked, packed, local] = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
    const large = largeSizes(view, at + 46 + nameLength, extraLength, bytes.length, [
      unpacked,
      packed,
      local,
    ] as number[]);
    if (large === null) throw damaged(source, "a damaged ZIP directory");
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
      crc: view.getUint32(at + 16, true),
      unpacked: large[0] as number,
      packed: large[1] as number,
      at: large[2] as number,
    });
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  // A count that was changed would hide files.
  if (at !== start + size) throw damaged(source, "a ZIP directory of another length than its end says");
  refuseOverlap(entries, source);
  for (const entry of entries) checkName(bytes, view, entry, source);
  return entries;
}

/** A name has no checksum but its second place: one that is changed hides a file, or gives one's numbers for another's. */
function checkName(bytes: Uint8Array, view: DataView, { at, name }: ZipEntry, source: string): void {
  const start = at + 30;
  if (start > bytes.length || view.getUint32(at, true) !== LOCAL_ENTRY) {
    throw damaged(source, `no file ${printable(name)} where the directory has it`);
  }
  if (new TextDecoder().decode(bytes.subarray(start, start + view.getUint16(at + 26, true))) !== name) {
    throw damaged(source, `another name than ${printable(name)} at the file itself`);
  }
}

/** Files that share their bytes unpack to much more than the archive: what nobody's program writes. */
function refuseOverlap(entries: readonly ZipEntry[], source: string): void {
  const inOrder = [...entries].sort((a, b) => a.at - b.at);
  for (const [i, { at, name }] of inOrder.entries()) {
    const before = inOrder[i - 1];
    if (before !== undefined && before.at + 30 + before.packed > at) {
      throw damaged(source, `${printable(name)} in the bytes of ${printable(before.name)}`);
    }
  }
}

/** The end record: it is followed by a comment of the length that it gives. */
function findEnd(bytes: Uint8Array, view: DataView): number | null {
  const least = Math.max(0, bytes.length - 22 - 0xffff);
  for (let at = bytes.length - 22; at >= least; at--) {
    if (view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === bytes.length) return at;
  }
  return null;
}

/** Where the directory begins, how many entries it has and how many bytes they take; in the record of 64 bits where there is one. */
function readEnd(view: DataView, end: number, length: number): { at: number; count: number; size: number } {
  const at = view.getUint32(end + 16, true);
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  if (end < 20 || view.getUint32(end - 20, true) !== END_64_LOCATOR) return { at, count, size };
  const end64 = Number(view.getBigUint64(end - 12, true));
  if (!(end64 + 56 <= length) || view.getUint32(end64, true) !== END_64) return { at, count, size };
  const [count64, size64, at64] = [32, 40, 48].map((offset) => Number(view.getBigUint64(end64 + offset, true)));
  return { at: at64 as number, count: count64 as number, size: size64 as number };
}

/** Sizes and offset of an entry: those that are all ones stand in its extra field of 64 bits, in this order. Null where they do not. */
function largeSizes(view: DataView, start: number, length: number, end: number, sizes: number[]): number[] | null {
  if (sizes.every((size) => size !== 0xffffffff)) return sizes;
  for (let at = start; at + 4 <= Math.min(start + length, end);) {
    const [id, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (id === EXTRA_64) {
      let field = at + 4;
      const result: number[] = [];
      for (const value of sizes) {
        if (value !== 0xffffffff) {
          result.push(value);
          continue;
        }
        if (field + 8 > Math.min(at + 4 + size, end)) return null;
        result.push(Number(view.getBigUint64(field, true)));
        field += 8;
      }
      return result;
    }
    at += 4 + size;
  }
  return sizes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(source: string, what: string): FormatError {
  return new FormatError(`${source}: found ${what}, expected a whole ZIP archive`);
}
