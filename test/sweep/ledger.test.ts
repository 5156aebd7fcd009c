/** The ledger's file: what it keeps, and what it refuses with nothing lost. */
import { copyFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { describe, expect, test } from "vitest";
import { openLedger } from "../../src/cli/ledger-file.ts";
import { DeviceError, FormatError, UsageError } from "../../src/network/errors.ts";
import { checkSameSweep, memoryLedger } from "../../src/sweep/ledger.ts";
import type { SqlDatabase } from "../../src/sweep/sqlite-ledger.ts";
import { sqliteLedger } from "../../src/sweep/sqlite-ledger.ts";
import { parseTally, tallyText } from "../../src/sweep/tally-text.ts";
import { HEADER, reportOf, SETTINGS, sweep, units } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "gpv-ledger-"));
let files = 0;
const fresh = (): string => join(folder, `ledger-${String(files++)}.sqlite`);

const memory = memoryLedger();
await sweep(memory);
const expected = reportOf(memory);

/** A file with a finished sweep in it. */
const finished = fresh();
{
  const ledger = await openLedger("ledger", finished);
  await sweep(ledger);
  ledger.close();
}

async function refused(file: string): Promise<Error> {
  try {
    (await openLedger("ledger", file)).close();
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${file} was opened`);
}

describe("a ledger's file", () => {
  test("gives the report that memory gives, opened again too", async () => {
    const ledger = await openLedger("ledger", finished);
    try {
      expect(ledger.header()).toEqual(JSON.parse(JSON.stringify(HEADER)));
      expect(ledger.finished()).toEqual(memory.finished());
      expect(reportOf(ledger)).toBe(expected);
      expect((await sweep(ledger)).samples).toBe(0);
    } finally {
      ledger.close();
    }
  });

  test("is read whole when the process that wrote it ended without closing", async () => {
    const file = fresh();
    const ledger = await openLedger("ledger", file);
    await sweep(ledger);
    const copy = fresh();
    for (const part of ["", "-wal"]) copyFileSync(`${file}${part}`, `${copy}${part}`);
    ledger.close();
    const again = await openLedger("ledger", copy);
    expect(reportOf(again)).toBe(expected);
    again.close();
  });

  test("is new where it is empty, and where it holds no settings", async () => {
    const file = fresh();
    writeFileSync(file, "");
    const ledger = await openLedger("ledger", file);
    expect([ledger.header(), ledger.finished(), [...ledger.tallies()]]).toEqual([null, [], []]);
    ledger.close();
    expect(statSync(file).size).toBe(0);
  });

  test("refuses a unit that is there already, and keeps the rest", async () => {
    const copy = fresh();
    copyFileSync(finished, copy);
    const ledger = await openLedger("ledger", copy);
    expect(() => {
      ledger.commit({ unit: 0, elapsedMs: 1, tallies: new Map([...ledger.tallies()]) });
    }).toThrow(DeviceError);
    expect(reportOf(ledger)).toBe(expected);
    ledger.close();
  });
});

describe("what is no ledger is refused, unchanged", () => {
  const cases: readonly (readonly [string, () => string, typeof FormatError | typeof UsageError, string])[] = [
    [
      "a text file",
      () => {
        const file = fresh();
        writeFileSync(file, "this is no database ".repeat(100));
        return file;
      },
      FormatError,
      "found no SQLite file, expected a sweep's ledger",
    ],
    [
      "another program's database",
      () => {
        const file = fresh();
        const database = new Database(file);
        database.exec("CREATE TABLE notes (text TEXT)");
        database.close();
        return file;
      },
      FormatError,
      "found a database of another program, expected a sweep's ledger or a new file",
    ],
    [
      "a ledger of a later version",
      () => {
        const file = fresh();
        copyFileSync(finished, file);
        const database = new Database(file);
        database.exec("PRAGMA user_version = 2");
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
        return file;
      },
      FormatError,
      "found a ledger of version 2, expected 1: read it with the gpv that made it",
    ],
    [
      "a damaged ledger",
      () => {
        const file = fresh();
        const bytes = readFileSync(finished);
        bytes.fill(0xa5, 4096, Math.min(bytes.length, 3 * 4096));
        writeFileSync(file, bytes);
        return file;
      },
      FormatError,
      "damaged",
    ],
    ["a folder", () => folder, UsageError, "cannot be written"],
    ["a path without its folder", () => join(folder, "none", "x.sqlite"), UsageError, "no such file or folder"],
  ];
  test.each(cases)("%s", async (_name, make, kind, message) => {
    const file = make();
    const before = statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file) : null;
    const error = await refused(file);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(file);
    expect(error.message).toContain(message);
    if (before !== null) expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("a ledger that another process holds", async () => {
    const ledger = await openLedger("ledger", finished);
    try {
      expect((await refused(finished)).message).toBe(
        `${finished}: another process is writing to it: expected one sweep a ledger`,
      );
    } finally {
      ledger.close();
    }
  });

  test.each([
    ["SQLITE_FULL", "no space left: the units finished before are kept; make room and use --resume"],
    ["SQLITE_IOERR", "cannot be written (disk I/O error): the units finished before are kept; use --resume"],
  ])("a disk that answers %s in mid-run", async (code, message) => {
    const file = fresh();
    const real = new Database(file) as unknown as SqlDatabase;
    let commits = 0;
    const failing: SqlDatabase = {
      exec: (statement) => {
        if (statement === "COMMIT" && ++commits > 4) throw Object.assign(new Error("disk I/O error"), { code });
        return real.exec(statement);
      },
      prepare: (statement) => real.prepare(statement),
      close: () => real.close(),
    };
    const ledger = sqliteLedger(() => failing, file);
    const done = await sweep(ledger);
    expect(done.failure?.message).toBe(`${file}: ${message}`);
    const kept = ledger.finished().length;
    expect(kept).toBe(3);
    ledger.close();
    const again = await openLedger("ledger", file);
    expect(again.finished().length).toBe(kept);
    expect((await sweep(again)).complete).toBe(true);
    expect(reportOf(again)).toBe(expected);
    again.close();
  });
});

describe("going on", () => {
  test.each([
    [
      "seed",
      { settings: { ...SETTINGS, seed: 6 } },
      "made with seed 5, found 6 now: expected the same, or another ledger",
    ],
    ["the grid", { settings: { ...SETTINGS, grids: SETTINGS.grids.slice(1) } }, "made with grids"],
    ["a shard", { shard: { number: 1, count: 2 } }, "made with shard 1/1, found 1/2 now"],
    ["an engine", { engine: { ...HEADER.engine, adapter: "other" } }, "made with engine adapter host, found other now"],
    [
      "a runtime",
      { engine: { ...HEADER.engine, runtime: "node 1" } },
      "made with engine runtime test, found node 1 now",
    ],
    ["a version", { tool: { name: "gpv", version: "2" } }, "made with version test, found 2 now"],
  ])("with another %s is refused by name", (_name, change, message) => {
    expect(() => {
      checkSameSweep(HEADER, { ...HEADER, ...change }, "l.sqlite");
    }).toThrow(`l.sqlite: ${message}`);
    expect(() => {
      checkSameSweep(HEADER, structuredClone(HEADER), "l.sqlite");
    }).not.toThrow();
  });
});

test("a tally reads back from its text to the same text, and damaged text is refused", () => {
  for (const [, tally] of memory.tallies()) {
    const text = tallyText(tally);
    expect(tallyText(parseTally(text, "l"))).toBe(text);
    for (const damage of [text.slice(1), text.replace('"samples":', '"sample":'), text.replace("[", "[-1,")]) {
      expect(() => parseTally(damage, "l")).toThrow(FormatError);
    }
  }
  expect(units.count).toBeGreaterThan(3);
});
