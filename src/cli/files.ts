/** Reading files, with errors of one line: the file first, then what went wrong. Writing is in outputs.ts. */
import { createHash } from "node:crypto";
import { constants, openSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { Socket } from "node:net";
import process from "node:process";
import { unlessAborted } from "../pipeline/abort.ts";
import type { Budget } from "../formats/budget.ts";
import { createBudget, DEFAULT_BUDGET_BYTES, mebibytes } from "../formats/budget.ts";
import { FormatError } from "../network/errors.ts";
import type { Io } from "./io.ts";
import { reason } from "./reason.ts";

/** What the files of one run are read with. */
export interface Reading {
  readonly note: (line: string) => void;
  /** What all of them may take. */
  readonly budget: Budget;
  /** A turn of the event loop where the last one is a while ago; throws the signal's reason after an interruption. */
  readonly pause: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Work between two turns: Ctrl-C is heard so soon. */
const LONGEST_MS = 50;

/** @param maxMemory of `--max-memory`, in bytes. */
export function reading(io: Pick<Io, "note" | "now" | "signal">, maxMemory = DEFAULT_BUDGET_BYTES): Reading {
  let turnedMs = io.now();
  return {
    note: (line) => {
      io.note(`gpv: note: ${line}`);
    },
    budget: createBudget(maxMemory),
    pause: async () => {
      if (io.now() - turnedMs < LONGEST_MS) return;
      await new Promise((resolve) => setTimeout(resolve, 0));
      turnedMs = io.now();
      io.signal.throwIfAborted();
    },
    signal: io.signal,
  };
}

/** Bytes read at once. */
export const PIECE_BYTES = 1 << 24;

/**
 * The whole of a file, or of a pipe, which is opened once.
 * @throws FormatError naming the file; BudgetError; the signal's reason after an interruption.
 */
export async function readBytes(file: string, { budget, signal }: Reading): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const found = await stat(file);
    // Files of /proc have no size either.
    const size = found.isFile() ? found.size : 0;
    budget.claim(size, file);
    let bytes = new Uint8Array(size);
    let length = 0;
    const pieces = found.isFIFO() && process.versions["deno"] === undefined ? pipePieces : filePieces;
    for await (const piece of pieces(file, signal)) {
      if (length + piece.length > bytes.length) {
        const grown = Math.max(2 * bytes.length, length + piece.length);
        budget.claim(grown, file);
        const next = new Uint8Array(grown);
        next.set(bytes);
        budget.release(bytes.length);
        bytes = next;
      }
      bytes.set(piece, length);
      length += piece.length;
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    if (cause instanceof FormatError || signal.aborted) throw cause;
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
  }
}

/** The bytes of a file or a device, piece by piece. */
export async function* filePieces(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const interrupted = (): Promise<never> => Promise.reject(signal.reason as Error);
  let handle: FileHandle | null = null;
  try {
    handle = await unlessAborted(open(file, "r"), signal, interrupted);
    const piece = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await unlessAborted(handle.read(piece, 0, piece.length), signal, interrupted);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    // Not waited for: a read that nobody answers holds it.
    void handle?.close().catch(() => undefined);
  }
}

/** The bytes of a pipe. Node cannot end while one of its threads opens or reads a pipe that nobody writes to; a socket needs no thread. */
async function* pipePieces(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  const stop = (): void => {
    socket.destroy(signal.reason as Error);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const piece of socket) yield piece as Uint8Array;
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** The longest text that V8 holds. */
const LONGEST_TEXT = 0x1fffffe8;

/** As readBytes, of a file of text in UTF-8. @throws as readBytes */
export async function readText(file: string, own: Reading): Promise<string> {
  const bytes = await readBytes(file, own);
  if (bytes.length > LONGEST_TEXT) {
    throw new FormatError(
      `${file}: found ${mebibytes(bytes.length)} of text, expected at most ${mebibytes(LONGEST_TEXT)}`,
    );
  }
  return new TextDecoder().decode(bytes);
}

/** SHA-256 in hexadecimal, of these bytes one after another. */
export async function sha256(parts: readonly Uint8Array[], pause: () => Promise<void>): Promise<string> {
  const hash = createHash("sha256");
  for (const part of parts) {
    for (let at = 0; at < part.length; at += PIECE_BYTES) {
      hash.update(part.subarray(at, at + PIECE_BYTES));
      await pause();
    }
  }
  return hash.digest("hex");
}
