/**
 * A ledger in an SQLite file: write-ahead log, synchronous commits, locked by one process for as long as it is open. The database itself
 * is handed in (the command line opens it with libsql), so nothing here touches the file system.
 */
import { DeviceError, FormatError, UsageError } from "../network/errors.ts";
import type { Ledger, LedgerHeader } from "./ledger.ts";
import { parseHeader } from "./ledger.ts";
import type { Tally } from "./tally.ts";
import { emptyTally, mergeTally } from "./tally.ts";
import { parseTally, tallyText } from "./tally-text.ts";

/** What is used of a database connection: better-sqlite3's interface, which libsql has too. */
export interface SqlDatabase {
  exec(statement: string): unknown;
  prepare(statement: string): SqlStatement;
  close(): unknown;
}

export interface SqlStatement {
  run(...parameters: readonly unknown[]): unknown;
  get(...parameters: readonly unknown[]): unknown;
  all(...parameters: readonly unknown[]): unknown[];
}

/** "gpvL", in the file's header. */
const APPLICATION_ID = 0x6770764c;
/** Of the tables below. */
const LEDGER_VERSION = 1;

/** Tallies that are held besides being stored. */
const MOST_RECENT = 8;

const TABLES = `
  CREATE TABLE header (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
  CREATE TABLE units (unit INTEGER PRIMARY KEY, elapsed_ms REAL NOT NULL);
  CREATE TABLE architectures (architecture INTEGER PRIMARY KEY, tally TEXT NOT NULL);
`;

/**
 * The ledger in an open database; an empty database becomes a new ledger with the first `begin`.
 * @param open opens the database. Each error of it, and of the database later on, becomes one line naming `source`.
 * @throws UsageError for a file that another process holds or that cannot be written, FormatError for one that is no ledger, or of
 * another version, or damaged.
 */
export function sqliteLedger(open: () => SqlDatabase, source: string): Ledger {
  const guarded = <T>(action: () => T, running: boolean): T => {
    try {
      return action();
    } catch (cause) {
      throw translated(cause, source, running);
    }
  };
  const database = guarded(open, false);
  const abandon = (error: unknown): never => {
    release(database);
    throw error;
  };
  let isNew: boolean;
  try {
    isNew = guarded(() => {
      // The lock is taken by the first statement that writes, and kept.
      database.exec("PRAGMA locking_mode = EXCLUSIVE");
      const [id, version] = [pragma(database, "application_id"), pragma(database, "user_version")];
      const tables = (database.prepare("SELECT count(*) AS n FROM sqlite_master").get() as { n: number }).n;
      if (tables === 0 && id === 0) return true;
      if (id !== APPLICATION_ID) {
        throw new FormatError(
          `${source}: found a database of another program, expected a sweep's ledger or a new file`,
        );
      }
      if (version !== LEDGER_VERSION) {
        throw new FormatError(
          `${source}: found a ledger of version ${String(version)}, expected ${String(LEDGER_VERSION)}: read it with the gpv that made it`,
        );
      }
      return false;
    }, false);
    if (!isNew) {
      guarded(() => {
        hold(database);
        const check = database.prepare("PRAGMA quick_check(1)").get() as { quick_check?: string } | undefined;
        if (check?.quick_check !== "ok")
          throw new FormatError(`${source}: damaged: ${check?.quick_check ?? "unreadable"}`);
      }, false);
    }
  } catch (error) {
    return abandon(error);
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
    database.exec(`BEGIN IMMEDIATE; ${TABLES}
      PRAGMA application_id = ${String(APPLICATION_ID)}; PRAGMA user_version = ${String(LEDGER_VERSION)}; COMMIT`);
    isNew = false;
  };
  /** Tallies as they are stored, of the architectures that were last committed to: most units add to the same again. */
  const recent = new Map<number, Tally>();
  const keep = (architecture: number, tally: Tally): void => {
    recent.delete(architecture);
    recent.set(architecture, tally);
    for (const oldest of recent.keys()) {
      if (recent.size <= MOST_RECENT) break;
      recent.delete(oldest);
    }
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
    header: () => {
      if (isNew) return null;
      const row = guarded(() => database.prepare("SELECT value FROM header").get(), false) as
        { value: string } | undefined;
      return row === undefined ? null : parseHeader(row.value, source);
    },
    begin: (header: LedgerHeader) => {
      if (isNew) guarded(create, false);
      transaction(() => {
        database.prepare("INSERT OR REPLACE INTO header VALUES (1, ?)").run(JSON.stringify(header));
      });
    },
    finished: () => {
      if (isNew) return [];
      const rows = guarded(() => database.prepare("SELECT unit FROM units ORDER BY unit").all(), false);
      return (rows as { unit: number }[]).map((row) => row.unit);
    },
    commit: ({ unit, elapsedMs, tallies }) => {
      transaction(() => {
        database.prepare("INSERT INTO units VALUES (?, ?)").run(unit, elapsedMs);
        const read = database.prepare("SELECT tally FROM architectures WHERE architecture = ?");
        const write = database.prepare("INSERT OR REPLACE INTO architectures VALUES (?, ?)");
        for (const [architecture, tally] of tallies) {
          let sum = recent.get(architecture);
          if (sum === undefined) {
            const stored = read.get(architecture) as { tally: string } | undefined;
            sum = stored === undefined ? emptyTally(tally.layers.length) : parseTally(stored.tally, source);
          }
          mergeTally(sum, tally);
          write.run(architecture, tallyText(sum));
          keep(architecture, sum);
        }
      });
    },
    *tallies() {
      if (isNew) return;
      const numbers = guarded(
        () => database.prepare("SELECT architecture FROM architectures ORDER BY architecture").all(),
        false,
      ) as { architecture: number }[];
      const read = database.prepare("SELECT tally FROM architectures WHERE architecture = ?");
      for (const { architecture } of numbers) {
        const row = guarded(() => read.get(architecture), false) as { tally: string };
        yield [architecture, parseTally(row.tally, source)] as const;
      }
    },
    elapsedMs: () => {
      if (isNew) return 0;
      const row = guarded(() => database.prepare("SELECT sum(elapsed_ms) AS total FROM units").get(), false);
      return (row as { total: number | null }).total ?? 0;
    },
    close: () => {
      release(database);
    },
  };
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

/** Takes the lock at once, so that a second process is refused before it works. */
function hold(database: SqlDatabase): void {
  database.exec("BEGIN IMMEDIATE");
  database.exec("COMMIT");
}

function pragma(database: SqlDatabase, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] ?? 0;
}

/** An error of SQLite in a person's words. @param running whether results were at stake: the device failed them, not the user. */
function translated(cause: unknown, source: string, running: boolean): Error {
  if (cause instanceof FormatError || cause instanceof UsageError || cause instanceof DeviceError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/BUSY|LOCKED/.test(code)) {
    return new UsageError(`${source}: another process is writing to it: expected one sweep a ledger`, { cause });
  }
  if (/NOTADB|CORRUPT/.test(code)) {
    return new FormatError(
      `${source}: ${code === "SQLITE_NOTADB" ? "found no SQLite file" : "damaged"}, expected a sweep's ledger`,
      {
        cause,
      },
    );
  }
  if (/FULL/.test(code))
    return failed(`${source}: no space left: the units finished before are kept; make room and use --resume`);
  if (running)
    return failed(`${source}: cannot be written (${message}): the units finished before are kept; use --resume`);
  return new UsageError(`${source}: cannot be written (${message})`, { cause });
  function failed(text: string): DeviceError {
    return new DeviceError(text, { cause });
  }
}
