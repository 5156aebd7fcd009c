/** Reading files, with errors of one line: the file first, then what went wrong. Writing is in outputs.ts. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { Budget } from "../formats/budget.ts";
import { createBudget } from "../formats/budget.ts";
import { FormatError } from "../network/errors.ts";

/** Bytes read at once of what has no size (a pipe). */
const PIECE_BYTES = 1 << 20;

/** The whole of a file, or of a pipe, which is opened once. @throws FormatError naming the file, also where the budget ends. */
export function readBytes(file: string, budget: Budget = createBudget()): Uint8Array<ArrayBuffer> {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, "r");
    const found = fstatSync(descriptor);
    if (found.isFile()) {
      budget.claim(found.size, file);
      // The buffer's own memory: a copy would hold a large file twice.
      const { buffer, byteOffset, byteLength } = readFileSync(descriptor);
      return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    }
    const parts: Uint8Array[] = [];
    for (;;) {
      const piece = new Uint8Array(PIECE_BYTES);
      const length = readSync(descriptor, piece);
      if (length === 0) return new Uint8Array(Buffer.concat(parts));
      budget.claim(length, file);
      parts.push(piece.subarray(0, length));
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** SHA-256 in hexadecimal, of these bytes one after another. */
export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Why a file operation failed, in a person's words. */
export function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Deno says in words what Node says by code.
  const inWords = /no space left/i.test(cause.message) ? "ENOSPC" : undefined;
  const code = (cause as NodeJS.ErrnoException).code ?? inWords;
  const known: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "read-only file system",
    ENOSPC: "no space left",
    ENOTDIR: "a part of the path is not a folder",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "its symbolic links go in a circle",
    EDQUOT: "no space left in the quota",
    EFBIG: "larger than files may be here",
    EIO: "the disk failed",
    ERR_FS_FILE_TOO_LARGE: "larger than 2 GiB",
  };
  return (code === undefined ? undefined : known[code]) ?? cause.message.split("\n")[0] ?? "unknown";
}
