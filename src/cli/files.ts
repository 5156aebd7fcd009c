/** Reading files, with errors of one line: the file first, then what went wrong. Writing is in outputs.ts. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { FormatError } from "../network/errors.ts";

/** @throws FormatError naming the file. */
export function readBytes(file: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
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
