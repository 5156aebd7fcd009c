/** `gpv merge LEDGER…`: the ledgers of a sweep's shards → the report of one undisturbed sweep. Changes none of them. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { FormatError, UsageError } from "../network/errors.ts";
import { counted, grouped } from "../report/numbers.ts";
import { cellsOf } from "../sweep/grid.ts";
import type { Ledger, LedgerHeader } from "../sweep/ledger.ts";
import { checkSameRun, mergedTallies } from "../sweep/ledger.ts";
import { sweepReport } from "../sweep/report.ts";
import type { SweepReport } from "../records/sweep.ts";
import { unitsOf } from "../sweep/units.ts";
import type { Arguments } from "./arguments.ts";
import { exitCode } from "./exit.ts";
import { baseName } from "./inputs.ts";
import type { Io } from "./io.ts";
import { ledgerFiles } from "./same-file.ts";
import { openSweepOutputs } from "./sweep-outputs.ts";
import { openLedger } from "./ledger-file.ts";

export async function mergeCommand(args: Arguments, io: Io): Promise<number> {
  const { values, operands } = args;
  const startedMs = io.now();
  const startedAt = io.date();
  const paths = new Map<string, string>();
  for (const file of operands) {
    if (!existsSync(file)) throw new FormatError(`${file}: cannot be read (no such file or folder)`);
    if (!statSync(file).isFile()) throw new FormatError(`${file}: found a folder, expected a sweep's ledger`);
    const path = realpathSync(file);
    const other = paths.get(path);
    if (other !== undefined) throw new UsageError(`${file}: is the ledger ${other} again, expected each once`);
    paths.set(path, file);
  }
  const others = operands.flatMap((file) => ledgerFiles("", file).map((own) => ({ ...own, output: false })));
  const outputs = openSweepOutputs(args, others, io);
  const ledgers: { file: string; ledger: Ledger; header: LedgerHeader }[] = [];
  try {
    const lost: string[] = [];
    for (const file of operands) ledgers.push(await openShard(file, values.salvage === true ? lost : null));
    const report = merged(ledgers, { startedAt, elapsedMs: () => io.now() - startedMs, lost });
    for (const row of lost) io.note(`gpv: WARNING: lost: ${row}`);
    await outputs.publish(report, ledgers[0]?.header.grid ?? "");
    if (report.timing.interrupted) {
      const { units, unitsFinished } = report.timing.details;
      io.note(
        `gpv: ${grouped(Number(unitsFinished))} of ${counted(Number(units), "unit")} are finished: the report covers those`,
      );
    }
    return exitCode(report, values.failOn ?? []);
  } catch (error) {
    outputs.abandon();
    throw error;
  } finally {
    for (const { ledger } of ledgers) ledger.close();
  }
}

/** @param lost takes what is lost of a damaged ledger; null: a damaged ledger is refused. */
async function openShard(
  file: string,
  lost: string[] | null,
): Promise<{ file: string; ledger: Ledger; header: LedgerHeader }> {
  const salvage = (row: string): unknown => lost?.push(`${row} of ${baseName(file)}`);
  const ledger = await openLedger("", file, lost === null ? undefined : salvage);
  try {
    const header = ledger.header();
    if (header === null)
      throw new FormatError(`${file}: found a ledger without settings, expected one that a sweep has begun`);
    return { file, ledger, header };
  } catch (error) {
    ledger.close();
    throw error;
  }
}

function merged(
  ledgers: readonly { file: string; ledger: Ledger; header: LedgerHeader }[],
  { startedAt, elapsedMs, lost }: { startedAt: string; elapsedMs: () => number; lost: readonly string[] },
): SweepReport {
  const [first] = ledgers;
  if (first === undefined) throw new UsageError("gpv merge: found no LEDGER");
  const from = new Map<number, string>();
  for (const { file, ledger, header } of ledgers) {
    checkSameRun(header, first.header, file);
    for (const unit of ledger.finished()) {
      const other = from.get(unit);
      if (other !== undefined) {
        throw new UsageError(`${file}: holds unit ${String(unit)}, which ${other} holds too: expected each shard once`);
      }
      from.set(unit, file);
    }
  }
  const { settings } = first.header;
  const cells = cellsOf(settings.grids, first.file);
  const units = unitsOf(cells, settings.inputsPerNetwork);
  const tallies = mergedTallies(ledgers.map(({ ledger }) => ledger));
  const report = sweepReport(first.header, cells, tallies, {
    elapsedMs: elapsedMs(),
    samplesPerSecond: null,
    startedAt,
    interrupted: from.size < units.count || lost.length > 0,
    requested: units.samples,
    details: {
      units: units.count,
      unitsFinished: from.size,
      ledgers: ledgers.length,
      unitsElapsedMs: ledgers.reduce((sum, { ledger }) => sum + ledger.elapsedMs(), 0),
    },
  });
  return lost.length === 0 ? report : { ...report, run: { ...report.run, salvaged: lost } };
}
