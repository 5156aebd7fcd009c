/** What `gpv train` and `gpv probe` leave behind: series, report, page, rows of each probe, and the table. */
import { join } from "node:path";
import { DeviceError, OutputError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { ProbeSampleRow, SeriesRow, TrainingReport } from "../records/training.ts";
import { htmlTraining } from "../report/html-training.ts";
import { trainingJson } from "../report/json.ts";
import { createParquetRows } from "../report/parquet.ts";
import { rowLine } from "../report/rows.ts";
import { trainingConsole } from "../report/training-console.ts";
import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";
import type { Output } from "./outputs.ts";
import { closeAll, makeFolder, openOutputs, writeWhole } from "./outputs.ts";

export interface TrainingOutputs {
  /** Writes the files, then prints. Resolves to the first that could not be written. */
  readonly publish: (report: TrainingReport) => Promise<OutputError | null>;
  /** Gives up what was opened and never written. */
  readonly abandon: () => void;
}

/** Opens every output before any work. @throws UsageError */
export function openTrainingOutputs({ values }: Arguments, io: Io): TrainingOutputs {
  const { series } = values;
  if (series !== null && /\.(csv|tsv|txt|xlsx?|npy|npz)$/i.test(series)) {
    throw new UsageError(
      `--series ${printable(series)}: a line has layers, which a table has no columns for; expected .jsonl or .parquet`,
    );
  }
  const { opened, abandon } = openOutputs({ series, report: values.report, html: values.html });
  try {
    if (values.probeRows !== null) makeFolder("samples", values.probeRows);
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    publish: async (report) => {
      const json = trainingJson(report);
      opened.get("report")?.write(json);
      opened.get("html")?.write(htmlTraining(report));
      const lines = opened.get("series");
      if (lines !== undefined) writeSeries(lines, series ?? "", report.series);
      const lost = closeAll([...opened.values()]);
      await io.out(values.json === true ? json : trainingConsole(report));
      return lost;
    },
    abandon,
  };
}

function writeSeries(output: Output, file: string, series: readonly SeriesRow[]): void {
  if (!/\.parquet$/i.test(file)) {
    for (const row of series) output.write(rowLine(row));
    return;
  }
  const rows = createParquetRows("series", output.write);
  for (const row of series) rows.add(row);
  rows.finish();
}

/** The rows of one probe, gathered and written whole. */
export interface ProbeRows {
  readonly add: (row: ProbeSampleRow) => void;
  /** @throws DeviceError where the file cannot be written: the probe does not count then. */
  readonly finish: (seed: number, step: number) => void;
}

/** A folder of Parquet files, one a probe: a probe that is made again replaces its file with the same rows. */
export function openProbeRows(folder: string): ProbeRows {
  let parts: Uint8Array[] = [];
  const open = () => createParquetRows("probed", (bytes) => parts.push(bytes));
  let rows = open();
  return {
    add: (row) => {
      rows.add(row);
    },
    finish: (seed, step) => {
      rows.finish();
      const file = join(folder, `seed-${String(seed)}-step-${String(step).padStart(8, "0")}.parquet`);
      try {
        writeWhole(file, Buffer.concat(parts));
      } catch (error) {
        if (!(error instanceof OutputError)) throw error;
        throw new DeviceError(`${error.message}: make room and use --resume`, { cause: error });
      }
      parts = [];
      rows = open();
    },
  };
}
