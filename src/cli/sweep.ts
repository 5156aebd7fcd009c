/**
 * `gpv sweep`: a grid of random networks × inputs, kept in a ledger unit by unit. Stages: grid → ledger → engine → units → report.
 * What the ledger holds already is not made again; a report is made from the ledger alone.
 */
import { existsSync, statSync } from "node:fs";
import { FAULTS } from "../engine/faults.ts";
import { footprint } from "../engine/footprint.ts";
import { mebibytes } from "../formats/budget.ts";
import { FormatError, UsageError } from "../network/errors.ts";
import { counted } from "../report/numbers.ts";
import { formatAddress } from "../sweep/case.ts";
import type { Cells } from "../sweep/grid.ts";
import { cellsOf, largestOf } from "../sweep/grid.ts";
import type { Ledger, LedgerHeader, Shard, SweepSettings } from "../sweep/ledger.ts";
import { checkSameSweep, shardText } from "../sweep/ledger.ts";
import { sweepReport } from "../sweep/report.ts";
import type { SweepReport } from "../records/sweep.ts";
import type { SweepOutcome } from "../sweep/run.ts";
import { runSweep, shardUnits, UNITS_IN_FLIGHT } from "../sweep/run.ts";
import type { Units } from "../sweep/units.ts";
import { unitsOf } from "../sweep/units.ts";
import type { Arguments } from "./arguments.ts";
import type { Engines } from "./engines.ts";
import { openEngines, recoveryOf, restartFirst } from "./engines.ts";
import { EXIT, exitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { processTimer } from "./io.ts";
import { openLedger } from "./ledger-file.ts";
import { shellWord } from "./shell.ts";
import { makeFolder } from "./outputs.ts";
import { progressLine } from "./progress.ts";
import { ledgerFiles, unitFiles, witnessFiles } from "./same-file.ts";
import { shrinkSmallest } from "./shrink-smallest.ts";
import type { SweepOutputs } from "./sweep-outputs.ts";
import { openSweepOutputs, openUnitRows } from "./sweep-outputs.ts";
import type { SweepGrids } from "./sweep-options.ts";
import { gridsOf } from "./sweep-options.ts";
import { TOOL } from "./version.ts";
import type { WitnessFolder } from "./witnesses.ts";
import { checkWitnessOptions, openWitnessFolder, witnessNote } from "./witnesses.ts";

const WHOLE: Shard = { number: 1, count: 1 };

export async function sweepCommand(args: Arguments, io: Io): Promise<number> {
  const { values } = args;
  checkWitnessOptions(args);
  await restartFirst(values);
  const grids = await gridsOf(args, io);
  if (grids !== null) checkMemory(grids, values.maxMemory);
  if (grids === null && values.resume !== true) {
    throw new UsageError(
      "Found neither --preset nor --grid: expected --preset smoke, --grid FILE, or --resume with a ledger",
    );
  }
  const others = [
    { option: "grid", file: values.grid, output: false },
    ...ledgerFiles("ledger", values.ledger),
    ...[witnessFiles(values.witnesses), unitFiles(values.samples)],
  ];
  const outputs = openSweepOutputs(args, others, io);
  try {
    for (const option of ["witnesses", "samples"] as const) {
      const folder = values[option];
      if (folder !== null) makeFolder(option, folder);
    }
    return await withLedger(args, grids, outputs, io);
  } catch (error) {
    outputs.abandon();
    throw error;
  }
}

/** What a run of units (sweep/units.ts) and an architecture in the report take, at least. */
const ARCHITECTURE_BYTES = 2048;

/** @throws FormatError for combinations that cannot be made, and for more of them, or larger ones, than there is memory for. */
function checkMemory({ grids, source }: SweepGrids, limit: number): void {
  const refuse = (what: string, bytes: number): void => {
    if (bytes <= limit) return;
    throw new FormatError(
      `${source}: found ${what}, which take ${mebibytes(bytes)}, expected at most ${mebibytes(limit)}; raise it with --max-memory`,
    );
  };
  const { length } = cellsOf(grids, source);
  refuse(`${String(length)} architectures`, ARCHITECTURE_BYTES * length);
  const { shape, bytes } = largestOf(grids, footprint);
  const { depth, inputs, hidden, outputs } = shape;
  refuse(
    `networks of ${String(depth)} layers, ${[inputs, hidden, outputs].join("-")}, ${String(UNITS_IN_FLIGHT)} at once`,
    UNITS_IN_FLIGHT * bytes,
  );
}

/** A sweep with its ledger open. */
interface OpenSweep {
  readonly ledger: Ledger;
  readonly header: LedgerHeader;
  readonly cells: Cells;
  readonly units: Units;
  readonly threads: number;
  readonly startedMs: number;
  readonly startedAt: string;
}

async function withLedger(args: Arguments, grids: SweepGrids | null, outputs: SweepOutputs, io: Io): Promise<number> {
  const { values } = args;
  const startedMs = io.now();
  const startedAt = io.date();
  const known = await knownHeader(args, grids);
  const settings = known === null ? newSettings(args, grids) : known.settings;
  const plant = settings.plant as Arguments["values"]["plant"];
  // The engine comes before the ledger is held: it may start the process again.
  const wish = { engine: values.engine, precision: null, adapter: values.adapter, plant };
  const first = await openEngines(withPinned(wish, known, args), recoveryOf(values, io));
  const { threads } = first;
  io.note(`gpv: ${first.why}`);
  if (plant !== null) io.note(`gpv: WARNING: planted fault "${plant}" is switched on: ${FAULTS[plant].changes}`);
  const header: LedgerHeader = {
    tool: TOOL,
    engine: first.engine.description,
    settings,
    shard: known?.shard ?? values.shard ?? WHOLE,
    grid: grids?.command ?? known?.grid ?? "",
  };
  let ledger: Ledger | null = null;
  try {
    ledger = await openLedger("ledger", values.ledger);
    const found = ledger.header();
    if (found === null) ledger.begin(header);
    else checkSameSweep(found, header, values.ledger);
    const cells = cellsOf(settings.grids, grids?.source ?? values.ledger);
    const units = unitsOf(cells, settings.inputsPerNetwork);
    const witnesses = openSweepWitnesses(args, header);
    const sweep: OpenSweep = { ledger, header, cells, units, threads, startedMs, startedAt };
    let opened = 0;
    const outcome = await runUnits(args, sweep, witnesses, io, () =>
      opened++ === 0 ? Promise.resolve(first) : openEngines(withPinned(wish, header, args), recoveryOf(values, io)),
    );
    const report = makeReport(sweep, outcome.samples, io);
    await outputs.publish(report, header.grid);
    if (witnesses !== null) await examineWitnesses(args, header, witnesses, io);
    const lost = witnesses?.lost() ?? null;
    if (lost !== null) throw lost;
    if (outcome.failure !== null) {
      io.note(
        `gpv: ${outcome.failure.message} (kept: ${counted(ledger.finished().length, "finished unit")}; go on with --resume)`,
      );
      return EXIT.device;
    }
    if (!outcome.complete) io.note(`gpv: go on with: gpv sweep --resume --ledger ${shellWord(values.ledger)}`);
    return exitCode(report, values.failOn ?? []);
  } finally {
    first.dispose();
    ledger?.close();
  }
}

/**
 * What the ledger holds already, checked against the options that are given; null: nothing, the sweep is new.
 * @throws UsageError where there is something and --resume is not given.
 */
async function knownHeader(args: Arguments, grids: SweepGrids | null): Promise<LedgerHeader | null> {
  const { values } = args;
  const isThere = existsSync(values.ledger) && statSync(values.ledger).size > 0;
  if (!isThere) {
    if (grids === null) {
      throw new UsageError(
        `--ledger ${values.ledger}: found no ledger to resume, expected one, or --preset or --grid for a new sweep`,
      );
    }
    return null;
  }
  const ledger = await openLedger("ledger", values.ledger);
  try {
    const header = ledger.header();
    if (header === null) {
      if (grids !== null) return null;
      throw new UsageError(
        `--ledger ${values.ledger}: found a ledger without settings, expected --preset or --grid too`,
      );
    }
    if (values.resume !== true) {
      throw new UsageError(
        `--ledger ${values.ledger}: holds a sweep already: expected --resume to go on with it, or another --ledger`,
      );
    }
    const wanted: LedgerHeader = {
      ...header,
      tool: TOOL,
      settings: { ...header.settings, ...givenSettings(args, grids) },
      shard: values.shard ?? header.shard,
    };
    checkSameSweep(header, wanted, values.ledger);
    return header;
  } finally {
    ledger.close();
  }
}

function newSettings({ values }: Arguments, grids: SweepGrids | null): SweepSettings {
  if (grids === null) throw new UsageError("Found neither --preset nor --grid");
  const { seed, accuracy, normMethod, certify, plant } = values;
  const { inputsPerNetwork, audit } = grids;
  return { grids: grids.grids, inputsPerNetwork, seed, accuracy, normMethod, certify, audit, plant };
}

/** The settings that the options name; those at their defaults are not among them. */
function givenSettings({ values, given }: Arguments, grids: SweepGrids | null): Partial<SweepSettings> {
  const named = (["seed", "accuracy", "normMethod", "certify", "audit", "plant"] as const).filter((key) =>
    given.has(key),
  );
  return {
    ...(grids === null ? {} : { grids: grids.grids, inputsPerNetwork: grids.inputsPerNetwork, audit: grids.audit }),
    ...(grids === null && values.inputsPerNetwork !== null ? { inputsPerNetwork: values.inputsPerNetwork } : {}),
    ...Object.fromEntries(named.map((key) => [key, values[key]])),
  };
}

type Wish = Parameters<typeof openEngines>[0];

/** Without a wish of the user's, the kind of engine that the ledger was begun with. */
function withPinned(wish: Wish, header: LedgerHeader | null, { given }: Arguments): Wish {
  if (header === null || given.has("engine") || given.has("adapter")) return wish;
  return { ...wish, engine: header.engine.kind };
}

function openSweepWitnesses({ values }: Arguments, { engine, settings }: LedgerHeader): WitnessFolder | null {
  if (values.witnesses === null) return null;
  const { accuracy, normMethod, certify, plant } = settings;
  const origin = {
    ...{ tool: TOOL, engine, address: null },
    settings: { norm: "spectral", accuracy, normMethod, certify, seed: settings.seed, plant },
  } as const;
  return openWitnessFolder(values.witnesses, () => origin, { verdicts: values.witnessVerdicts });
}

async function runUnits(
  args: Arguments,
  { ledger, header, units }: OpenSweep,
  witnesses: WitnessFolder | null,
  io: Io,
  open: () => Promise<Engines>,
): Promise<SweepOutcome> {
  const { settings, shard } = header;
  const startedMs = io.now();
  const before = ledger.finished().length;
  const outcome = await runSweep({
    ...{ units, settings, shard, ledger, open },
    clock: io.now,
    timer: processTimer,
    watchdogMs: 1000 * args.values.watchdog,
    signal: io.signal,
    onProgress: (progress) => {
      const elapsedMs = io.now() - startedMs;
      io.status?.(`units ${progressLine(progress.unitsDone - before, progress.units - before, elapsedMs)}`);
    },
    onFailure: (message) => {
      io.note(`gpv: ${message}`);
    },
    ...(args.values.samples === null ? {} : { onUnit: openUnitRows(args.values.samples, settings.seed) }),
    ...(witnesses === null
      ? {}
      : {
          catch: ({ network }, request) =>
            witnesses.catchAs((sample) => {
              const { norm, seed } = request;
              return { address: formatAddress({ seed: settings.seed, network, sample }), norm, seed };
            }),
        }),
  });
  io.status?.("");
  return outcome;
}

/** @param samples examined in this run. */
function makeReport(sweep: OpenSweep, samples: number, io: Io): SweepReport {
  const { ledger, header, cells, units, threads, startedMs, startedAt } = sweep;
  const done = ledger.finished();
  const total = shardUnits(units, header.shard);
  const elapsedMs = io.now() - startedMs;
  return sweepReport(header, cells, ledger.tallies(), {
    elapsedMs,
    samplesPerSecond: elapsedMs > 0 ? (1000 * samples) / elapsedMs : null,
    startedAt,
    interrupted: done.length < total,
    requested: units.samples,
    details: {
      threads,
      units: total,
      unitsFinished: done.length,
      unitsElapsedMs: ledger.elapsedMs(),
      shard: shardText(header.shard),
    },
  });
}

/** The smallest witness of a violation, reduced further: what a bug report needs. */
async function examineWitnesses(
  args: Arguments,
  header: LedgerHeader,
  witnesses: WitnessFolder,
  io: Io,
): Promise<void> {
  const { files, folder } = witnesses;
  io.note(witnessNote(files, args.values.witnessVerdicts));
  if (files.length === 0 || io.signal.aborted) return;
  const shrunk = await shrinkSmallest(files, folder, header, args.values.adapter, io);
  if (shrunk !== null) io.note(`gpv: and the smallest of them reduced: gpv replay ${shellWord(shrunk)}`);
}
