/**
 * `gpv demo`: a trained model on real digits; a hundred random networks; then one planted fault, to show that the
 * inequality alone passes it while the cut test names the layer. Exit 0 when everything clean is clean and the planted
 * fault was found, else 1.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAULTS } from "../engine/faults.ts";
import type { FaultName } from "../engine/faults.ts";
import type { SampleSource, VerifyRequest } from "../pipeline/verify.ts";
import { DEFAULT_AUDIT } from "../pipeline/drawn.ts";
import { verify } from "../pipeline/verify.ts";
import type { Network } from "../network/network.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { UsageError } from "../network/errors.ts";
import { consoleReport } from "../report/console.ts";
import { counted, duration, grouped, precise, significant } from "../report/numbers.ts";
import type { Json } from "../records/kit.ts";
import type { Report } from "../records/report.ts";
import type { SampleRow } from "../records/sample.ts";
import type { VerdictCounts } from "../records/shared.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import { cellsOf, parseGrids } from "../sweep/grid.ts";
import type { Ledger, LedgerHeader } from "../sweep/ledger.ts";
import { memoryLedger } from "../sweep/ledger.ts";
import { sweepReport } from "../sweep/report.ts";
import { runSweep } from "../sweep/run.ts";
import { unitsOf } from "../sweep/units.ts";
import type { Catch } from "../pipeline/catch.ts";
import type { Arguments } from "./arguments.ts";
import { digits } from "./digits.ts";
import { reading } from "./files.ts";
import type { Engines } from "./engines.ts";
import { openEngines } from "./engines.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import { processTimer } from "./io.ts";
import { openLedger } from "./ledger-file.ts";
import { progressLine } from "./progress.ts";
import { TOOL } from "./version.ts";
import { openWitnessFolder } from "./witnesses.ts";

/** A hundred architectures. */
const RANDOM_NETWORKS = [
  {
    depth: [1, 3],
    width: [
      [4, 9, 2],
      [16, 32, 8],
    ],
    activation: ACTIVATION_NAMES,
    initialiser: ["he"],
  },
  {
    depth: [2, 4],
    width: [
      [4, 9, 2],
      [16, 32, 8],
    ],
    activation: ["relu", "tanh"],
    initialiser: ["orthogonal", "glorot", "he", "lecun"],
  },
];
const SAMPLES_EACH = 8;
const WATCHDOG_MS = 300_000;
const FAULT: FaultName = "vjp-missing-mask";
const FAULT_SAMPLES = 200;
const ACCURACY = 1e-3;

interface Stage {
  readonly engines: Engines;
  readonly seed: number;
  readonly io: Io;
}

export async function demo({ values }: Arguments, io: Io): Promise<number> {
  const startedMs = io.now();
  const wish = { engine: values.engine, precision: null, adapter: values.adapter } as const;
  const engines = await openEngines({ ...wish, plant: null });
  io.note(`gpv: ${engines.why}`);
  let clean = true;
  try {
    const stage: Stage = { engines, seed: values.seed, io };
    for (const part of [realDigits, randomNetworks]) {
      clean = (await part(stage)) && clean;
      if (io.signal.aborted) return EXIT.interrupted;
    }
  } finally {
    engines.dispose();
  }
  const faulty = await openEngines({ ...wish, plant: FAULT });
  let found: boolean;
  try {
    found = await plantedFault({ engines: faulty, seed: values.seed, io });
  } finally {
    faulty.dispose();
  }
  if (io.signal.aborted) return EXIT.interrupted;
  const verdict = `${clean ? "everything clean is clean" : "SOMETHING CLEAN WAS NOT CLEAN"}, the planted fault ${found ? "was found" : "WAS NOT FOUND"}`;
  await io.out(`\nIn ${duration(io.now() - startedMs)}: ${verdict}.\n`);
  return clean && found ? EXIT.passed : EXIT.failed;
}

