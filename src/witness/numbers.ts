/**
 * Numbers in a witness file: decimals that read back to the same bits, and what JSON has no number for as the words "NaN", "Infinity",
 * "-Infinity" and "-0". Typed arrays stand as arrays.
 */
import * as v from "valibot";

type Encoded = string | number | boolean | null | readonly Encoded[] | { readonly [key: string]: Encoded };

/** Plain data, typed arrays included, as JSON can hold it; undefined is left out. Undone by the schemas below. */
export function encoded(value: unknown): Encoded {
  if (typeof value === "number") return encodedNumber(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, encodedNumber);
  if (Array.isArray(value)) return value.map(encoded);
  if (typeof value !== "object") throw new TypeError(`a witness cannot hold a ${typeof value}`);
  // Keys in one order, so that a witness has one text and its parts one digest.
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, entry]) => [key, encoded(entry)]));
}

function encodedNumber(x: number): Encoded {
  if (Object.is(x, -0)) return "-0";
  return Number.isFinite(x) ? x : String(x);
}

const WORDS = ["NaN", "Infinity", "-Infinity", "-0"] as const;

/** Undoes `encoded` where no typed array is to be made. */
export function decoded(value: unknown): unknown {
  if (typeof value === "string") return WORDS.some((word) => word === value) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, decoded(entry)]));
}

/** A number of a witness file. */
export const float = v.pipe(v.union([v.number(), v.picklist(WORDS)]), v.transform(Number));

export const floats = v.pipe(
  v.array(float),
  v.transform((list) => Float64Array.from(list)),
);

export const integers = v.pipe(
  v.array(v.pipe(v.number(), v.integer())),
  v.transform((list) => Int32Array.from(list)),
);
