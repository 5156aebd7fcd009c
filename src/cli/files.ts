/** Reading files, with errors of one line: the file first, then what went wrong. Writing is in outputs.ts. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
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
const PIECE_BYTES = 1 << 24;

/**
 * The whole of a file, or of a pipe, which is opened once.
 * @throws FormatError naming the file; BudgetError; the signal's reason after an interruption.
 */
export async function readBytes(file: string, { budget, signal }: Reading): Promise<Uint8Array<ArrayBuffer>> {
  const interrupted = (): Promise<never> => Promise.reject(signal.reason as Error);
  let handle: FileHandle | null = null;
  try {
    // A pipe that nobody writes to waits for ever, where it is opened and where it is read.
    handle = await unlessAborted(open(file, "r"), signal, interrupted);
    const found = await handle.stat();
    let bytes = new Uint8Array(0);
    let length = 0;
    if (found.isFile()) {
      budget.claim(found.size, file);
      bytes = new Uint8Array(found.size);
    }
    for (;;) {
      // What has no size, and a file that grows: once more as much.
      if (length === bytes.length) {
        const piece = new Uint8Array(Math.max(1, Math.min(PIECE_BYTES, budget.limit)));
        const { bytesRead } = await unlessAborted(handle.read(piece, 0, piece.length), signal, interrupted);
        if (bytesRead === 0) return bytes;
        const grown = Math.max(2 * bytes.length, length + bytesRead);
        budget.claim(grown, file);
        const next = new Uint8Array(grown);
        next.set(bytes);
        next.set(piece.subarray(0, bytesRead), length);
        budget.release(bytes.length);
        bytes = next;
        length += bytesRead;
        continue;
      }
      const want = Math.min(PIECE_BYTES, bytes.length - length);
      const { bytesRead } = await unlessAborted(handle.read(bytes, length, want), signal, interrupted);
      if (bytesRead === 0) return bytes.subarray(0, length);
      length += bytesRead;
    }
  } catch (cause) {
    if (cause instanceof FormatError || signal.aborted) throw cause;
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
  } finally {
    // Not waited for: a read that nobody answers holds it.
    void handle?.close().catch(() => undefined);
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
