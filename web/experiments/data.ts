/** The five main figures of docs/experiments.md and the runs behind them. `npm run evidence -- experiments` makes both files. */
import figuresUrl from "../../docs/evidence/experiments-figures.json?url";
import runsUrl from "../../docs/evidence/experiments-runs.json?url";
import { messages } from "../i18n/language.ts";

export interface FiguresData {
  readonly seeds: number;
  readonly runs: number;
  readonly figures: readonly FigureData[];
}

/** Mean over the seeds and its 95 % bootstrap interval, of a series of the figure. */
export type MarkData = readonly [series: number, mean: number, lower: number, upper: number];

export interface FigureData {
  readonly name: "norms" | "shares" | "equal-loss" | "doses" | "corner";
  readonly axis: {
    readonly from: number;
    readonly to: number;
    readonly scale: "log" | "linear";
    readonly ticks: readonly number[];
  };
  /** Values with a line of their own: the bounds of a rule. */
  readonly rules: readonly number[];
  readonly series: readonly string[];
  /** What the protocol's rules made of the claim, and of its parts. */
  readonly verdicts: Readonly<Record<"claim", string>> & Readonly<Record<string, string>>;
  readonly rows: readonly RowData[];
}

export interface RowData {
  /** "base", "base 16-0.2", "input:0.1" */
  readonly name: string;
  /** Key of the runs behind it. */
  readonly runs: string;
  /** No claim is decided over it. */
  readonly control: boolean;
  readonly verdict: readonly string[];
  readonly marks: readonly MarkData[];
}

/** One setting, run with every seed. */
export interface RunsData {
  readonly kind: "norms" | "levels" | "corner";
  /** Widths, from the input on. */
  readonly sizes: string;
  readonly activation: string;
  readonly data: "digits" | "regression" | "random-labels" | "drawn" | "pair";
  readonly optimiser: "sgd" | "adam" | "flow";
  readonly batch: number | "full";
  /** Of the flow the step of its integration; null where each run has several. */
  readonly rate: number | null;
  readonly weightDecay: number;
  /** "input:0.1" */
  readonly penalty: string | null;
  /** Null where each seed's run ends where it has reached the last level. */
  readonly steps: number | null;
  /** What trains it again; null where `gpv train` has no such rule. */
  readonly command: string | null;
  readonly seeds: readonly number[];
  /** Time, level of loss or rate: one row for all seeds, or one for each. */
  readonly x: readonly (readonly number[])[];
  /** A row for each seed; null where a level was not reached. */
  readonly series: Readonly<Record<string, readonly (readonly (number | null)[])[]>>;
  /** Key of the runs that these are laid against. */
  readonly against: string | null;
}

export type AllRuns = Readonly<Record<string, RunsData>>;

export const fetchFigures = (): Promise<FiguresData> => jsonOf(figuresUrl);
export const fetchRuns = (): Promise<AllRuns> => jsonOf(runsUrl);

/** @throws Error in a line where the server does not give it. */
async function jsonOf<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(messages().own.refused(url, response.status));
  return (await response.json()) as T;
}
