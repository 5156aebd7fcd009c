/** `--samples FILE`: rows as they come, JSON Lines or, where the name ends in .parquet, Parquet. */
import type { SampleRow } from "../records/sample.ts";
import { createParquetRows } from "../report/parquet.ts";
import { rowLine } from "../report/rows.ts";
import { UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { openOutput } from "./outputs.ts";

export interface RowsOutput {
  readonly write: (row: SampleRow) => void;
  /** Hands everything over and closes. @throws OutputError where any of it could not be written. */
  readonly close: () => void;
  /** Closes; rows that were on their way are kept in a file that can be read, and a file that this run made and never wrote to is removed. */
  readonly abandon: () => void;
}

/** @throws UsageError naming the option and the file, or the format where its ending is another's. */
export function openRowsOutput(option: string, file: string): RowsOutput {
  const other = /\.(csv|tsv|txt|xlsx?|npy|npz|feather|arrow|h5)$/i.exec(file)?.[0];
  if (other !== undefined) {
    throw new UsageError(
      `--${option} ${printable(file)}: rows have layers, which ${other.toLowerCase()} has no columns for; expected .jsonl or .parquet`,
    );
  }
  const output = openOutput(option, file);
  if (!/\.parquet$/i.test(file)) {
    return {
      write: (row) => {
        output.write(rowLine(row));
      },
      close: output.close,
      abandon: output.abandon,
    };
  }
  const rows = createParquetRows("samples", output.write);
  let count = 0;
  return {
    write: (row) => {
      rows.add(row);
      count++;
    },
    close: () => {
      rows.finish();
      output.close();
    },
    abandon: () => {
      if (count > 0) rows.finish();
      output.abandon();
    },
  };
}
