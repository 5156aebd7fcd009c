/** Grids B and C and the corner → what claim 3 is decided by. */
import type { Change } from "../../../src/training/experiments/decisions.ts";
import { alignment, change, orderOf, prefersLess, response } from "../../../src/training/experiments/decisions.ts";
import { batchSquare } from "../../../src/training/experiments/matched.ts";
import type { Interval } from "../../../src/training/experiments/statistics.ts";
import {
  average,
  bootstrap,
  bootstrapMean,
  bootstrapRatio,
  spearman,
} from "../../../src/training/experiments/statistics.ts";
import type { ComplexityRun, LevelFound } from "./complexity.ts";
import type { CornerRun } from "./corner.ts";
import type { Arm, Comparison } from "./sets.ts";

/** One seed's run of an arm; null where it is not made. */
export type Read = (arm: string, seed: number) => ComplexityRun | null;

/** Where the runs of a comparison are. */
export interface Results {
  readonly seeds: readonly number[];
  /** Of the training set. */
  readonly samples: number;
  readonly read: Read;
  /** Has the runs of the flow. */
  readonly flow: Read;
}

export const QUANTITIES = ["energy", "geometric"] as const;
export type Quantity = (typeof QUANTITIES)[number];

export interface Against {
  readonly level: number;
  /** Log of the arm's over the flow's. */
  readonly energy: Interval;
  readonly geometric: Interval;
  readonly each: Interval;
  readonly full: Interval;
  /** Of G_B, B the arm's. */
  readonly batch: Interval;
  readonly changes: Readonly<Record<Quantity | "each" | "batch", Change>>;
  /** rate × λ_max, mean over the seeds. */
  readonly sharpness: number;
  /** (h/4) G_B of the flow, mean over the seeds. */
  readonly pressure: number;
  /** log energy ratio of each seed. */
  readonly seeds: Readonly<Record<Quantity, readonly number[]>>;
}

export interface ComparisonSummary {
  readonly levels: readonly number[];
  readonly arms: Readonly<Record<string, readonly Against[]>>;
  readonly cosines: Readonly<Record<"each" | "full", Interval & { readonly word: string }>>;
  /** Per level, of the flow. */
  readonly cosineLevels: readonly { readonly level: number; readonly each: Interval; readonly full: Interval }[];
  readonly order: Readonly<Record<Quantity, Interval & { readonly word: string }>>;
  readonly decision: Readonly<Record<Quantity, ReturnType<typeof prefersLess>>>;
  readonly unreached: number;
}

const sizeOf = ({ batch }: Arm, samples: number): number => (batch === "full" ? samples : batch);

function levelOf(run: ComplexityRun | null, level: number): LevelFound | null {
  return run?.levels.find((one) => one.level === level) ?? null;
}

export function summariseComparison({ levels, arms }: Comparison, results: Results): ComparisonSummary {
  const { seeds, read, flow } = results;
  const others = arms.filter(({ optimiser }) => optimiser !== "flow");
  const against = Object.fromEntries(
    others.map((arm) => [arm.name, levels.map((level) => compare(arm, level, results))]),
  );
  const lowest = levels.at(-1) as number;
  const onFlow = (of: (found: LevelFound) => number, list = levels): Interval =>
    bootstrapMean(
      seeds.flatMap((seed) => {
        const found = list.map((level) => levelOf(flow("flow", seed), level));
        return found.every((one) => one !== null) ? [average(found.map(of))] : [];
      }),
    );
  const order = (quantity: Quantity) => {
    const found = bootstrapMean(seeds.flatMap((seed) => orderOfSeed(others, lowest, seed, results, quantity)));
    return { ...found, word: orderOf(found) };
  };
  const cosine = (of: (found: LevelFound) => number) => {
    const found = onFlow(of);
    return { ...found, word: alignment(found) };
  };
  const decision = (quantity: Quantity) =>
    prefersLess(topArms(others).map(({ name }) => (against[name]?.at(-1) as Against).changes[quantity]));
  return {
    ...{ levels, arms: against },
    cosines: { each: cosine(({ cosEach }) => cosEach), full: cosine(({ cosFull }) => cosFull) },
    cosineLevels: levels.map((level) => ({
      ...{ level, each: onFlow(({ cosEach }) => cosEach, [level]), full: onFlow(({ cosFull }) => cosFull, [level]) },
    })),
    order: { energy: order("energy"), geometric: order("geometric") },
    decision: { energy: decision("energy"), geometric: decision("geometric") },
    unreached: seeds.flatMap((seed) =>
      arms.filter(({ name }) => levelOf(read(name, seed), lowest) === null && read(name, seed) !== null),
    ).length,
  };
}

/** The largest rate of each batch size. */
function topArms(arms: readonly Arm[]): Arm[] {
  const top = new Map<Arm["batch"], Arm>();
  for (const arm of arms) if ((top.get(arm.batch)?.rate ?? 0) < arm.rate) top.set(arm.batch, arm);
  return [...top.values()];
}

