/**
 * Reads a ledger's rows and holds each against its digest. Everything is read as bytes or numbers, whatever the file says that it is.
 * A row that does not hold is refused by name; where it is to be salvaged, it is left out.
 */
import { FormatError } from "../network/errors.ts";
import { translated } from "./ledger-errors.ts";
import { parseHeader } from "./ledger-header.ts";
import type { Seal, Sha256, Table } from "./ledger-rows.ts";
import { emptySeal, parseSeal, rowDigest, sameBytes, sameSeal, toggle } from "./ledger-rows.ts";
import type { LedgerHeader } from "./ledger.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { parseTally } from "./tally-text.ts";

export interface ReaderOptions {
  readonly sha256: Sha256;
  /** Names the file in messages. */
  readonly source: string;
  /** Called with each row that is lost. */
  readonly salvage: ((lost: string) => void) | undefined;
}

/** All that a ledger holds but the tallies themselves. */
export interface LedgerRows {
  readonly header: LedgerHeader | null;
  /** Unit → its milliseconds. */
  readonly units: Map<number, number>;
  readonly architectures: Set<number>;
  readonly seal: Seal;
}

export interface LedgerReader {
  readonly digestOf: (table: Table, key: number, content: string | Uint8Array) => Uint8Array;
  /** Null where there is none. @throws FormatError where it does not go with its digest. */
  readonly readTally: (architecture: number) => { readonly text: string; readonly digest: Uint8Array } | null;
  /** Reads every row once, so that a damaged ledger is refused before any work is done for it. @throws FormatError naming the row */
  readonly readAll: () => LedgerRows;
}

/** Rows read at once. */
const PAGE = 256;

export function createReader(database: SqlDatabase, { sha256, source, salvage }: ReaderOptions): LedgerReader {
  const damaged = (what: string): FormatError =>
    new FormatError(`${source}: damaged: ${what}; gpv merge --salvage keeps what is whole`);
  const digestOf = (table: Table, key: number, content: string | Uint8Array): Uint8Array =>
    rowDigest(sha256, table, key, content);
  const verify = (table: Table, key: number, content: string | Uint8Array, digest: Uint8Array): void => {
    if (sameBytes(digestOf(table, key, content), digest)) return;
    throw damaged(`${nameOf(table, key)} does not go with its digest`);
  };
  const lose = (error: unknown, name: string): void => {
    if (salvage === undefined) throw translated(error, source, false);
    salvage(name);
  };

  /** The keys of a table, in rising order. In a damaged file that is salvaged, as far as they can be read. */
  const keys = (table: "units" | "architectures", column: string): number[] => {
    const found: number[] = [];
    try {
      const next = database.prepare(
        `SELECT ${column} AS key FROM ${table} WHERE ${column} > ? ORDER BY ${column} LIMIT ${String(PAGE)}`,
      );
      for (let after = -1; ;) {
        const rows = next.all(after) as { key: number }[];
        for (const { key } of rows) {
          if (!(Number.isSafeInteger(key) && key > after)) throw damaged(`a row of ${table} out of order`);
          found.push(key);
          after = key;
        }
        if (rows.length < PAGE) return found;
      }
    } catch (error) {
      lose(error, `rows of ${table}`);
      return found;
    }
  };
  const readUnit = (unit: number): { elapsedMs: number; digest: Uint8Array } => {
    const row = database
      .prepare("SELECT CAST(elapsed_ms AS REAL) AS ms, CAST(digest AS BLOB) AS digest FROM units WHERE unit = ?")
      .get(unit) as { ms: number; digest: unknown } | undefined;
    const [elapsedMs, digest] = [row?.ms ?? NaN, bytesOf(row?.digest)];
    verify("units", unit, String(elapsedMs), digest);
    return { elapsedMs, digest };
  };
  const readTally: LedgerReader["readTally"] = (architecture) => {
    const row = database
      .prepare(
        "SELECT CAST(tally AS BLOB) AS tally, CAST(digest AS BLOB) AS digest FROM architectures WHERE architecture = ?",
      )
      .get(architecture) as { tally: unknown; digest: unknown } | undefined;
    if (row === undefined) return null;
    const [content, digest] = [bytesOf(row.tally), bytesOf(row.digest)];
    verify("architectures", architecture, content, digest);
    return { text: new TextDecoder().decode(content), digest };
  };
  const readOne = (table: "header" | "seal"): string | null => {
    const row = database
      .prepare(`SELECT CAST(value AS BLOB) AS value, CAST(digest AS BLOB) AS digest FROM ${table} WHERE one = 1`)
      .get() as { value: unknown; digest: unknown } | undefined;
    if (row === undefined) return null;
    const content = bytesOf(row.value);
    verify(table, 1, content, bytesOf(row.digest));
    return new TextDecoder().decode(content);
  };

  const readAll = (): LedgerRows => {
    const text = readOne("header");
    const rows = {
      header: text === null ? null : parseHeader(text, source),
      units: new Map<number, number>(),
      architectures: new Set<number>(),
      seal: emptySeal(),
    };
    for (const unit of keys("units", "unit")) {
      try {
        const { elapsedMs, digest } = readUnit(unit);
        rows.units.set(unit, elapsedMs);
        toggle(rows.seal, digest);
      } catch (error) {
        lose(error, nameOf("units", unit));
      }
    }
    for (const architecture of keys("architectures", "architecture")) {
      const name = nameOf("architectures", architecture);
      try {
        const stored = readTally(architecture);
        if (stored === null) throw damaged(`${name} cannot be found`);
        parseTally(stored.text, `${source}: ${name}`);
        rows.architectures.add(architecture);
        toggle(rows.seal, stored.digest);
      } catch (error) {
        lose(error, name);
      }
    }
    rows.seal.units = rows.units.size;
    rows.seal.architectures = rows.architectures.size;
    if (rows.header !== null || rows.units.size + rows.architectures.size > 0) checkSeal(rows);
    return rows;
  };
  const checkSeal = ({ header, seal }: LedgerRows): void => {
    // Without settings nothing says what the rows are of.
    if (header === null) throw new FormatError(`${source}: damaged: found rows without settings, expected both`);
    try {
      const stored = parseSeal(readOne("seal") ?? "");
      if (stored === null) throw damaged("found no seal");
      if (sameSeal(stored, seal)) return;
      throw damaged(
        `found ${String(seal.units)} units and ${String(seal.architectures)} architectures, expected ${String(stored.units)} and ${String(stored.architectures)}, the rows that its seal counts`,
      );
    } catch (error) {
      lose(error, "the seal");
    }
  };
  return { digestOf, readTally, readAll };
}

function nameOf(table: Table, key: number): string {
  return table === "units"
    ? `unit ${String(key)}`
    : table === "architectures"
      ? `architecture ${String(key)}`
      : `the ${table}`;
}

/** A blob's bytes; what is no blob has none, and no digest goes with those. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array();
}
