/** A ledger's header as text: foreign data, since a file may be damaged, so every field is held against its schema. */
import * as v from "valibot";
import { FAULT_NAMES } from "../engine/faults.ts";
import { NORM_METHODS } from "../engine/krylov.ts";
import { FormatError } from "../network/errors.ts";
import { parseGrids } from "./grid.ts";
import type { LedgerHeader } from "./ledger.ts";

const whole = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least));

const HEADER = v.object({
  tool: v.object({ name: v.string(), version: v.string() }),
  engine: v.looseObject({
    kind: v.picklist(["webgpu", "cpu"]),
    precision: v.picklist(["f32", "f64"]),
    adapter: v.string(),
    runtime: v.string(),
    hardware: v.boolean(),
  }),
  settings: v.looseObject({
    grids: v.array(v.unknown()),
    seed: whole(0),
    inputsPerNetwork: whole(1),
    accuracy: v.union([v.number(), v.literal("verdict")]),
    // Ledgers of before have none.
    normMethod: v.optional(v.picklist(NORM_METHODS)),
    certify: v.nullable(v.number()),
    audit: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    plant: v.nullable(v.picklist(FAULT_NAMES)),
  }),
  shard: v.pipe(
    v.object({ number: whole(1), count: whole(1) }),
    v.check(({ number, count }) => number <= count, "a shard I/N with 1 ≤ I ≤ N"),
  ),
  grid: v.string(),
});

/** Undone by parseHeader. */
export function headerText(header: LedgerHeader): string {
  return JSON.stringify(header);
}

/** @throws FormatError where a stored header is not one. Undoes headerText. */
export function parseHeader(text: string, source: string): LedgerHeader {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${source}: damaged: its settings cannot be read`, { cause });
  }
  const result = v.safeParse(HEADER, raw);
  if (!result.success) {
    const [issue] = result.issues;
    const path = issue.path?.map((part) => String(part.key)).join(".") ?? "the header";
    throw new FormatError(
      `${source}: damaged: its settings: ${path}: found ${issue.received.slice(0, 60)}, expected ${(issue.expected ?? issue.message).slice(0, 120)}`,
    );
  }
  parseGrids(result.output.settings.grids, `${source}: damaged: its settings: grids`);
  const header = raw as LedgerHeader;
  return { ...header, settings: { ...header.settings, normMethod: result.output.settings.normMethod ?? "lanczos" } };
}