/** Part 1: the shipped model, the whole table. */
async function realDigits(stage: Stage): Promise<boolean> {
  const { network, source, modelSource, describe } = await digits(reading(stage.io));
  await stage.io.out(`${heading("1. A trained classifier on real handwritten digits")}\n`);
  const { report } = await examine(stage, network, source, { modelSource, inputs: describe });
  await stage.io.out(consoleReport(report));
  return isClean(report.verdicts);
}

/** Part 2: a hundred architectures, a network of each drawn by address; its ledger lies in a temporary folder. */
async function randomNetworks({ io, seed, engines }: Stage): Promise<boolean> {
  await io.out(`\n${heading("2. A hundred random networks")}\n`);
  const grids = parseGrids(RANDOM_NETWORKS, "the demo's grid");
  const cells = cellsOf(grids, "the demo's grid");
  const units = unitsOf(cells, SAMPLES_EACH);
  const settings = {
    grids,
    seed,
    inputsPerNetwork: SAMPLES_EACH,
    accuracy: ACCURACY,
    normMethod: "lanczos" as const,
    certify: null,
    audit: DEFAULT_AUDIT.first,
  };
  const shard = { number: 1, count: 1 };
  const header: LedgerHeader = {
    ...{ tool: TOOL, engine: engines.engine.description, settings: { ...settings, plant: null }, shard, grid: "" },
  };
  const ledger = await temporaryLedger();
  try {
    ledger.begin(header);
    const startedMs = io.now();
    const { failure } = await runSweep({
      ...{ units, settings: header.settings, shard, ledger, signal: io.signal, clock: io.now, timer: processTimer },
      open: () => Promise.resolve({ engine: engines.engine, host: engines.host, dispose: () => undefined }),
      watchdogMs: WATCHDOG_MS,
      onProgress: ({ unitsDone, units: all }) =>
        io.status?.(`units ${progressLine(unitsDone, all, io.now() - startedMs)}`),
    });
    io.status?.("");
    if (failure !== null) throw failure;
    const elapsedMs = io.now() - startedMs;
    const interrupted = io.signal.aborted;
    const timing = {
      elapsedMs,
      samplesPerSecond: null,
      startedAt: null,
      interrupted,
      requested: units.samples,
      details: {},
    };
    const { verdicts, ratio, architectures, samples, audited } = sweepReport(header, cells, ledger.tallies(), timing);
    await io.out(
      [
        `A sweep over ${counted(architectures.length, "architecture")}: each activation, depths 1 to 4, 4 initialisers;`,
        `${counted(samples, "normal input")}, ${String(SAMPLES_EACH)} for each network (seed ${String(seed)}), ${grouped(audited.samples)} of them audited.`,
        "",
        ...VERDICT_NAMES.map((name) => `  ${name.padEnd(10)} ${grouped(verdicts[name]).padStart(5)}`),
        "",
        `  ratio left/right: min ${significant(ratio.min)}, median ${significant(ratio.median)}, max ${significant(ratio.max)}`,
        "",
      ].join("\n"),
    );
    return isClean(verdicts);
  } finally {
    ledger.close();
  }
}

/** A ledger that nobody needs afterwards; in memory where SQLite is not installed. */
async function temporaryLedger(): Promise<Ledger> {
  try {
    return await openLedger("ledger", join(mkdtempSync(join(tmpdir(), "gpv-demo-")), "sweep.sqlite"));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return memoryLedger();
  }
}