/** The flow's pressure and the arm's log ratio, both of one seed. */
function pressureOf(arm: Arm, { full, each }: LevelFound, samples: number): number {
  return (arm.rate / 4) * batchSquare(full, each, sizeOf(arm, samples), samples);
}

function orderOfSeed(
  arms: readonly Arm[],
  level: number,
  seed: number,
  { samples, read, flow }: Results,
  quantity: Quantity,
): number[] {
  const reference = levelOf(flow("flow", seed), level);
  const found = arms.map((arm) => levelOf(read(arm.name, seed), level));
  if (reference === null || arms.length < 3 || found.some((one) => one === null)) return [];
  const pressures = arms.map((arm) => pressureOf(arm, reference, samples));
  return [
    spearman(
      pressures,
      found.map((one) => Math.log((one as LevelFound)[quantity] / reference[quantity])),
    ),
  ];
}

function compare(arm: Arm, level: number, { seeds, samples, read, flow }: Results): Against {
  const pairs = seeds.flatMap((seed) => {
    const [own, reference] = [levelOf(read(arm.name, seed), level), levelOf(flow("flow", seed), level)];
    return own === null || reference === null ? [] : [{ own, reference }];
  });
  const logs = (of: (found: LevelFound) => number): number[] =>
    pairs.map(({ own, reference }) => Math.log(of(own) / of(reference)));
  const batch = ({ full, each }: LevelFound): number => batchSquare(full, each, sizeOf(arm, samples), samples);
  const found = {
    energy: bootstrapMean(logs(({ energy }) => energy)),
    geometric: bootstrapMean(logs(({ geometric }) => geometric)),
    each: bootstrapMean(logs(({ each }) => each)),
    full: bootstrapMean(logs(({ full }) => full)),
    batch: bootstrapMean(logs(batch)),
  };
  return {
    ...{ level, ...found },
    changes: {
      ...{ energy: change(found.energy), geometric: change(found.geometric) },
      ...{ each: change(found.each), batch: change(found.batch) },
    },
    sharpness: arm.rate * average(pairs.map(({ own }) => own.lambda)),
    pressure: average(pairs.map(({ reference }) => pressureOf(arm, reference, samples))),
    seeds: { energy: logs(({ energy }) => energy), geometric: logs(({ geometric }) => geometric) },
  };
}

export interface DoseSummary {
  readonly level: number;
  /** Logs of P_θ, P_x, G_N and the geometric complexity over those without a penalty. */
  readonly a: Interval;
  readonly b: Interval;
  readonly full: Interval;
  readonly geometric: Interval;
  /** Null where a's interval holds 0. */
  readonly elasticity: (Interval & { readonly word: string }) | null;
  readonly presses: Change;
  readonly seeds: { readonly a: readonly number[]; readonly b: readonly number[] };
}

/** @param plain the same arm without penalty. */
export function summariseDoses(
  { levels, arms }: Comparison,
  seeds: readonly number[],
  read: Read,
  plain: (seed: number) => ComplexityRun | null,
): Record<string, readonly DoseSummary[]> {
  return Object.fromEntries(
    arms.map(({ name }) => [
      name,
      levels.map((level): DoseSummary => {
        const pairs = seeds.flatMap((seed) => {
          const [own, reference] = [levelOf(read(name, seed), level), levelOf(plain(seed), level)];
          return own === null || reference === null ? [] : [{ own, reference }];
        });
        const logs = (quantity: "energy" | "each" | "full" | "geometric"): number[] =>
          pairs.map(({ own, reference }) => Math.log(own[quantity] / reference[quantity]));
        const [b, a] = [logs("energy"), logs("each")];
        const [ofA, ofB] = [bootstrapMean(a), bootstrapMean(b)];
        const e = bootstrapRatio(b, a);
        const hasNone = !(ofA.lower > 0 || ofA.upper < 0);
        return {
          ...{ level, a: ofA, b: ofB, full: bootstrapMean(logs("full")), geometric: bootstrapMean(logs("geometric")) },
          elasticity: hasNone ? null : { ...e, word: response(e) },
          ...{ presses: change(ofB), seeds: { a, b } },
        };
      }),
    ]),
  );
}

export interface CornerSummary {
  /** Of each published start. */
  readonly starts: readonly CornerRun[];
  readonly network: { readonly toFlow: Interval; readonly toModified: Interval };
  readonly networks: readonly CornerRun[];
}

export function summariseCorner(starts: readonly CornerRun[], networks: readonly CornerRun[]): CornerSummary {
  const of = (own: (run: CornerRun) => number): Interval =>
    bootstrap(networks.length, (indices) => average(indices.map((i) => own(networks[i] as CornerRun))));
  return { starts, networks, network: { toFlow: of((run) => run.toFlow), toModified: of((run) => run.toModified) } };
}
