/**
 * One file under two names. A file that exists is told by device and inode, so that links of both kinds and folders behind links do not
 * hide it; one that does not, by the folder that it would be in and its name. All of it before any work.
 */
import { fstatSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { UsageError } from "../network/errors.ts";
import { behindLinks } from "./outputs.ts";

/** A file, or a folder of files, that a command line names. */
export interface NamedFile {
  /** The option's name without dashes; empty for a word without one. */
  readonly option: string;
  readonly file: string | null;
  /** Whether it is written. */
  readonly output: boolean;
  /** For a folder: names of the files that may be written into it. */
  readonly within?: RegExp;
}

/** Files that SQLite keeps beside a database. */
const LEDGER_COMPANIONS = ["", "-wal", "-shm", "-journal"] as const;

/** A ledger with the files beside it. */
export function ledgerFiles(option: string, file: string): NamedFile[] {
  return LEDGER_COMPANIONS.map((ending) => ({ option, file: `${file}${ending}`, output: true }));
}

/** A folder of witness files. */
export function witnessFiles(folder: string | null): NamedFile {
  const within = /^(?:(?:shrunk-)*(?:holds|tight|violated|unresolved|invalid)-[\d-]+|tightest)\.json$/i;
  return { option: "witnesses", file: folder, output: true, within };
}

/** A folder of Parquet files, one a unit. */
export function unitFiles(folder: string | null): NamedFile {
  return { option: "samples", file: folder, output: true, within: /^unit-\d+\.parquet$/i };
}

/**
 * Refuses two outputs, or an output and an input, that are one file; stdout redirected to a file is an output as well. Devices such as
 * /dev/null may repeat.
 * @throws UsageError naming both.
 */
export function checkDistinct(files: readonly NamedFile[]): void {
  const stdout = openFile(1);
  const seen = new Map<string, NamedFile>(stdout === null ? [] : [[stdout, STDOUT]]);
  for (const own of files) {
    if (own.file === null || own.within !== undefined) continue;
    const key = identity(own.file);
    if (key === null) continue;
    const other = seen.get(key);
    if (other !== undefined && (own.output || other.output)) throw oneFile(own, other);
    if (other === undefined || own.output) seen.set(key, own);
  }
  for (const folder of files) {
    if (folder.file === null || folder.within === undefined) continue;
    const key = identity(folder.file, true);
    for (const own of files) {
      if (own === folder || own.file === null) continue;
      const path = resolve(own.file);
      if (own.within !== undefined || !folder.within.test(basename(path))) continue;
      if (identity(dirname(path), true) === key) {
        throw new UsageError(
          `${named(own)}: is one of the files that ${named(folder)} may write, expected another name or folder`,
        );
      }
    }
  }
}

const STDOUT: NamedFile = { option: "stdout", file: null, output: true };

function oneFile(own: NamedFile, other: NamedFile): UsageError {
  const name = other === STDOUT ? "stdout" : other.option === "" ? (other.file ?? "") : `--${other.option}`;
  return new UsageError(`${named(own)}: is the file of ${name} too, expected another`);
}

function named({ option, file }: NamedFile): string {
  return option === "" ? (file ?? "") : `--${option} ${file ?? ""}`;
}

/** What tells a file from others; null for what is neither a file nor (where `folder`) a folder. */
function identity(file: string, folder = false): string | null {
  const path = behindLinks(file);
  const rest: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const found = stats(at);
    if (found !== null) {
      const there = `${String(found.dev)}:${String(found.ino)}`;
      if (rest.length === 0 && !(folder ? found.isDirectory() : found.isFile())) return null;
      return [there, ...rest].join("/");
    }
    if (dirname(at) === at) return path;
    rest.unshift(basename(at));
  }
}

function stats(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

function openFile(descriptor: number): string | null {
  try {
    const found = fstatSync(descriptor, { bigint: true });
    return found.isFile() ? `${String(found.dev)}:${String(found.ino)}` : null;
  } catch {
    return null;
  }
}
