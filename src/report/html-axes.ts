/** The lists of a grid as axes of plots and tables: architectures gathered by one property, measurements aggregated. Pure functions. */
import type { Maybe, VerdictName } from "../records/kit.ts";
import type { Quantiles, VerdictCounts } from "../records/shared.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import type { ReportedArchitecture } from "../records/sweep.ts";

export interface Axis {
  /** Letters and hyphens. */
  readonly id: string;
  readonly name: string;
  readonly of: (a: ReportedArchitecture) => string | number;
  /** Whether ratio and coefficient are plotted against it. */
  readonly plotted: boolean;
}

export const AXES: readonly Axis[] = [
  { id: "depth", name: "depth", of: (a) => a.depth, plotted: true },
  { id: "width", name: "greatest width", of: (a) => a.widths.reduce((most, n) => Math.max(most, n), 0), plotted: true },
  { id: "initialiser", name: "initialiser", of: (a) => a.initialiser, plotted: true },
  { id: "activation", name: "activation", of: (a) => a.activation, plotted: true },
  { id: "scale", name: "scale", of: (a) => a.scale, plotted: false },
  { id: "head", name: "f", of: (a) => a.head, plotted: false },
  { id: "norm", name: "norm", of: (a) => a.norm, plotted: false },
  { id: "distribution", name: "inputs", of: (a) => `${a.distribution} ${String(a.inputScale)}`, plotted: false },
];

export interface Aggregate {
  readonly low: Maybe;
  readonly middle: Maybe;
  readonly high: Maybe;
  readonly dots: readonly Maybe[];
}

export interface AxisGroup {
  readonly label: string;
  readonly architectures: number;
  readonly samples: number;
  readonly verdicts: VerdictCounts;
  readonly ratio: Aggregate;
  readonly coefficient: Aggregate;
}

/** Architectures of which each has its dot. */
const MOST_DOTS = 300;
/** Values of an axis that stand alone: more numbers are gathered, neighbours together. */
const MOST_GROUPS = 40;

/** Numbers in rising order, names in the order of the grid. */
export function axisGroups(list: readonly ReportedArchitecture[], { of }: Axis): AxisGroup[] {
  const gathered = new Map<string | number, ReportedArchitecture[]>();
  for (const a of list) {
    const key = of(a);
    const known = gathered.get(key);
    if (known === undefined) gathered.set(key, [a]);
    else known.push(a);
  }
  const groups = [...gathered.entries()].sort(([a], [b]) =>
    typeof a === "number" && typeof b === "number" ? a - b : 0,
  );
  const together = Math.ceil(groups.length / MOST_GROUPS);
  const dots = list.length <= MOST_DOTS;
  return Array.from({ length: Math.ceil(groups.length / together) }, (_, i) => {
    const part = groups.slice(i * together, (i + 1) * together);
    const [first, last] = [part[0]?.[0] ?? "", part.at(-1)?.[0] ?? ""];
    const members = part.flatMap(([, architectures]) => architectures);
    return {
      label: first === last ? String(first) : `${String(first)}…${String(last)}`,
      architectures: members.length,
      samples: members.reduce((sum, a) => sum + a.samples, 0),
      verdicts: Object.fromEntries(
        VERDICT_NAMES.map((name) => [name, members.reduce((sum, a) => sum + a.verdicts[name], 0)]),
      ) as Record<VerdictName, number>,
      ratio: aggregate(
        members.map((a) => a.ratio),
        dots,
      ),
      coefficient: aggregate(
        members.map((a) => a.coefficient),
        dots,
      ),
    };
  });
}

function aggregate(list: readonly Quantiles[], dots: boolean): Aggregate {
  const rising = (key: "min" | "median" | "max"): number[] =>
    list
      .map((q) => q[key])
      .filter((v): v is number => v !== null && Number.isFinite(v))
      .sort((a, b) => a - b);
  const medians = rising("median");
  return {
    low: rising("min")[0] ?? null,
    middle: medians[Math.ceil(medians.length / 2) - 1] ?? null,
    high: rising("max").at(-1) ?? null,
    dots: dots && medians.length > 1 ? medians : [],
  };
}
