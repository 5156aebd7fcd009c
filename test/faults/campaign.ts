/**
 * How many faults each check finds. A planted fault *affects* a sample if a reported number moves by more than 1e-3 relatively against the
 * clean run of the same sample (on engine cpu at f64, for the faults smaller than that: past 1e-9, a thousand times the derived bounds
 * there; the looser stop rule, which leaves most estimates as they are: past 1e-6); detection looks at the faulty run alone.
 */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import { FAULTS } from "../../src/engine/faults.ts";
import type { Report } from "../../src/records/report.ts";
import type { LayerRow, SampleRow } from "../../src/records/sample.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { RunFigures, RunSizes } from "./runs.ts";
import { measureRuns, OF_THE_RUN } from "./runs.ts";
import type { Scenario } from "./scenarios.ts";
import { needsLarge, scenario, subnormalScenario } from "./scenarios.ts";

export interface FaultFigures {
  readonly name: string;
  readonly changes: string;
  readonly engine: "webgpu" | "cpu";
  readonly samples: number;
  readonly affected: number;
  /** Affected samples that a check finds at `--audit 1`. `inequality`: left > right in the reported numbers, or proven violated. */
  readonly detected: Record<(typeof COLUMNS)[number] | "all", number>;
  /** Of runs at the default audit; null where none was asked for. */
  readonly run: RunFigures | null;
}

/**
 * The checks by which a fault is found; "accuracy": the run says that more estimates of ‖J_t‖ miss than a sound iteration has; "run": of the
 * plan, the inputs or the report, which is no sample's.
 */
export const COLUMNS = ["inequality", "cut", "local", "norms", "identity", "iteration", "accuracy", "run"] as const;

export interface Engines {
  readonly kind: "webgpu" | "cpu";
  /** The engine with a fault planted, or clean. */
  readonly open: (fault: FaultName | undefined) => Promise<Engine>;
  readonly host: CpuEngine;
}

export interface Sizes {
  /** Every second fault alone, from this one on; all where left out. */
  readonly half?: 0 | 1;
  /** These alone; `flushing`: what no fault is, besides. */
  readonly names?: readonly FaultName[];
  readonly flushing?: boolean;
  /** Scenarios at audit 1, and samples of each; `large` for the faults that need a large batch, or several. */
  readonly scenarios: number;
  readonly samples: number;
  readonly large: number;
  /** Runs at the default audit. */
  readonly run: RunSizes | null;
}

const ALL_SAMPLES_AUDITED = 1;
const SEED = 3;
/** None of those with every sample audited. */
const RUN_SCENARIO = 1000;

/** Faults of which whole runs are made besides: of a chance of one per cent, of two, and of nearly 1. */
const WHOLE: ReadonlySet<string> = new Set<FaultName>(["one-in-1000-turned", "one-in-500-turned", "slopes-at-hidden"]);

/** Faults that touch so few samples of a run that the default audit is not promised to see them: what it sees is its share of them. */
export const RARE: ReadonlySet<string> = new Set<FaultName>(["one-in-500-turned", "one-in-1000-turned"]);

/** What the project promises: 99 % of the affected samples with every sample audited, 99 % of the runs at the default audit. */
export function isFound({ name, affected, detected, run }: FaultFigures): boolean {
  const isSeen = run === null || RARE.has(name) || run.flagged >= 0.99 * run.runs;
  return affected > 0 && detected.all >= 0.99 * affected && isSeen;
}

/** @param clean an engine without a fault. */
export async function measureFault(
  engines: Engines,
  clean: Engine,
  name: FaultName,
  sizes: Sizes,
): Promise<FaultFigures> {
  const faulty = await engines.open(name);
  const detected = { ...Object.fromEntries(COLUMNS.map((c) => [c, 0])), all: 0 } as FaultFigures["detected"];
  let samples = 0;
  let affected = 0;
  let run: RunFigures | null = null;
  try {
    for (let index = 0; index < sizes.scenarios; index++) {
      const drawn = scenario(name, index, needsLarge(name) ? sizes.large : sizes.samples);
      const right = await rowsOf(engines, clean, drawn, undefined, 0, SEED);
      const wrong = await rowsOf(engines, faulty, drawn, name, ALL_SAMPLES_AUDITED, SEED);
      const ofRun = wrong.report.faults.some(({ check }) => OF_THE_RUN.has(check));
      const isInaccurate = wrong.report.accuracy?.reason !== undefined;
      if (name.startsWith("report-")) {
        // No row moves: the report is what is affected.
        samples++;
        affected++;
        for (const counter of ["run", "all"] as const) if (ofRun) detected[counter]++;
        continue;
      }
      wrong.rows.forEach((row, i) => {
        samples++;
        if (!isAffected(right.rows[i] as SampleRow, row, threshold(name))) return;
        affected++;
        count(detected, row, ofRun, isInaccurate);
      });
    }
    if (sizes.run !== null) {
      const own = scenario(name, RUN_SCENARIO, sizes.run.samples);
      const drawn = sizes.run.first === undefined ? own : { ...own, firstIndex: sizes.run.first };
      const batchSize = drawn.batchSize ?? faulty.batchSize(planOf(drawn, engines.kind));
      run = await measureRuns(
        (audit, seed) => rowsOf(engines, faulty, drawn, name, audit, seed),
        { first: drawn.firstIndex ?? 0, samples: sizes.run.samples, batchSize },
        WHOLE.has(name) ? sizes.run : { ...sizes.run, whole: 0 },
        SEED,
      );
    }
  } finally {
    faulty.dispose();
  }
  const { changes } = FAULTS[name];
  return { name, changes, engine: engines.kind, samples, affected, detected, run };
}

