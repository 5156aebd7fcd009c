/**
 * Numbers as a person reads them in a table: four significant digits, at most nine characters, "–" for none.
 */
import type { Maybe } from "../records/kit.ts";

/** Four significant digits: 0.1235, 12.35, 1.23e+7. */
export function significant(x: Maybe): string {
  if (x === null || !Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  return size >= 1e5 || size < 1e-3 ? x.toExponential(2) : x.toPrecision(4);
}

/** Ten significant digits at most: what a counterexample needs. */
export function precise(x: Maybe): string {
  return x === null || !Number.isFinite(x) ? "–" : String(Number(x.toPrecision(10)));
}

/** A whole number with its thousands set apart: 52,650. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 sample", "12,000 samples". */
export function counted(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** Columns that a text takes on a terminal: code points, since nothing here is wider than one column. */
export function columns(text: string): number {
  return Array.from(text).length;
}

/** Milliseconds as a person says them: 850 ms, 12.3 s, 4 min 05 s. */
export function duration(elapsedMs: number): string {
  if (elapsedMs < 1000) return `${String(Math.round(elapsedMs))} ms`;
  if (elapsedMs < 60_000) return `${(elapsedMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsedMs / 1000);
  return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60).padStart(2, "0")} s`;
}