/** Part 3: the same digits through an engine with one planted fault. */
async function plantedFault(stage: Stage): Promise<boolean> {
  const { network, source, modelSource, describe } = await digits(reading(stage.io));
  const some = { ...source, samples: Math.min(FAULT_SAMPLES, source.samples) };
  const { io } = stage;
  await io.out(`\n${heading("3. One planted fault, which the inequality cannot see")}\n`);
  const folder = mkdtempSync(join(tmpdir(), "gpv-demo-"));
  const witnesses = openWitnessFolder(
    folder,
    () => ({
      ...{ tool: TOOL, address: null, engine: stage.engines.engine.description },
      settings: { norm: "spectral", accuracy: ACCURACY, certify: null, seed: stage.seed, plant: FAULT },
    }),
    { most: 1 },
  );
  const described = { modelSource, inputs: describe, plant: FAULT };
  const { report, rows } = await examine(stage, network, some, described, witnesses.catch);
  const passing = rows.filter((row) => row.ratio === null || row.ratio <= 1).length;
  const noticed = passing === report.samples ? "nothing" : grouped(report.samples - passing);
  const named = report.faults.filter((fault) => fault.check === "cut");
  await io.out(
    [
      `Planted: ${FAULTS[FAULT].changes} ("${FAULT}").`,
      "",
      `  the inequality alone   ${grouped(passing)} of ${counted(report.samples, "sample")} pass: it notices ${noticed}`,
      `  all checks             ${grouped(report.verdicts.violated)} of ${grouped(report.samples)} violated`,
      ...named.map(
        (fault) => `    the cut test names   layer ${String(fault.layer)} in ${counted(fault.count, "sample")}`,
      ),
      ...(named.length === 0 ? [] : counterexample(report)),
      ...witnesses.files.flatMap((file) => [
        "",
        "  Examine it again, without the engine that failed:",
        `    gpv replay ${file}`,
      ]),
      "",
    ].join("\n"),
  );
  return report.verdicts.violated > 0 && named.length > 0;
}

/** The first sample that the cut test caught, as both sides of an equality that cannot fail. */
function counterexample(report: Report): string[] {
  const fault = report.faults.find((candidate) => candidate.check === "cut");
  const example = fault?.example;
  if (fault === undefined || example === undefined) return [];
  return [
    "",
    `  Sample ${String(example.index)}: one directional derivative of f, read off before and after layer ${String(fault.layer)};`,
    "  in exact arithmetic the two are equal:",
    `    before   ${precise(example.left)}`,
    `    after    ${precise(example.right)}`,
    `    apart    ${significant(example.margin)}, where rounding explains at most ${significant(example.bound)}`,
  ];
}

async function examine(
  { engines, seed, io }: Stage,
  network: Network,
  source: SampleSource,
  described: { modelSource: string; inputs?: string; plant?: FaultName },
  catches: Catch | null = null,
): Promise<{ report: Report; rows: SampleRow[] }> {
  const rows: SampleRow[] = [];
  const settings: { [key: string]: Json } = described.inputs === undefined ? {} : { inputs: described.inputs };
  const showsProgress = source.samples > SAMPLES_EACH;
  const startedMs = io.now();
  const request: VerifyRequest = {
    network,
    head: { kind: "logit-argmax" },
    source,
    engine: engines.engine,
    host: engines.host,
    norm: "spectral",
    accuracy: ACCURACY,
    catch: catches,
    plant: described.plant ?? null,
    seed,
    signal: io.signal,
    clock: io.now,
    onRow: (row) => rows.push(row),
    onProgress: ({ done, total }) => {
      if (showsProgress) io.status?.(progressLine(done, total, io.now() - startedMs));
    },
    description: {
      tool: TOOL,
      modelSource: described.modelSource,
      headName: "logit:argmax",
      settings,
      modelSha256: null,
      inputsSha256: null,
      startedAt: null,
      plant: described.plant ?? null,
    },
  };
  const { report, failure } = await verify(request);
  if (showsProgress) io.status?.("");
  if (failure !== null) throw failure;
  return { report, rows };
}

/** Nothing proven wrong, nothing left open. */
function isClean(verdicts: VerdictCounts): boolean {
  return verdicts.violated === 0 && verdicts.unresolved === 0 && verdicts.invalid === 0;
}

function heading(text: string): string {
  return `${text}\n${"─".repeat(text.length)}`;
}
