/** The ledger's file: what it keeps, and what it refuses with nothing lost. */
import { copyFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import Database from "libsql";
import { describe, expect, test } from "vitest";
import { openLedger } from "../../src/cli/ledger-file.ts";
import { DeviceError, FormatError, UsageError } from "../../src/network/errors.ts";
import { checkSameSweep, memoryLedger } from "../../src/sweep/ledger.ts";
import type { SqlDatabase } from "../../src/sweep/sql-database.ts";
import { sqliteLedger } from "../../src/sweep/sqlite-ledger.ts";
import type { Sha256 } from "../../src/sweep/ledger-rows.ts";
import { parseTally, tallyText } from "../../src/sweep/tally-text.ts";
import { HEADER, reportOf, SETTINGS, sweep, units } from "./support.ts";

const sha256: Sha256 = (parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

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
      "a ledger of another version",
      () => {
        const file = fresh();
        copyFileSync(finished, file);
        const database = new Database(file);
        database.exec("PRAGMA user_version = 1");
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
        return file;
      },
      FormatError,
      "found a ledger of version 1, expected 2: read it with the gpv that made it",
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
    const ledger = sqliteLedger(() => failing, file, { sha256 });
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

describe("damage", () => {
  test("of any kind is refused in one line, or changes nothing that is reported", async () => {
    const bytes = readFileSync(finished);
    let state = 7;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refusals = 0;
    for (let i = 0; i < 120; i++) {
      const damaged = Buffer.from(bytes);
      const at = draw(i % 3 === 0 ? 600 : bytes.length);
      if (i % 3 === 1) damaged.copyWithin(at, draw(bytes.length - 64), bytes.length);
      else damaged[at] = (damaged[at] ?? 0) ^ (1 + draw(255));
      const file = fresh();
      writeFileSync(file, damaged);
      try {
        const ledger = await openLedger("", file);
        const report = reportOf(ledger);
        ledger.close();
        expect(report, `mutant ${String(i)} at ${String(at)}`).toBe(expected);
      } catch (error) {
        if (!(error instanceof FormatError || error instanceof UsageError)) throw error;
        expect(error.message).toContain(file);
        expect(error.message).not.toContain("\n");
        refusals++;
      }
    }
    expect(refusals).toBeGreaterThan(30);
  });

  /** The finished ledger after statements of another program. */
  const edited = (statements: string): string => {
    const file = fresh();
    copyFileSync(finished, file);
    const database = new Database(file);
    database.exec(statements);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    return file;
  };

  test.each([
    [
      "a tally that is not its own",
      "UPDATE architectures SET tally = (SELECT tally FROM architectures WHERE architecture = 1) WHERE architecture = 2",
      "architecture 2 does not go with its digest",
    ],
    [
      "text that is not UTF-8",
      "UPDATE architectures SET tally = CAST(x'22ff22' AS TEXT) WHERE architecture = 3",
      "architecture 3 does not go with its digest",
    ],
    ["a unit under another number", "UPDATE units SET unit = 77 WHERE unit = 1", "unit 77 does not go with its digest"],
    ["a unit that is gone", "DELETE FROM units WHERE unit = 1", "the rows that its seal counts"],
    [
      "an architecture that is gone",
      "DELETE FROM architectures WHERE architecture = 4",
      "the rows that its seal counts",
    ],
    ["no seal", "DELETE FROM seal", "found no seal"],
    ["settings that are not its own", "UPDATE header SET value = x'7b7d'", "the header does not go with its digest"],
  ])("%s: the row is named", async (_, statements, message) => {
    expect((await refused(edited(statements))).message).toContain(message);
  });

  test("what is whole can be salvaged, and what is lost is said", async () => {
    const file = edited("UPDATE architectures SET tally = x'7b7d' WHERE architecture = 2");
    const lost: string[] = [];
    const ledger = await openLedger("", file, (row) => lost.push(row));
    const kept = [...ledger.tallies()].map(([architecture]) => architecture);
    ledger.close();
    expect(lost).toEqual(["architecture 2", "the seal"]);
    expect(kept).toEqual([...memory.tallies()].map(([architecture]) => architecture).filter((a) => a !== 2));
  });

  test.each([":memory:", "file:x?mode=memory", "libsql://host/x", "https://host/x"])(
    "%s is no name of a ledger",
    async (name) => {
      const error = await refused(name);
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain("found an address, expected the name of a file");
    },
  );
});

describe("going on", () => {
  test.each([
    [
      "seed",
      { settings: { ...SETTINGS, seed: 6 } },
      "made with seed 5, found 6 now: expected the same, or another ledger",
    ],
    [
      "way to a norm",
      { settings: { ...SETTINGS, normMethod: "power" as const } },
      'made with normMethod "lanczos", found "power" now',
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
