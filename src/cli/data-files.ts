/** A file of numbers as an option names it: FILE, or FILE#NAME for one array of several. */
import { existsSync } from "node:fs";
import { openRows } from "../formats/read.ts";
import type { RowSource } from "../formats/read.ts";
import { UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { Values } from "./flags.ts";
import type { Reading } from "./files.ts";
import { readBytes, sha256 } from "./files.ts";
import { openLarge } from "./large-files.ts";

export interface DataFile {
  readonly file: string;
  /** Null where the file holds one array alone. */
  readonly array: string | null;
}

/** A file whose own name has a "#" in it is taken by its name. */
export function splitName(text: string): DataFile {
  const hash = text.lastIndexOf("#");
  if (hash <= 0 || hash === text.length - 1 || existsSync(text)) return { file: text, array: null };
  return { file: text.slice(0, hash), array: text.slice(hash + 1) };
}

export interface OpenData extends RowSource {
  /** The file's path, and the path as the option named it. */
  readonly file: string;
  readonly sha256: string;
}

/** @param array of `--array`, which stands for "#NAME"; @param header of `--header`. @throws FormatError, UsageError */
export async function openData(
  text: string,
  { array, header }: Pick<Values, "array" | "header">,
  own: Reading,
): Promise<OpenData> {
  const named = splitName(text);
  if (array !== null && named.array !== null && array !== named.array) {
    throw new UsageError(
      `--array ${printable(array)}: found #${printable(named.array)} in ${printable(text)} too, expected one of them`,
    );
  }
  const options = { ...own, array: named.array ?? array ?? undefined, header: header ?? undefined };
  const large = await openLarge(named.file, options, own);
  if (large !== null) return { ...large, file: named.file };
  const bytes = await readBytes(named.file, own);
  const rows = await openRows(bytes, named.file, options);
  return { ...rows, file: named.file, sha256: await sha256([bytes], own.pause) };
}
