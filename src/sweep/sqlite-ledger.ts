/**
 * A ledger in an SQLite file: write-ahead log, synchronous commits, locked by one process for as long as it is open. Its rows are sealed
 * (ledger-rows.ts) and held against their digests when it is opened; what is text is kept as bytes, since text that is damaged would
 * end libsql's process. The database itself is handed in (the command line opens it with libsql), so nothing here touches the file
 * system.
 */
import { FormatError } from "../network/errors.ts";
import { translated } from "./ledger-errors.ts";
import { headerText } from "./ledger-header.ts";
import { createReader } from "./ledger-reader.ts";
import type { Seal, Sha256 } from "./ledger-rows.ts";
import { emptySeal, sealText, toggle } from "./ledger-rows.ts";
import { APPLICATION_ID, createStatement, LEDGER_VERSION, refuseOthers, TABLES } from "./ledger-tables.ts";
import type { Ledger, LedgerHeader } from "./ledger.ts";
import type { SqlDatabase } from "./sql-database.ts";
import type { Tally } from "./tally.ts";
import { emptyTally, mergeTally } from "./tally.ts";
import { parseTally, tallyText } from "./tally-text.ts";

/** Tallies that are held besides being stored. */
const MOST_RECENT = 8;

export interface SqliteLedgerOptions {
  readonly sha256: Sha256;
  /**
   * Called with each row that is lost ("architecture 3"), which is left out then. Without it a damaged ledger is refused. The header
   * cannot be done without.
   */
  readonly salvage?: (lost: string) => void;
}

/** A tally as it is stored. */
interface Stored {
  readonly tally: Tally;
  readonly digest: Uint8Array;
}

/**
 * The ledger in an open database; an empty database becomes a new ledger with the first `begin`.
 * @param open opens the database. Each error of it, and of the database later on, becomes one line naming `source`.
 * @throws UsageError for a file that another process holds or that cannot be written, FormatError for one that is no ledger, or of
 * another version, or damaged.
 */