/** Samples of a clean run through subnormal numbers with flushing switched on, all audited; `violated` or `unresolved` is a false alarm. */
export async function measureFlushing(
  engines: Engines,
  scenarios: number,
  samples: number,
): Promise<{ samples: number; falseAlarms: number }> {
  const engine = await engines.open("subnormals-flushed");
  let falseAlarms = 0;
  let total = 0;
  for (let index = 0; index < scenarios; index++) {
    const drawn = subnormalScenario(index, samples);
    const { report } = await rowsOf(engines, engine, drawn, undefined, ALL_SAMPLES_AUDITED, SEED);
    total += report.samples;
    falseAlarms += Math.max(report.verdicts.violated, report.faults.length) + report.verdicts.unresolved;
  }
  engine.dispose();
  return { samples: total, falseAlarms };
}

/** For the size of its batches. */
function planOf({ network, head }: Scenario, kind: Engines["kind"]): Plan {
  const precision = kind === "cpu" ? "f64" : "f32";
  return makePlan(network, { head, precision, norm: "spectral", accuracy: 1e-3, seed: SEED });
}

async function rowsOf(
  engines: Engines,
  engine: Engine,
  { network, head, source, batchSize, firstIndex }: Scenario,
  plant: FaultName | undefined,
  audit: number | undefined,
  seed: number,
): Promise<{ rows: SampleRow[]; report: Report }> {
  const rows: SampleRow[] = [];
  const { report, failure } = await verify({
    network,
    head,
    source,
    engine,
    host: engines.host,
    norm: "spectral",
    accuracy: 1e-3,
    seed,
    ...(audit === undefined ? {} : { audit }),
    ...(plant === undefined ? {} : { plant }),
    ...(firstIndex === undefined ? {} : { firstIndex }),
    ...(batchSize === undefined ? {} : { batchSize }),
    onRow: (row) => rows.push(row),
  });
  if (failure !== null) throw failure;
  return { rows, report };
}

function threshold(name: FaultName): number {
  const small = ["input-gradient-1e-4", "input-gradient-1e-5", "input-gradient-1e-6"];
  if (name === "iteration-stop-loose") return 1e-6;
  // 0.999 and 1.001 move a number by 1e-3 itself.
  return small.includes(name) ? 1e-9 : 1e-3 * (1 - 1e-6);
}

const NUMBERS = [
  "value",
  "inputGradientNorm",
  "parameterGradientNorm",
  "lhs",
  "rhs",
  "ratio",
  "coefficient",
] as const satisfies readonly (keyof SampleRow)[];

const LAYER_NUMBERS = [
  "hiddenNorm",
  "weightNorm",
  "jacobianNorm",
  "jacobianNormLower",
  "jacobianNormUpper",
  "weightGradientNorm",
  "biasGradientNorm",
  "tightness",
  "directionalTightness",
  "alignmentWeight",
  "alignmentJacobian",
  "cutResidual",
] as const satisfies readonly (keyof LayerRow)[];

function isAffected(clean: SampleRow, faulty: SampleRow, by: number): boolean {
  const moved = (a: unknown, b: unknown): boolean => {
    const x = typeof a === "number" ? a : NaN;
    const y = typeof b === "number" ? b : NaN;
    if (Number.isFinite(x) !== Number.isFinite(y)) return true;
    return Math.abs(x - y) > by * Math.abs(x);
  };
  return (
    NUMBERS.some((name) => moved(clean[name], faulty[name])) ||
    clean.layers.some((layer, i) => LAYER_NUMBERS.some((name) => moved(layer[name], faulty.layers[i]?.[name])))
  );
}

function count(detected: FaultFigures["detected"], row: SampleRow, ofRun: boolean, isInaccurate: boolean): void {
  const checks = new Set((row.violations ?? []).map((v) => v.check));
  const found = {
    inequality: checks.has("inequality") || checks.has("zero-factor") || (row.ratio ?? 0) > 1,
    cut: checks.has("cut"),
    local: checks.has("local") || checks.has("replay"),
    norms: checks.has("norms"),
    identity: checks.has("identity"),
    iteration: checks.has("iteration"),
    accuracy: isInaccurate,
    run: ofRun,
  };
  for (const [name, seen] of Object.entries(found)) if (seen) detected[name as keyof typeof found]++;
  if (row.verdict === "violated" || ofRun || isInaccurate) detected.all++;
}
