/** Opens a ledger's file with libsql, an optional package: SQLite without a compiler, for Node and Deno alike. */
import { createHash } from "node:crypto";
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { FormatError, UsageError } from "../network/errors.ts";
import type { Ledger } from "../sweep/ledger.ts";
import type { Sha256 } from "../sweep/ledger-rows.ts";
import { checkFirstPage, FIRST_PAGE_BYTES } from "../sweep/ledger-tables.ts";
import type { SqlDatabase } from "../sweep/sql-database.ts";
import { sqliteLedger } from "../sweep/sqlite-ledger.ts";
import { reason } from "./reason.ts";

/** Waits this long for another process to let go of the file. */
const LOCK_WAIT_MS = 500;

type Open = new (file: string, options: { timeout: number }) => SqlDatabase;

/** What libsql would take for something else than a file: memory, or a server. */
const ADDRESS = /^(?::memory:|(?:file|https?|wss?|libsql):)/i;

const sha256: Sha256 = (parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * @param salvage called with each row that is lost; without it a damaged ledger is refused.
 * @throws UsageError where there is no libsql, or the file or its folder cannot be written; FormatError for what is no whole ledger.
 */
export async function openLedger(option: string, file: string, salvage?: (lost: string) => void): Promise<Ledger> {
  const place = option === "" ? file : `--${option} ${file}`;
  if (ADDRESS.test(file)) {
    throw new UsageError(`${place}: found an address, expected the name of a file (./${file} is one)`);
  }
  let Database: Open;
  try {
    Database = await loadDatabase();
  } catch (cause) {
    throw new UsageError(`${place}: a ledger needs the package libsql, which is not here: npm install libsql`, {
      cause,
    });
  }
  try {
    // SQLite makes files beside it, and opens a file that it may not write without a word.
    accessSync(dirname(file), constants.W_OK);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw Object.assign(new Error(), { code: "EISDIR" });
    if (found !== undefined && !found.isFile()) throw new Error("it is a device or a pipe");
    if (found !== undefined) accessSync(file, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`${place}: cannot be written (${reason(cause)})`, { cause });
  }
  checkFirstPage(firstPage(file), file);
  return sqliteLedger(() => new Database(resolve(file), { timeout: LOCK_WAIT_MS }), file, {
    sha256,
    ...(salvage === undefined ? {} : { salvage }),
  });
}

/** The first bytes of a file; none where there is no file. */
function firstPage(file: string): Uint8Array {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return new Uint8Array();
  const bytes = new Uint8Array(FIRST_PAGE_BYTES);
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (cause) {
    throw new FormatError(`${file}: cannot be read (${reason(cause)})`, { cause });
  }
  try {
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The one that is installed, else what the runtime finds by itself. Deno takes no optional dependency of package.json for one of the
 * program's (seen in 2.9.5), so that an import alone misses what `npm ci` has installed; deno.json's import map is for a bare checkout.
 */
async function loadDatabase(): Promise<Open> {
  try {
    return createRequire(import.meta.url)("libsql") as Open;
  } catch {
    return ((await import("libsql")) as unknown as { default: Open }).default;
  }
}
