/**
 * The program's doors to the outside: stdout, stderr, the clock, an interruption. Commands take an `Io`, so that tests
 * can stand in for a terminal. stdout carries the result alone; everything else goes to stderr.
 */
import process from "node:process";

export interface Io {
  /** Resolves once the text is handed over. A reader that has gone away (a broken pipe) is not an error. */
  readonly out: (text: string) => Promise<void>;
  /** One line of progress, note or warning, newline added. */
  readonly note: (line: string) => void;
  /** Rewrites the last line of a terminal; null where stderr is none. */
  readonly status: ((line: string) => void) | null;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Date and time, ISO 8601. */
  readonly date: () => string;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Leaves Ctrl-C to whoever takes over (a process that this one starts in its place). */
  readonly detach: () => void;
}

/** One Ctrl-C may arrive twice: from the terminal, and passed on by the process that started this one. */
const SAME_INTERRUPT_MS = 500;

/** The process's own streams. The first SIGINT or SIGTERM aborts `signal`; a second one ends the process (130). */
export function processIo(): Io {
  const controller = new AbortController();
  let interruptedMs = Number.POSITIVE_INFINITY;
  const interrupt = (): void => {
    const nowMs = performance.now();
    if (controller.signal.aborted) {
      if (nowMs - interruptedMs > SAME_INTERRUPT_MS) process.exit(130);
      return;
    }
    interruptedMs = nowMs;
    process.stderr.write("\ngpv: interrupted: finishing what is under way (Ctrl-C again: at once)\n");
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  let broken = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    broken = true;
  });
  process.stderr.on("error", () => undefined);
  const clear = process.stderr.isTTY ? "\r\u001b[2K" : "";
  return {
    out: (text) =>
      new Promise((resolve) => {
        if (broken) resolve();
        else
          process.stdout.write(text, () => {
            resolve();
          });
      }),
    note: (line) => process.stderr.write(`${clear}${line}\n`),
    status: process.stderr.isTTY ? (line) => process.stderr.write(`${clear}${line}`) : null,
    now: () => performance.now(),
    date: () => new Date().toISOString(),
    signal: controller.signal,
    detach: () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };
}

/** Calls back after so many milliseconds; returns what takes that back. */
export function processTimer(callback: () => void, ms: number): () => void {
  const id = setTimeout(callback, ms);
  return () => {
    clearTimeout(id);
  };
}
