/** What a sweep, or a merge, leaves behind besides its ledger: report, HTML, JUnit, the table, and rows unit by unit. */
import { join } from "node:path";
import { DeviceError, OutputError } from "../network/errors.ts";
import { htmlSweep } from "../report/html-sweep.ts";
import { reportJson } from "../report/json.ts";
import { junitXml } from "../report/junit.ts";
import { sweepSuites } from "../report/junit-sweep.ts";
import { createParquetRows } from "../report/parquet.ts";
import { sweepConsoleReport } from "../report/sweep-console.ts";
import { formatAddress } from "../sweep/case.ts";
import type { SweepReport } from "../records/sweep.ts";
import type { UnitRow } from "../sweep/run.ts";
import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";
import { closeAll, makeFolder, openOutputs, writeWhole } from "./outputs.ts";
import type { NamedFile } from "./same-file.ts";
import { checkDistinct } from "./same-file.ts";

export interface SweepOutputs {
  /**
   * Writes the files, then prints, whatever became of the files.
   * @param grid how the command line names the grid, for the commands that repeat a case.
   * @throws OutputError where one could not be written.
   */
  readonly publish: (report: SweepReport, grid: string) => Promise<void>;
  /** Removes what was opened and never written. */
  readonly abandon: () => void;
}

/** Opens every output before any work. @param others the command's other files. @throws UsageError */
export function openSweepOutputs({ values }: Arguments, others: readonly NamedFile[], io: Io): SweepOutputs {
  const { report, html, junit } = values;
  const files = { report, html, junit };
  const named = Object.entries(files).map(([option, file]) => ({ option, file, output: true }));
  checkDistinct([...others, ...named]);
  const { opened, abandon } = openOutputs(files);
  const write = (option: keyof typeof files, text: () => string): void => {
    opened.get(option)?.write(text());
  };
  return {
    publish: async (report, grid) => {
      write("report", () => reportJson(report));
      write("html", () => htmlSweep(report, grid));
      write("junit", () => junitXml(sweepSuites(report, grid)));
      const lost = closeAll([...opened.values()]);
      await io.out(values.json === true ? reportJson(report) : sweepConsoleReport(report));
      if (lost !== null) throw lost;
    },
    abandon,
  };
}

/**
 * A folder of Parquet files, one a unit, written whole before the unit counts: whatever ends the sweep, the folder holds the rows of at
 * least the finished units, and a unit that is made again replaces its file with the same rows.
 * @throws UsageError where the folder cannot be made; later on DeviceError where it takes no more: the unit does not count then.
 */
export function openUnitRows(folder: string, seed: number): (unit: number, rows: readonly UnitRow[]) => void {
  makeFolder("samples", folder);
  return (unit, rows) => {
    const parts: Uint8Array[] = [];
    const table = createParquetRows("addressed", (bytes) => parts.push(bytes));
    for (const { segment, row } of rows) {
      const { cell, network } = segment;
      const address = formatAddress({ seed, network, sample: row.index });
      table.add({ address, architecture: cell.architecture, ...row });
    }
    table.finish();
    try {
      writeWhole(join(folder, `unit-${String(unit).padStart(8, "0")}.parquet`), Buffer.concat(parts));
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      throw new DeviceError(`${error.message}: the units finished before are kept; make room and use --resume`, {
        cause: error,
      });
    }
  };
}
