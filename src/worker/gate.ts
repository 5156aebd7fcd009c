/** Pause and resume: an engine whose batches wait while the gate is closed, and a clock that stands still meanwhile. */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";

export interface Gate {
  readonly close: () => void;
  readonly open: () => void;
  readonly isClosed: () => boolean;
  /** Milliseconds of the clock without the time in which the gate was closed. */
  readonly clock: () => number;
  /** The same engine; a batch begins when the gate is open. */
  readonly behind: (engine: Engine) => Engine;
}

/** @param now milliseconds from any origin. */
export function createGate(now: () => number): Gate {
  let closedAt: number | null = null;
  let closedMs = 0;
  let waiting: (() => void)[] = [];
  /** The same, begun while the gate is open. */
  const gated =
    <A extends readonly unknown[], T>(work: (...words: A) => Promise<T>) =>
    async (...words: A): Promise<T> => {
      while (closedAt !== null) await new Promise<void>((go) => waiting.push(go));
      return work(...words);
    };
  const gate: Gate = {
    close() {
      closedAt ??= now();
    },
    open() {
      if (closedAt === null) return;
      closedMs += now() - closedAt;
      closedAt = null;
      for (const go of waiting) go();
      waiting = [];
    },
    isClosed: () => closedAt !== null,
    clock: () => (closedAt ?? now()) - closedMs,
    behind: (engine) => ({
      ...engine,
      measure: gated(engine.measure.bind(engine)),
      ...("work" in engine ? { work: gated((engine as CpuEngine).work.bind(engine)) } : {}),
    }),
  };
  return gate;
}
