/** An Io that collects what a command says. */
import type { Io } from "../../src/cli/io.ts";

export interface FakeIo extends Io {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What a terminal would have shown; empty where stderr is none. */
  readonly shown: () => string;
  readonly interrupt: () => void;
}

export function fakeIo(options: { readonly terminal?: boolean } = {}): FakeIo {
  const controller = new AbortController();
  let stdout = "";
  let stderr = "";
  let shown = "";
  let clock = 0;
  return {
    out: (text) => {
      stdout += text;
      return Promise.resolve();
    },
    note: (line) => {
      stderr += `${line}\n`;
    },
    status:
      options.terminal === true
        ? (line) => {
            shown += `${line}\n`;
          }
        : null,
    now: () => (clock += 7),
    date: () => "2026-01-02T03:04:05.678Z",
    signal: controller.signal,
    detach: () => undefined,
    stdout: () => stdout,
    stderr: () => stderr,
    shown: () => shown,
    interrupt: () => {
      controller.abort();
    },
  };
}
