/**
 * What the field lists of this room are made of: valibot schemas, each field with its words. Types, Parquet columns, the JSON Schemas under
 * schemas/ and the table of docs/rows.md are derived from the lists (`npm run build:schemas`), so that a field is written down once.
 *
 * A file holds null where a number is not finite; a producer may leave NaN and Infinity in (report/json.ts). Norms are not squared. Layers
 * count from 1, samples from 0.
 */
import * as v from "valibot";

/** The value as nobody may change it. Json is that already, and without end. */
export type Frozen<T> = [Json] extends [T] ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** The values that a schema describes. */
export type Of<S extends v.GenericSchema> = Frozen<v.InferOutput<S>>;

/** The schema with what it means, as documentation says it. */
export const note = <S extends v.GenericSchema>(schema: S, text: string) => v.pipe(schema, v.description(text));

/** A list of at least so many. */
export const list = <S extends v.GenericSchema>(item: S, least = 0) => {
  const items = v.array(item);
  return least === 0 ? items : v.pipe(items, v.minLength(least));
};

/** 0, 1, 2 … */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** 1, 2, 3 … */
export const fromOne = v.pipe(v.number(), v.integer(), v.minValue(1));

export const positive = v.pipe(v.number(), v.gtValue(0));

/** A number, or null where it is not finite or not defined; `reason` in the same object says why. */
export const maybe = v.nullable(v.number());

/** The same of what cannot be negative. */
export const norm = v.nullable(v.pipe(v.number(), v.minValue(0)));

export const words = v.pipe(v.string(), v.minLength(1));

export const reason = v.exactOptional(note(words, "Why a number of this object is null."));

/** Settings as JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** An open record of settings. What JSON text holds is Json: there is nothing to check. */
export const settings = v.record(v.string(), v.unknown() as v.GenericSchema<unknown, Json>);

export const NORMS = ["spectral", "frobenius"] as const;

/** The five verdicts (MATH.md §2), in the order in which every view lists them. */
export const VERDICT_NAMES = ["holds", "tight", "violated", "unresolved", "invalid"] as const;

export type VerdictName = (typeof VERDICT_NAMES)[number];

export const verdict = v.picklist(VERDICT_NAMES);

/** SEED:STREAM:INDEX, as `gpv verify --address` takes it. */
export const address = v.pipe(v.string(), v.regex(/^[0-9]+:[0-9]+:[0-9]+$/));

/** A SHA-256, hexadecimal. */
export const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export type Maybe = number | null;
