/** `--samples FILE`: rows as they come, JSON Lines or, where the name ends in .parquet, Parquet. */
import type { RowBlock } from "../records/row-block.ts";
import type { SampleRow } from "../records/sample.ts";
import { createParquetSamples } from "../report/parquet.ts";
import { writeLines } from "../report/row-lines.ts";
import { rowLine } from "../report/rows.ts";
import { UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { openOutput } from "./outputs.ts";

export interface RowsOutput {
  readonly write: (row: SampleRow) => void;
  readonly writeBlock: (rows: RowBlock) => void;
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
      writeBlock: (rows) => {
        writeLines(rows, output.write);
      },
      close: output.close,
      abandon: output.abandon,
    };
  }
  const table = createParquetSamples(output.write);
  let count = 0;
  return {
    write: (row) => {
      table.add(row);
      count++;
    },
    writeBlock: (rows) => {
      table.addBlock(rows);
      count += rows.samples;
    },
    close: () => {
      table.finish();
      output.close();
    },
    abandon: () => {
      if (count > 0) table.finish();
      output.abandon();
    },
  };
}
