/**
 * How often a run at the default audit finds a fault, and how often it is claimed to.
 *
 * A run with every sample audited says which samples the audit catches, one with none which faults are found without it; a run at the default
 * looks at a batch's first and last besides. What is left to chance is which samples are drawn, and the seeds of the runs draw them by the
 * very function that a run draws by (pipeline/drawn.ts). Whole runs of some faults show that the short way is the long one: each must say what
 * its draw says.
 */
import { isAudited, shareAt } from "../../src/pipeline/drawn.ts";
import type { Report } from "../../src/records/report.ts";
import type { SampleRow } from "../../src/records/sample.ts";

export interface RunSizes {
  /** Samples of a run, and draws of it. */
  readonly samples: number;
  readonly runs: number;
  /** Index of the first sample, where it is not the scenario's own. */
  readonly first?: number;
  /** Runs that are made whole. */
  readonly whole: number;
}

export interface RunFigures {
  readonly samples: number;
  readonly runs: number;
  /** Runs in which something is found. */
  readonly flagged: number;
  /** The chance of that which is claimed: 1 where it is found without a draw, else 1 − Π (1 − share) over the samples that the audit catches. */
  readonly claimed: number;
  /** Runs that were made whole, those in which something was found, and those in which no other thing than by their draw. */
  readonly whole: { readonly runs: number; readonly flagged: number; readonly agreeing: number };
}

type Run = (audit: number | undefined, seed: number) => Promise<{ rows: readonly SampleRow[]; report: Report }>;

/** @param first index of the first sample. @param batchSize samples of a batch, the last of which may have fewer. */
export async function measureRuns(
  run: Run,
  { first, samples, batchSize }: { readonly first: number; readonly samples: number; readonly batchSize: number },
  sizes: RunSizes,
  seed: number,
): Promise<RunFigures> {
  const every = await run(1, seed);
  const caught = every.rows.filter(({ verdict }) => verdict === "violated").map(({ index }) => index);
  const undrawn = await run(0, seed);
  const isEnd = (index: number): boolean =>
    (index - first) % batchSize === 0 || (index - first) % batchSize === batchSize - 1 || index === first + samples - 1;
  // Weights, inputs at a batch's ends, the report: looked at in every run, whatever it draws.
  const ofRun = (await run(undefined, seed)).report.faults.some(({ check }) => OF_THE_RUN.has(check));
  const isCertain = isFlagged(undrawn.report) || ofRun || caught.some(isEnd);
  const finds = (own: number): boolean => isCertain || caught.some((index) => isAudited(own, index, null));
  const seeds = Array.from({ length: sizes.runs }, (_, k) => seed + k);
  const whole = { runs: sizes.whole, flagged: 0, agreeing: 0 };
  for (const own of seeds.slice(0, sizes.whole)) {
    const found = isFlagged((await run(undefined, own)).report);
    if (found) whole.flagged++;
    if (found === finds(own)) whole.agreeing++;
  }
  return {
    samples,
    runs: sizes.runs,
    flagged: seeds.filter(finds).length,
    claimed: isCertain ? 1 : 1 - caught.reduce((left, index) => left * (1 - shareAt(null, index)), 1),
    whole,
  };
}

/** Checks that look at what is no sample's. */
export const OF_THE_RUN: ReadonlySet<string> = new Set(["plan", "input", "report"]);

function isFlagged({ faults, accuracy }: Report): boolean {
  return faults.length > 0 || accuracy?.reason !== undefined;
}

/** Twice the smaller tail of a binomial distribution: how likely a count as far as this one from what is claimed is, or farther. */
export function likelihood({ runs, flagged, claimed }: Pick<RunFigures, "runs" | "flagged" | "claimed">): number {
  let [below, above] = [0, 0];
  let logarithm = 0;
  for (let k = 0; k <= runs; k++) {
    if (k > 0) logarithm += Math.log((runs - k + 1) / k);
    const ones = k === 0 ? 0 : k * Math.log(claimed);
    const zeros = k === runs ? 0 : (runs - k) * Math.log1p(-claimed);
    const chance = Math.exp(logarithm + ones + zeros);
    if (k <= flagged) below += chance;
    if (k >= flagged) above += chance;
  }
  return Math.min(1, 2 * Math.min(below, above));
}

/** Of some 160 counts none is below this once in six hundred tables. */
const LIKELY = 1e-5;

/** Whether the chance that is measured is the one that is claimed, and every whole run what its draw says. */
export function agrees(run: RunFigures): boolean {
  return likelihood(run) >= LIKELY && run.whole.agreeing === run.whole.runs;
}
