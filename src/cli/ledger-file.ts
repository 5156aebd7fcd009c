/** Opens a ledger's file with libsql, an optional package: SQLite without a compiler, for Node and Deno alike. */
import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { UsageError } from "../network/errors.ts";
import type { Ledger } from "../sweep/ledger.ts";
import type { SqlDatabase } from "../sweep/sqlite-ledger.ts";
import { sqliteLedger } from "../sweep/sqlite-ledger.ts";
import { reason } from "./files.ts";

/** Waits this long for another process to let go of the file. */
const LOCK_WAIT_MS = 500;

type Open = new (file: string, options: { timeout: number }) => SqlDatabase;

/** @throws UsageError where there is no libsql, or the file or its folder cannot be written. */
export async function openLedger(option: string, file: string): Promise<Ledger> {
  const place = option === "" ? file : `--${option} ${file}`;
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
    if (existsSync(file)) accessSync(file, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`${place}: cannot be written (${reason(cause)})`, { cause });
  }
  return sqliteLedger(() => new Database(file, { timeout: LOCK_WAIT_MS }), file);
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
