/**
 * Reading and writing files, with errors of one line: the file first, then what went wrong.
 * Outputs are opened before any work, so that a path that cannot be written fails at once (exit 2).
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { resolve } from "node:path";
import { FormatError, UsageError } from "../network/errors.ts";

/** @throws FormatError naming the file. */
export function readBytes(file: string): Uint8Array<ArrayBuffer> {
  try {
    // The buffer's own memory: a copy would hold a large file twice.
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  } catch (cause) {
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
  }
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A file that is written piece by piece, as results come. */
export interface Output {
  readonly write: (piece: string | Uint8Array) => void;
  /** Hands everything over and closes. */
  readonly close: () => void;
  /** Closes, unless it is closed; rows that were on their way are kept, and a file that this run made and never wrote to is removed. */
  readonly abandon: () => void;
}

const CHUNK_CHARACTERS = 1 << 16;

/**
 * Opens FILE for writing. What stands in it already is kept until the first text is written.
 * @throws UsageError naming the option and the file.
 */
export function openOutput(option: string, file: string): Output {
  const place = `--${option} ${file}`;
  const guarded = <T>(action: () => T): T => {
    try {
      return action();
    } catch (cause) {
      throw new UsageError(`${place}: cannot be written (${reason(cause)})`, { cause });
    }
  };
  const existed = existsSync(file);
  closeSync(guarded(() => openSync(file, "a")));
  let handle: number | null = null;
  let pending = "";
  let closed = false;
  // A reader that has gone away (/dev/stdout piped into head) has what it wanted.
  let broken = false;
  const writeBytes = (bytes: Uint8Array): void => {
    if (broken) return;
    const descriptor = handle ?? guarded(() => openSync(file, "w"));
    handle = descriptor;
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
    } catch (cause) {
      broken = (cause as NodeJS.ErrnoException).code === "EPIPE";
      if (!broken) {
        guarded(() => {
          throw cause;
        });
      }
    }
  };
  const flush = (): void => {
    const bytes = Buffer.from(pending, "utf8");
    pending = "";
    writeBytes(bytes);
  };
  return {
    write: (piece) => {
      if (typeof piece === "string") {
        pending += piece;
        if (pending.length >= CHUNK_CHARACTERS) flush();
      } else {
        if (pending !== "") flush();
        writeBytes(piece);
      }
    },
    close: () => {
      closed = true;
      flush();
      if (handle !== null) closeSync(handle);
    },
    abandon: () => {
      if (closed) return;
      closed = true;
      if (handle !== null) {
        flush();
        closeSync(handle);
      } else if (!existed) rmSync(file, { force: true });
    },
  };
}

/** Writes FILE whole or not at all: a file of half a witness is worse than none. */
export function writeWhole(file: string, text: string | Uint8Array): void {
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

/** Refuses two outputs, or an output and an input, that are one file. Devices such as /dev/null may repeat. */
export function checkDistinct(
  files: readonly { readonly option: string; readonly file: string | null; readonly output: boolean }[],
): void {
  const seen = new Map<string, { option: string; output: boolean }>();
  for (const { option, file, output } of files) {
    if (file === null || file.startsWith("/dev/")) continue;
    const path = existsSync(file) ? realpathSync(file) : resolve(file);
    const other = seen.get(path);
    if (other !== undefined && (output || other.output)) {
      throw new UsageError(`--${option} ${file}: is the file of --${other.option} too, expected another`);
    }
    seen.set(path, { option, output });
  }
}

/** Why a file operation failed, in a person's words. */
export function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  const known: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "read-only file system",
    ENOSPC: "no space left",
    ENOTDIR: "a part of the path is not a folder",
    ERR_FS_FILE_TOO_LARGE: "larger than 2 GiB",
  };
  return (code === undefined ? undefined : known[code]) ?? cause.message.split("\n")[0] ?? "unknown";
}
