/**
 * What the files of a run may take of memory, claimed before it is allocated, so that a pipe without an end does not take the machine:
 * their bytes, what they unpack to, and 8 bytes for each number that is held. One budget serves all files of a run.
 */
import { FormatError } from "../network/errors.ts";

export interface Budget {
  /** In bytes. */
  readonly limit: number;
  /** @throws BudgetError naming `source`, the limit, and how to raise it. */
  readonly claim: (bytes: number, source: string) => void;
  /** Gives back what is not held after all. */
  readonly release: (bytes: number) => void;
}

/** What reading is given beside the bytes. */
export interface ReadContext {
  /** One of its own, of the default size, where left out. */
  readonly budget?: Budget;
  /** Awaited between blocks of work: an interruption is heard then, and thrown. */
  readonly pause?: () => Promise<void>;
}

/** More than the budget: no fault of the file's. */
export class BudgetError extends FormatError {}

export const DEFAULT_BUDGET_BYTES = 2 ** 31;

/** @param limit in bytes. */
export function createBudget(limit = DEFAULT_BUDGET_BYTES): Budget {
  let used = 0;
  return {
    limit,
    claim: (bytes, source) => {
      if (!(used + bytes <= limit)) {
        throw new BudgetError(
          `${source}: found more than ${mebibytes(limit)} when read and unpacked, expected at most that; raise it with --max-memory`,
        );
      }
      used += bytes;
    },
    release: (bytes) => {
      used -= bytes;
    },
  };
}

/** A context with nothing left out. */
export function readContext({ budget, pause }: ReadContext): Required<ReadContext> {
  return { budget: budget ?? createBudget(), pause: pause ?? (() => Promise.resolve()) };
}

export function mebibytes(bytes: number): string {
  return `${String(Math.floor(bytes / 2 ** 20))} MiB`;
}