export function sqliteLedger(
  open: () => SqlDatabase,
  source: string,
  { sha256, salvage }: SqliteLedgerOptions,
): Ledger {
  const guarded = <T>(action: () => T, running: boolean): T => {
    try {
      return action();
    } catch (cause) {
      throw translated(cause, source, running);
    }
  };
  const database = guarded(open, false);
  const reader = createReader(database, { sha256, source, salvage });
  const { digestOf, readTally } = reader;
  let header: LedgerHeader | null = null;
  let units = new Map<number, number>();
  let architectures = new Set<number>();
  let seal: Seal = emptySeal();

  let isNew: boolean;
  try {
    isNew = guarded(() => {
      // The lock is taken by the first statement that writes, and kept.
      database.exec("PRAGMA locking_mode = EXCLUSIVE");
      const [id, version] = [pragma(database, "application_id"), pragma(database, "user_version")];
      const tables = (database.prepare("SELECT count(*) AS n FROM sqlite_master").get() as { n: number }).n;
      if (tables === 0 && id === 0) return true;
      refuseOthers(id, version, source);
      return false;
    }, false);
    if (!isNew) {
      guarded(() => {
        hold(database);
        if (salvage === undefined) checkStructure(database, source);
        ({ header, units, architectures, seal } = reader.readAll());
      }, false);
    }
  } catch (error) {
    release(database);
    throw error;
  }

  let logging = false;
  const startLog = (): void => {
    if (logging) return;
    database.prepare("PRAGMA journal_mode = WAL").get();
    database.exec("PRAGMA synchronous = FULL");
    logging = true;
  };
  const create = (): void => {
    startLog();
    database.exec(`BEGIN IMMEDIATE; ${TABLES.map((table) => `${createStatement(table)};`).join(" ")}
      PRAGMA application_id = ${String(APPLICATION_ID)}; PRAGMA user_version = ${String(LEDGER_VERSION)}; COMMIT`);
    isNew = false;
  };
  /** Tallies as they are stored, of the architectures that were last committed to: most units add to the same again. */
  const recent = new Map<number, Stored>();
  const keep = (architecture: number, stored: Stored): void => {
    recent.delete(architecture);
    recent.set(architecture, stored);
    for (const oldest of recent.keys()) {
      if (recent.size <= MOST_RECENT) break;
      recent.delete(oldest);
    }
  };
  const writeOne = (table: "header" | "seal", text: string): void => {
    const content = new TextEncoder().encode(text);
    database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (1, ?, ?)`).run(content, digestOf(table, 1, content));
  };
  const transaction = (work: () => void): void => {
    guarded(() => {
      startLog();
      database.exec("BEGIN IMMEDIATE");
      try {
        work();
        database.exec("COMMIT");
      } catch (error) {
        recent.clear();
        try {
          database.exec("ROLLBACK");
        } catch {
          // SQLite rolled back by itself: a full disk does that.
        }
        throw error;
      }
    }, true);
  };
  return {
    header: () => header,
    begin: (own: LedgerHeader) => {
      if (isNew) guarded(create, false);
      transaction(() => {
        writeOne("header", headerText(own));
        writeOne("seal", sealText(seal));
      });
      header = own;
    },
    finished: () => [...units.keys()].sort((a, b) => a - b),
    commit: ({ unit, elapsedMs, tallies }) => {
      const next: Seal = { ...seal, digests: seal.digests.slice() };
      const added = new Set<number>();
      transaction(() => {
        const digest = digestOf("units", unit, String(elapsedMs));
        database.prepare("INSERT INTO units VALUES (?, ?, ?)").run(unit, elapsedMs, digest);
        toggle(next, digest);
        next.units++;
        const write = database.prepare("INSERT OR REPLACE INTO architectures VALUES (?, ?, ?)");
        for (const [architecture, tally] of tallies) {
          const before = recent.get(architecture) ?? storedTally(readTally(architecture), source);
          if (before === null) {
            next.architectures++;
            added.add(architecture);
          } else toggle(next, before.digest);
          const sum = before?.tally ?? emptyTally(tally.layers.length);
          mergeTally(sum, tally);
          const content = new TextEncoder().encode(tallyText(sum));
          const stored = { tally: sum, digest: digestOf("architectures", architecture, content) };
          write.run(architecture, content, stored.digest);
          toggle(next, stored.digest);
          keep(architecture, stored);
        }
        writeOne("seal", sealText(next));
      });
      seal = next;
      units.set(unit, elapsedMs);
      for (const architecture of added) architectures.add(architecture);
    },
    *tallies() {
      for (const architecture of [...architectures].sort((a, b) => a - b)) {
        const stored = guarded(() => readTally(architecture), false);
        if (stored !== null) yield [architecture, parseTally(stored.text, source)] as const;
      }
    },
    elapsedMs: () => [...units.values()].reduce((sum, ms) => sum + ms, 0),
    close: () => {
      release(database);
    },
  };
}

function storedTally(row: { text: string; digest: Uint8Array } | null, source: string): Stored | null {
  return row === null ? null : { tally: parseTally(row.text, source), digest: row.digest };
}

/**
 * Writes the log back into the one file and lets go of it. A connection of libsql lives until its statements are collected, and would
 * hold the lock till then.
 */
function release(database: SqlDatabase): void {
  try {
    if (journal(database) === "wal") database.prepare("PRAGMA journal_mode = DELETE").get();
    database.exec("PRAGMA locking_mode = NORMAL");
    database.prepare("SELECT count(*) AS n FROM sqlite_master").get();
  } catch {
    // The log stays beside the file: the next one to open it reads both.
  }
  database.close();
}

function journal(database: SqlDatabase): string {
  return (database.prepare("PRAGMA journal_mode").get() as { journal_mode: string }).journal_mode;
}

/** SQLite's own check of pages, and of the rows' types. @throws FormatError */
function checkStructure(database: SqlDatabase, source: string): void {
  const check = database.prepare("PRAGMA quick_check(1)").get() as { quick_check?: string } | undefined;
  if (check?.quick_check === "ok") return;
  throw new FormatError(
    `${source}: damaged: ${(check?.quick_check ?? "unreadable").replaceAll(/[^ -~]+/g, " ")}; gpv merge --salvage keeps what is whole`,
  );
}

/** Takes the lock at once, so that a second process is refused before it works. */
function hold(database: SqlDatabase): void {
  database.exec("BEGIN IMMEDIATE");
  database.exec("COMMIT");
}

function pragma(database: SqlDatabase, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] ?? 0;
}
