/**
 * `gpv demo`: a trained model on real digits; a hundred random networks; then one planted fault, to show that the
 * inequality alone passes it while the cut test names the layer. Exit 0 when everything clean is clean and the planted
 * fault was found, else 1.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAULTS, withPlanFault } from "../engine/faults.ts";
import type { FaultName } from "../engine/faults.ts";
import type { SampleSource, VerifyRequest } from "../escalation/verify.ts";
import { verify } from "../escalation/verify.ts";
import type { Network } from "../network/network.ts";
import { inputWidth } from "../network/network.ts";
import { consoleReport } from "../report/console.ts";
import { counted, duration, grouped, precise, significant } from "../report/numbers.ts";
import type { Json, Report, SampleRow, VerdictCounts } from "../escalation/results.ts";
import { VERDICT_NAMES } from "../escalation/results.ts";
import { fillInputs } from "../sampling/inputs.ts";
import type { Catch } from "../escalation/settle.ts";
import type { Arguments } from "./arguments.ts";
import { digits } from "./digits.ts";
import type { Engines } from "./engines.ts";
import { openEngines } from "./engines.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import { progressLine } from "./progress.ts";
import { drawNetwork, MOST_LAYERS, WIDEST } from "./draw-network.ts";
import { TOOL } from "./version.ts";
import { openWitnessFolder } from "./witnesses.ts";

const RANDOM_NETWORKS = 100;
const SAMPLES_EACH = 8;
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
  const { network, source, modelSource, describe } = await digits();
  await stage.io.out(`${heading("1. A trained classifier on real handwritten digits")}\n`);
  const { report } = await examine(stage, network, source, { modelSource, inputs: describe });
  await stage.io.out(consoleReport(report));
  return isClean(report.verdicts);
}

/** Part 2: networks and inputs drawn by address, counted together. */
async function randomNetworks(stage: Stage): Promise<boolean> {
  const { io, seed } = stage;
  await io.out(`\n${heading("2. A hundred random networks")}\n`);
  const totals = { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 };
  const ratios: number[] = [];
  let parameters = 0;
  for (let index = 0; index < RANDOM_NETWORKS && !io.signal.aborted; index++) {
    const network = drawNetwork(seed, index);
    const width = inputWidth(network);
    const source = drawnSource(seed, index, width);
    const { report, rows } = await examine(stage, network, source, { modelSource: `network ${String(index)}` });
    for (const name of VERDICT_NAMES) totals[name] += report.verdicts[name];
    for (const row of rows) if (row.ratio !== null && Number.isFinite(row.ratio)) ratios.push(row.ratio);
    parameters += network.layers.reduce((sum, layer) => sum + layer.outputs * (layer.inputs + 1), 0);
    io.status?.(progressLine(index + 1, RANDOM_NETWORKS, 0));
  }
  io.status?.("");
  const sorted = Float64Array.from(ratios).sort();
  const at = (p: number): string => significant(sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? null);
  await io.out(
    [
      `Depth 1 to ${String(MOST_LAYERS)}, widths 1 to ${String(WIDEST)}, every activation and initialiser in turn;`,
      `${counted(parameters, "parameter")} in all, ${String(SAMPLES_EACH)} normal inputs each (seed ${String(seed)}).`,
      "",
      ...VERDICT_NAMES.map((name) => `  ${name.padEnd(10)} ${grouped(totals[name]).padStart(5)}`),
      "",
      `  ratio left/right: min ${at(0)}, median ${at(0.5)}, max ${at(1)}`,
      "",
    ].join("\n"),
  );
  return isClean(totals);
}

/** Part 3: the same digits through an engine with one planted fault. */
async function plantedFault(stage: Stage): Promise<boolean> {
  const { network, source, modelSource, describe } = await digits();
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
    1,
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
  catches?: Catch,
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
    ...(catches === undefined ? {} : { catch: catches }),
    adjustPlan: (plan) => withPlanFault(plan, described.plant),
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
      ...(described.plant === undefined ? {} : { plant: described.plant }),
    },
  };
  const { report, failure } = await verify(request);
  if (showsProgress) io.status?.("");
  if (failure !== null) throw failure;
  return { report, rows };
}

function drawnSource(seed: number, index: number, width: number): SampleSource {
  return {
    samples: SAMPLES_EACH,
    width,
    read: (first, count) => ({
      inputs: fillInputs({ distribution: "normal", scale: 1, seed }, index * SAMPLES_EACH + first, count, width),
      labels: null,
    }),
  };
}

/** Nothing proven wrong, nothing left open. */
function isClean(verdicts: VerdictCounts): boolean {
  return verdicts.violated === 0 && verdicts.unresolved === 0 && verdicts.invalid === 0;
}

function heading(text: string): string {
  return `${text}\n${"─".repeat(text.length)}`;
}
