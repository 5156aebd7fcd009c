/**
 * Data files that are not held: the rows of a large .npy, IDX, safetensors or text file are read when they are asked for, so that memory does not
 * grow with the file. Its digest is taken once, at the beginning; a file that changes after that is refused.
 */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { TableBlocks } from "../formats/csv-blocks.ts";
import type { DataOptions, RowSource } from "../formats/read.ts";
import { openLargeRows, openLargeTable, rowsOf } from "../formats/read.ts";
import { FormatError } from "../network/errors.ts";
import type { Reading } from "./files.ts";
import { filePieces, PIECE_BYTES } from "./files.ts";
import { reason } from "./reason.ts";

/** @returns null where the file is small, no plain file, or has to be read whole. @throws FormatError, UsageError */
export async function openLarge(
  file: string,
  options: DataOptions,
  { pause, signal }: Reading,
): Promise<(RowSource & { readonly sha256: string }) | null> {
  const known = statSync(file, { throwIfNoEntry: false });
  if (known?.isFile() !== true || known.size <= PIECE_BYTES) return null;
  const bytesAt = (offset: number, count: number): Uint8Array => readAt(file, known, offset, count);
  const head = bytesAt(0, PIECE_BYTES);
  const raw = openLargeRows(head, known.size, file, options, bytesAt);
  const table = raw === null ? openLargeTable(head, file, options) : null;
  if (raw === null && table === null) return null;
  const hash = createHash("sha256");
  for await (const piece of filePieces(file, signal)) {
    hash.update(piece);
    await table?.add(piece);
    await pause();
  }
  const rows = raw ?? rowsOf(await (table as TableBlocks).finish(bytesAt), file);
  return { ...rows, sha256: hash.digest("hex") };
}

/** Opened for each block, so that nothing has to be closed at the end. */
function readAt(file: string, known: Stats, offset: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let length = 0;
  try {
    const fd = openSync(file, "r");
    try {
      const { size, mtimeMs } = fstatSync(fd);
      if (size !== known.size || mtimeMs !== known.mtimeMs) {
        throw new FormatError(`${file}: found it changed while it was being read, expected it to stay as it is`);
      }
      while (length < count) {
        const read = readSync(fd, bytes, length, count - length, offset + length);
        if (read === 0) throw new FormatError(`${file}: found its end at ${String(offset + length)} bytes`);
        length += read;
      }
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
  }
  return bytes;
}
