/** What is proven of a block of samples, in columns: one entry a sample, lists over layers indexed t − 1. */
import type { Interval } from "../engine/interval.ts";
import { NO_POOL } from "../engine/memory.ts";
import type { Verdict } from "./verdict.ts";
import { codeOf, verdictOf } from "./verdict.ts";

/** How the upper end of ‖J_t‖ was had. */
export const UPPER_KINDS = ["identity", "product", "explicit-frobenius", "explicit-spectral"] as const;
export type UpperKind = (typeof UPPER_KINDS)[number];

export interface Findings {
  readonly depth: number;
  readonly samples: number;
  /** `CODE`; what a verdict says besides follows from its bracket (`verdictOf`), or stands in `special`. */
  readonly verdict: readonly Uint8Array[];
  /** Proven bracket of κ_t. */
  readonly tightnessLower: readonly Float64Array[];
  readonly tightnessUpper: readonly Float64Array[];
  /** Of ‖J_t‖₂, which serves the error sums. */
  readonly spectralLower: readonly Float64Array[];
  readonly spectralUpper: readonly Float64Array[];
  /** Of ‖J_t‖ in the norm that the inequality speaks of. */
  readonly statementLower: readonly Float64Array[];
  readonly statementUpper: readonly Float64Array[];
  /** Places in UPPER_KINDS. */
  readonly kind: readonly Uint8Array[];
  /** E_t / N_g. */
  readonly restartError: readonly Float64Array[];
  /** What the columns do not say, by sample · depth + t − 1: violations and invalid samples in words, brackets that are empty. */
  readonly special: Map<number, Special>;
}

export interface Special {
  readonly verdict: Verdict | null;
  /** A proven lower bound of ‖J_t‖ that lies above a proven upper one: one of the norms that they were made of is wrong. */
  readonly contradiction: Interval | null;
}

/** Bounds of J_t: `spectral` serves the error sums, `statement` is the norm that the inequality speaks of. */
export interface JacobianBounds {
  readonly spectral: Interval;
  readonly statement: Interval;
  readonly kind: UpperKind;
  readonly contradiction: Interval | null;
}

/** What is proven of layer t of one sample. */
export interface LayerFinding {
  readonly verdict: Verdict;
  readonly tightness: Interval;
  readonly jacobian: JacobianBounds;
  readonly restartError: number;
}

/** Lists of f64 columns, and of codes, in `Findings`. */
const NUMBERS = 7;
const CODES = 2;

/** @param pool where its memory comes from. */
export function createFindings(depth: number, samples: number, pool = NO_POOL): Findings {
  // One buffer each, which can be handed to another thread.
  const f64 = new Float64Array(pool.take(8 * NUMBERS * depth * samples));
  const u8 = new Uint8Array(pool.take(CODES * depth * samples));
  let [f64Next, u8Next] = [0, 0];
  const numbers = (): Float64Array[] =>
    Array.from({ length: depth }, () => f64.subarray(f64Next, (f64Next += samples)));
  const codes = (): Uint8Array[] => Array.from({ length: depth }, () => u8.subarray(u8Next, (u8Next += samples)));
  return {
    depth,
    samples,
    verdict: codes(),
    tightnessLower: numbers(),
    tightnessUpper: numbers(),
    spectralLower: numbers(),
    spectralUpper: numbers(),
    statementLower: numbers(),
    statementUpper: numbers(),
    kind: codes(),
    restartError: numbers(),
    special: new Map(),
  };
}

const number = (columns: readonly Float64Array[], i: number, at: number): number =>
  (columns[i] as Float64Array)[at] as number;

/** Layer t = i + 1 of sample `at`. */
export function findingAt(f: Findings, i: number, at: number): LayerFinding {
  const own = f.special.get(at * f.depth + i);
  const tightness = { lower: number(f.tightnessLower, i, at), upper: number(f.tightnessUpper, i, at) };
  return {
    verdict: own?.verdict ?? verdictOf((f.verdict[i] as Uint8Array)[at] as number, tightness, i + 1),
    tightness,
    jacobian: {
      spectral: { lower: number(f.spectralLower, i, at), upper: number(f.spectralUpper, i, at) },
      statement: { lower: number(f.statementLower, i, at), upper: number(f.statementUpper, i, at) },
      kind: UPPER_KINDS[(f.kind[i] as Uint8Array)[at] as number] as UpperKind,
      contradiction: own?.contradiction ?? null,
    },
    restartError: number(f.restartError, i, at),
  };
}

/** Sets layer t = i + 1 of sample `at`. */
export function putFinding(f: Findings, i: number, at: number, finding: LayerFinding): void {
  const { verdict, tightness, jacobian, restartError } = finding;
  const put = (columns: readonly Float64Array[], value: number): void => {
    (columns[i] as Float64Array)[at] = value;
  };
  put(f.tightnessLower, tightness.lower);
  put(f.tightnessUpper, tightness.upper);
  put(f.spectralLower, jacobian.spectral.lower);
  put(f.spectralUpper, jacobian.spectral.upper);
  put(f.statementLower, jacobian.statement.lower);
  put(f.statementUpper, jacobian.statement.upper);
  put(f.restartError, restartError);
  (f.kind[i] as Uint8Array)[at] = UPPER_KINDS.indexOf(jacobian.kind);
  (f.verdict[i] as Uint8Array)[at] = codeOf(verdict);
  const { contradiction } = jacobian;
  const told = verdict.kind === "violated" || verdict.kind === "invalid" ? verdict : null;
  if (told !== null || contradiction !== null) f.special.set(at * f.depth + i, { verdict: told, contradiction });
  else f.special.delete(at * f.depth + i);
}
