/**
 * The program's doors to the outside: stdout, stderr, the clock, an interruption. Commands take an `Io`, so that tests
 * can stand in for a terminal. stdout carries the result alone; everything else goes to stderr.
 */
import process from "node:process";
import { OutputError } from "../network/errors.ts";
import { withoutSteering } from "../network/printable.ts";
import { reason } from "./reason.ts";

export interface Io {
  /**
   * Resolves once the text is handed over. A reader that has gone away (a broken pipe) is not an error.
   * Rejects with OutputError where stdout fails otherwise (a full disk).
   */
  readonly out: (text: string) => Promise<void>;
  /** One line of progress, note or warning, newline added. */
  readonly note: (line: string) => void;
  /** Rewrites the last line of a terminal; null where stderr is none. */
  readonly status: ((line: string) => void) | null;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Date and time, ISO 8601. */
  readonly date: () => string;
  /** Aborted by the first Ctrl-C (or SIGTERM, or SIGHUP). */
  readonly signal: AbortSignal;
  /** Leaves Ctrl-C to whoever takes over (a process that this one starts in its place). */
  readonly detach: () => void;
}

/** One Ctrl-C may arrive twice: from the terminal, and passed on by the process that started this one. */
const SAME_INTERRUPT_MS = 500;

/** What asks the program to end in order. */
export const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface ProcessIo extends Io {
  /** Whether stderr failed, other than by a reader that has gone away: notes and errors are lost then. */
  readonly isMute: () => boolean;
}

/** The process's own streams. The first interrupt aborts `signal`; a second one ends the process (130). */
export function processIo(): ProcessIo {
  let mute = false;
  const muted = (error: NodeJS.ErrnoException): void => {
    mute ||= !isGone(error);
  };
  process.stderr.on("error", muted);
  const say = (text: string): void => {
    try {
      process.stderr.write(text);
    } catch (error) {
      muted(error as NodeJS.ErrnoException);
    }
  };
  const controller = new AbortController();
  let interruptedMs = Number.POSITIVE_INFINITY;
  const interrupt = (): void => {
    const nowMs = performance.now();
    if (controller.signal.aborted) {
      if (nowMs - interruptedMs > SAME_INTERRUPT_MS) process.exit(130);
      return;
    }
    interruptedMs = nowMs;
    say("\ngpv: interrupted: finishing what is under way (Ctrl-C again: at once)\n");
    controller.abort();
  };
  for (const name of INTERRUPTS) process.on(name, interrupt);
  let failure: NodeJS.ErrnoException | null = null;
  const fail = (error: NodeJS.ErrnoException): void => {
    failure ??= error;
  };
  process.stdout.on("error", fail);
  const clear = process.stderr.isTTY ? "\r\u001b[2K" : "";
  return {
    out: (text) =>
      new Promise((resolve, reject) => {
        const settle = (): void => {
          if (failure === null || isGone(failure)) resolve();
          else reject(new OutputError(`stdout: cannot be written (${reason(failure)})`, { cause: failure }));
        };
        if (failure !== null) {
          settle();
          return;
        }
        try {
          process.stdout.write(withoutSteering(text), (error) => {
            if (error) fail(error);
            settle();
          });
        } catch (error) {
          // Deno's stream throws where Node's reports.
          fail(error as NodeJS.ErrnoException);
          settle();
        }
      }),
    note: (line) => {
      say(`${clear}${withoutSteering(line)}\n`);
    },
    status: process.stderr.isTTY
      ? (line) => {
          say(`${clear}${withoutSteering(line)}`);
        }
      : null,
    now: () => performance.now(),
    date: () => new Date().toISOString(),
    signal: controller.signal,
    detach: () => {
      for (const name of INTERRUPTS) process.off(name, interrupt);
    },
    isMute: () => mute,
  };
}

/** A reader that wants no more: `gpv … | head`. */
function isGone(error: NodeJS.ErrnoException): boolean {
  return error.code === "EPIPE" || error.code === "ECONNRESET" || error.name === "BrokenPipe";
}

/** Calls back after so many milliseconds; returns what takes that back. */
export function processTimer(callback: () => void, ms: number): () => void {
  const id = setTimeout(callback, ms);
  return () => {
    clearTimeout(id);
  };
}
