/**
 * The tables of a ledger's file, and whether the first page of a file declares just these. That is looked at as bytes before SQLite
 * reads them: a name that is no text any more would end libsql's process instead of raising an error.
 */

import { FormatError } from "../network/errors.ts";

/** "gpvL", in the file's header. */
export const APPLICATION_ID = 0x6770764c;
/** Of the tables below: 2 since rows carry digests. */
export const LEDGER_VERSION = 2;

export const TABLES = [
  { name: "header", columns: "one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL, digest BLOB NOT NULL" },
  { name: "units", columns: "unit INTEGER PRIMARY KEY, elapsed_ms REAL NOT NULL, digest BLOB NOT NULL" },
  { name: "architectures", columns: "architecture INTEGER PRIMARY KEY, tally BLOB NOT NULL, digest BLOB NOT NULL" },
  { name: "seal", columns: "one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL, digest BLOB NOT NULL" },
] as const;

/** The statement that makes a table, as SQLite keeps it. */
export function createStatement({ name, columns }: (typeof TABLES)[number]): string {
  return `CREATE TABLE ${name} (${columns})`;
}

/** Bytes of a file that are enough for `declaresTables`. */
export const FIRST_PAGE_BYTES = 4096;

/** Where SQLite keeps its application id and the user's version, big-endian (sqlite.org/fileformat, 1.3). */
const ID_AT = 68;
const VERSION_AT = 60;

const MAGIC = "SQLite format 3\0";

/** One character a byte. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** @throws FormatError for a database that is no ledger, or of another version. */
export function refuseOthers(id: number, version: number, source: string): void {
  if (id !== APPLICATION_ID) {
    throw new FormatError(`${source}: found a database of another program, expected a sweep's ledger or a new file`);
  }
  if (version !== LEDGER_VERSION) {
    throw new FormatError(
      `${source}: found a ledger of version ${String(version)}, expected ${String(LEDGER_VERSION)}: read it with the gpv that made it`,
    );
  }
}

/**
 * Holds the first page of a file against what a ledger's must be: a leaf of just the tables above, per record "table", the name twice,
 * the root page, the statement. A page without a table passes: the file is new, or its first commit still in the log beside it.
 * @throws FormatError
 */
export function checkFirstPage(page: Uint8Array, source: string): void {
  if (page.length === 0) return;
  if (page.length < FIRST_PAGE_BYTES || !latin1(page).startsWith(MAGIC)) {
    throw new FormatError(`${source}: found no SQLite file, expected a sweep's ledger`);
  }
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const cells = view.getUint16(103);
  if (cells === 0) return;
  refuseOthers(view.getUint32(ID_AT), view.getUint32(VERSION_AT), source);
  const text = latin1(page);
  const declared = TABLES.every((table) => {
    const name = `table${table.name}${table.name}`;
    const at = text.indexOf(name);
    return at >= 0 && text.startsWith(createStatement(table), at + name.length + 1);
  });
  // Type 13 is a leaf.
  if (page[100] !== 13 || cells !== TABLES.length || !declared) {
    throw new FormatError(`${source}: damaged: its tables are not those of a ledger`);
  }
}
