/**
 * Files that a command writes. Each is opened before any work, so that a path that cannot be written fails at once (UsageError, exit 2);
 * what is written goes into a file beside it, which takes its name once it is whole: a full disk leaves the old file as it was.
 *
 * A file that fails later on does not stop the work: the first failure is kept, and `close` throws it (OutputError, exit 70). Whatever
 * ends the process in order (a second Ctrl-C too), no file beside stays behind. Devices and pipes are written in place.
 */
import { randomUUID } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { OutputError, UsageError } from "../network/errors.ts";
import { reason } from "./reason.ts";

/** A file that is written piece by piece, as results come. */
export interface Output {
  readonly write: (piece: string | Uint8Array) => void;
  /** Hands everything over and gives the file its name. @throws OutputError where any of it could not be written: the old file stands. */
  readonly close: () => void;
  /** Closes, unless it is closed: what was written is kept, and where nothing was, the file is as it was before. */
  readonly abandon: () => void;
}

const CHUNK_CHARACTERS = 1 << 16;

/** Opens FILE for writing. @throws UsageError naming the option and the file. */
export function openOutput(option: string, file: string): Output {
  const place = `--${option} ${file}`;
  let target: Target;
  try {
    target = openTarget(file);
  } catch (cause) {
    if (cause instanceof UsageError) throw new UsageError(`${place}: ${cause.message}`, { cause });
    throw new UsageError(`${place}: cannot be written (${reason(cause)})`, { cause });
  }
  let pending = "";
  let written = false;
  let closed = false;
  let failure: unknown = null;
  const guarded = (action: () => void): void => {
    if (failure !== null) return;
    try {
      action();
    } catch (cause) {
      failure = cause;
    }
  };
  const writeBytes = (bytes: Uint8Array): void => {
    guarded(() => {
      if (!written) target.start();
      written = true;
      writeAll(target.descriptor, bytes);
    });
  };
  const flush = (): void => {
    if (pending === "") return;
    const bytes = Buffer.from(pending, "utf8");
    pending = "";
    writeBytes(bytes);
  };
  const end = (): void => {
    if (closed) return;
    closed = true;
    process.off("exit", abandon);
    flush();
    if (failure !== null || !written) target.drop();
    else guarded(target.keep);
  };
  function abandon(): void {
    end();
  }
  process.on("exit", abandon);
  return {
    write: (piece) => {
      if (typeof piece === "string") {
        pending += piece;
        if (pending.length >= CHUNK_CHARACTERS) flush();
      } else {
        flush();
        writeBytes(piece);
      }
    },
    close: () => {
      // A result of no bytes is a result too: an empty file.
      if (!closed) writeBytes(new Uint8Array());
      end();
      // A reader that has gone away (/dev/stdout piped into head) has what it wanted.
      if (failure !== null && codeOf(failure) !== "EPIPE") {
        throw new OutputError(`${place}: cannot be written (${reason(failure)})`, {
          cause: failure,
        });
      }
    },
    abandon,
  };
}

/** Closes all, so that one that fails does not keep the others from being whole. Returns the first failure. @throws other errors */
export function closeAll(outputs: readonly (Pick<Output, "close"> | null | undefined)[]): OutputError | null {
  let first: OutputError | null = null;
  for (const output of outputs) {
    try {
      output?.close();
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      first ??= error;
    }
  }
  return first;
}

/** Where the bytes go until they are whole. */
interface Target {
  readonly descriptor: number;
  /** Before the first byte. */
  readonly start: () => void;
  /** Closes; the file has its name then. */
  readonly keep: () => void;
  /** Closes; nothing is left of it. */
  readonly drop: () => void;
}

