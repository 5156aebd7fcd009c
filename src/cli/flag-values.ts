/** Text of an option → its value. Each throws UsageError with what it expected; arguments.ts adds the place. */
import { UsageError } from "../network/errors.ts";
import type { Shard } from "../sweep/ledger.ts";
import { nearest } from "./nearest.ts";

export const text = (value: string): string => {
  if (value === "") throw new UsageError("expected a name, found nothing");
  return value;
};

export function integer(least: number): (value: string) => number {
  return (value) => {
    const n = Number(value);
    // 1e6 as well as 1000000.
    if (!/^\d+(e\d{1,2})?$/.test(value) || !Number.isSafeInteger(n) || n < least) {
      throw new UsageError(`expected an integer ≥ ${String(least)}`);
    }
    return n;
  };
}

export function real(accepts: (x: number) => boolean, expected: string): (value: string) => number {
  return (value) => {
    const x = Number(value);
    if (value.trim() === "" || !Number.isFinite(x) || !accepts(x)) throw new UsageError(`expected ${expected}`);
    return x;
  };
}

export function oneOf<const T extends string>(names: readonly T[]): (value: string) => T {
  return (value) => {
    const found = names.find((name) => name === value);
    if (found !== undefined) return found;
    const near = nearest(value, names);
    throw new UsageError(`expected one of ${names.join(", ")}${near === null ? "" : `; did you mean "${near}"?`}`);
  };
}

export function parseShard(value: string): Shard {
  const [, number = NaN, count = NaN] = (/^(\d+)\/(\d+)$/.exec(value) ?? []).map(Number);
  if (!(Number.isSafeInteger(count) && number >= 1 && number <= count)) {
    throw new UsageError("expected I/N with 1 ≤ I ≤ N");
  }
  return { number, count };
}

/** Bytes from "512MiB", "2GiB", "4GB" or a plain number. */
export function parseSize(value: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kKMGT]?i?B?)$/.exec(value) ?? [];
  const power = "KMGT".indexOf(unit.charAt(0).toUpperCase()) + 1;
  const bytes = Math.floor(
    Number(number) * (unit.includes("i") ? 1024 : 1000) ** (/^[KMGTkmgt]/.test(unit) ? power : 0),
  );
  if (number === "" || !(Number.isSafeInteger(bytes) && bytes > 0))
    throw new UsageError("expected a size > 0 as 512MiB or 2GiB");
  return bytes;
}

export function parsePrecision(value: string): "f64" {
  if (oneOf(["f32", "f64"])(value) === "f32") {
    throw new UsageError("expected f64: f32 is not available in this version");
  }
  return "f64";
}

export function parseCase(value: string): { readonly part: "kernel" | "network"; readonly index: number } {
  const [, part, index] = /^(kernel|network):(\d{1,9})$/.exec(value) ?? [];
  if (part === undefined) throw new UsageError("expected kernel:N or network:N, N counting from 0");
  return { part: part as "kernel" | "network", index: Number(index) };
}

export function parseBox(value: string): { readonly low: number; readonly high: number } {
  const [low = NaN, high = NaN, ...rest] = value.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high) || rest.length > 0) {
    throw new UsageError("expected LO,HI, two finite numbers with LO < HI");
  }
  return { low, high };
}

/** A range of rows, A up to B − 1; `end` null: to the last. */
export interface RowRange {
  readonly start: number;
  readonly end: number | null;
}

export function parseRows(value: string): RowRange {
  const [, a = "", b = ""] = /^(\d*):(\d*)$/.exec(value) ?? [];
  const [start, end] = [Number(a), b === "" ? null : Number(b)];
  const isRange = Number.isSafeInteger(start) && (end === null || (Number.isSafeInteger(end) && end > start));
  if ((a === "" && b === "") || !isRange) throw new UsageError("expected A:B with 0 ≤ A < B, A: or :B");
  return { start, end };
}

export function listOf<T>(parse: (value: string) => T): (value: string) => readonly T[] {
  return (value) => value.split(",").map((part) => parse(part.trim()));
}
