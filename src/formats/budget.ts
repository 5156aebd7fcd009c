/** What the files of a run may take of memory, claimed before it is allocated, so that a pipe without an end does not take the machine. */
import { FormatError } from "../network/errors.ts";

export interface Budget {
  /** Bytes that are left. */
  readonly left: () => number;
  /** @throws FormatError naming `source`, the limit, and how to raise it. */
  readonly claim: (bytes: number, source: string) => void;
}

export const DEFAULT_BUDGET_BYTES = 2 ** 31;

/** @param limit in bytes. */
export function createBudget(limit = DEFAULT_BUDGET_BYTES): Budget {
  let used = 0;
  return {
    left: () => limit - used,
    claim: (bytes, source) => {
      if (!(used + bytes <= limit)) throw overBudget(source, limit);
      used += bytes;
    },
  };
}

function overBudget(source: string, limit: number): FormatError {
  return new FormatError(
    `${source}: found more than ${String(Math.floor(limit / 2 ** 20))} MiB, expected at most that; raise it with --max-memory`,
  );
}
