/** The rows of a run as JSON Lines, kept as blobs: a browser may put those on disk. */
import type { SampleRow } from "../records/sample.ts";
import { rowLine } from "../report/rows.ts";

export interface RowStore {
  readonly add: (row: SampleRow) => void;
  /** The rows so far, or null where there are more than are kept. */
  readonly file: () => Blob | null;
}

/** Rows that are kept: at 1 to 3 kB each, more would fill a browser's memory. */
export const MOST_ROWS = 100_000;

const PART_CHARACTERS = 2 ** 20;

export function createRowStore(): RowStore {
  let parts: Blob[] = [];
  let lines: string[] = [];
  let characters = 0;
  let rows = 0;
  const close = (): void => {
    if (lines.length > 0) parts.push(new Blob(lines));
    lines = [];
    characters = 0;
  };
  return {
    add(row) {
      if (++rows > MOST_ROWS) {
        parts = [];
        lines = [];
        return;
      }
      const line = rowLine(row);
      lines.push(line);
      characters += line.length;
      if (characters > PART_CHARACTERS) close();
    },
    file() {
      if (rows > MOST_ROWS) return null;
      close();
      return new Blob(parts, { type: "application/jsonl" });
    },
  };
}