function openTarget(file: string): Target {
  const found = statOf(file);
  if (found?.isDirectory() === true || /[\\/]$/.test(file)) throw coded("EISDIR");
  if (found?.isFIFO() === true) return inPlace(openPipe(file));
  if (found !== null && !found.isFile()) return inPlace(openSync(file, "w"));
  if (found !== null) accessSync(file, constants.W_OK);
  const target = behindLinks(file);
  const beside = besideName(target);
  let descriptor: number;
  try {
    descriptor = openSync(beside, "wx");
  } catch (error) {
    // A file that may be written, in a folder that may not.
    if (found === null || !/^(EACCES|EPERM|EROFS)$/.test(codeOf(error))) throw error;
    const own = openSync(file, "r+");
    return inPlace(own, () => {
      ftruncateSync(own);
    });
  }
  if (found !== null) chmodSync(beside, found.mode & 0o7777);
  return {
    descriptor,
    start: () => undefined,
    keep: () => {
      try {
        fsyncSync(descriptor);
        renameSync(beside, target);
      } catch (error) {
        rmSync(beside, { force: true });
        throw error;
      } finally {
        closeSync(descriptor);
      }
    },
    drop: () => {
      rmSync(beside, { force: true });
      closeSync(descriptor);
    },
  };
}

function inPlace(descriptor: number, start: () => void = () => undefined): Target {
  const close = (): void => {
    closeSync(descriptor);
  };
  return { descriptor, start, keep: close, drop: close };
}

/** A pipe to write into. One that nobody reads would hold the program, signals and all, until somebody does. */
function openPipe(file: string): number {
  let probe: number;
  try {
    probe = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (codeOf(cause) !== "ENXIO") throw cause;
    throw new UsageError("found a pipe that nobody reads, expected its reader to be there first", { cause });
  }
  try {
    return openSync(file, "w");
  } finally {
    closeSync(probe);
  }
}

/** The path that a chain of symbolic links ends at, whether or not anything is there. @throws an error of code ELOOP */
export function behindLinks(file: string): string {
  let path = resolve(file);
  for (let i = 0; i < MOST_LINKS; i++) {
    let next: string;
    try {
      next = readlinkSync(path);
    } catch {
      return path;
    }
    path = resolve(dirname(path), next);
  }
  throw coded("ELOOP");
}

/** As many as Linux follows. */
const MOST_LINKS = 40;

/** A name of its own in the same folder, short whatever the file's name is. */
function besideName(target: string): string {
  return join(dirname(target), `.gpv-${String(process.pid)}-${randomUUID().slice(0, 8)}.part`);
}

/** Writes FILE whole or not at all: a file of half a witness is worse than none. @throws OutputError, the old file as it was. */
export function writeWhole(file: string, text: string | Uint8Array): void {
  const beside = besideName(file);
  try {
    writeFileSync(beside, text, { flag: "wx" });
    renameSync(beside, file);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new OutputError(`${file}: cannot be written (${reason(cause)})`, { cause });
  }
}

/** Several outputs of one command, by their options. */
export interface Outputs<Option extends string> {
  readonly opened: ReadonlyMap<Option, Output>;
  /** Removes what was opened and never written. */
  readonly abandon: () => void;
}

/** Opens those that are asked for, all or none. @throws UsageError naming the option and the file. */
export function openOutputs<Option extends string>(files: Readonly<Record<Option, string | null>>): Outputs<Option> {
  const opened = new Map<Option, Output>();
  const abandon = (): void => {
    for (const output of opened.values()) output.abandon();
  };
  try {
    for (const [option, file] of Object.entries(files) as [Option, string | null][]) {
      if (file !== null) opened.set(option, openOutput(option, file));
    }
  } catch (error) {
    abandon();
    throw error;
  }
  return { opened, abandon };
}

/**
 * Makes a folder and those above it, one by one: Node's own way does not end where a path cannot be made (/proc/x).
 * @throws UsageError naming the option where it cannot be made or written to.
 */
export function makeFolder(option: string, folder: string): void {
  try {
    makeFolders(resolve(folder));
    accessSync(folder, constants.W_OK | constants.X_OK);
    // What permissions do not say: a file system that takes no file, such as /proc.
    const trial = besideName(join(folder, "trial"));
    writeFileSync(trial, "", { flag: "wx" });
    rmSync(trial);
  } catch (cause) {
    throw new UsageError(`--${option} ${folder}: cannot be written to (${reason(cause)})`, { cause });
  }
}

function makeFolders(path: string): void {
  const found = statOf(path);
  if (found?.isDirectory() === true) return;
  if (found !== null) throw coded("ENOTDIR");
  const above = dirname(path);
  if (above === path) throw coded("ENOENT");
  makeFolders(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been first.
    if (statOf(path)?.isDirectory() !== true) throw error;
  }
}

function statOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : "";
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
