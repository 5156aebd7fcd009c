/**
 * NumPy's .npz: a ZIP archive of .npy files. The arrays are known by name at once; one is unpacked and decoded when it is asked for.
 */
import { FormatError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { NumericArray } from "./array.ts";
import type { ReadContext } from "./budget.ts";
import { readNpy } from "./npy.ts";
import type { ZipEntry } from "./zip.ts";
import { readDirectory, readEntry } from "./zip.ts";

export interface NpzArchive {
  /** Names of the arrays, without ".npy", in the archive's order. */
  readonly names: readonly string[];
  /** Of all files. */
  readonly files: readonly string[];
  /** @throws FormatError; RangeError for a name that is not there. */
  readonly read: (name: string) => Promise<NumericArray>;
}

/** @throws FormatError where the directory is damaged. */
export function openNpz(bytes: Uint8Array, source: string, context: ReadContext = {}): NpzArchive {
  const entries = readDirectory(bytes, source);
  const arrays = new Map<string, ZipEntry>();
  for (const entry of entries) {
    if (!entry.name.endsWith(".npy")) continue;
    const name = entry.name.slice(0, -".npy".length);
    if (arrays.has(name)) {
      throw new FormatError(`${source}: found two arrays named ${printable(name)}, expected one of each name`);
    }
    arrays.set(name, entry);
  }
  return {
    names: [...arrays.keys()],
    files: entries.map(({ name }) => name),
    async read(name) {
      const entry = arrays.get(name);
      if (entry === undefined) throw new RangeError(`no array ${name}`);
      const where = `${source}: ${printable(entry.name)}`;
      return readNpy(await readEntry(bytes, entry, where, context), where, context.budget);
    },
  };
}

/** All arrays by name, each decoded. @throws FormatError */
export async function readNpz(bytes: Uint8Array, source: string): Promise<Map<string, NumericArray>> {
  const { names, read } = openNpz(bytes, source);
  const arrays = new Map<string, NumericArray>();
  for (const name of names) arrays.set(name, await read(name));
  return arrays;
}
