/** Files that stand where a model or data should, known by their first bytes: each is refused for what it is. */
import { FormatError } from "../network/errors.ts";

/** A file whose first bytes and name say nothing. */
export class UnknownFormatError extends FormatError {}

/** First bytes, as text in Latin-1, and what they begin. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [
    /^version https:\/\/git-lfs\.github\.com\//,
    "a Git LFS pointer, which stands for the file (git lfs pull fetches it)",
  ],
  [/^\s*(<!doctype html|<html)/i, "a web page, as a download that failed leaves it"],
  [/^BZh[1-9]/, "bzip2 data, which is not unpacked here (gzip is)"],
  [/^\u00fd7zXZ\0/, "xz data, which is not unpacked here (gzip is)"],
  [/^\u0028\u00b5\u002f\u00fd/, "Zstandard data, which is not unpacked here (gzip is)"],
  [/^7z\u00bc\u00af/, "a 7-Zip archive"],
  [/^\u0089HDF\r\n/, "an HDF5 file (Keras .h5, MATLAB 7.3)"],
  [/^MATLAB 5\.0 MAT-file/, "a MATLAB file"],
  [/^%PDF-/, "a PDF"],
  [/^\u0089PNG\r\n/, "a PNG image"],
  [/^\u00ff\u00d8\u00ff/, "a JPEG image"],
  [/^SQLite format 3\0/, "an SQLite file"],
];

/** Two lines of Python that write a Keras model as a file that is read here. */
export const KERAS_REMEDY =
  'from Keras: import keras, safetensors.numpy; m = keras.models.load_model(FILE); safetensors.numpy.save_file({w.path: w.numpy() for w in m.weights}, "model.safetensors")';

/** @throws FormatError; `expected` says what would be right. */
export function refuseForeign(bytes: Uint8Array, name: string, expected: string): void {
  if (bytes.length === 0) throw new FormatError(`${name}: found an empty file, expected ${expected}`);
  const head = String.fromCharCode(...bytes.subarray(0, 256));
  const found = FOREIGN.find(([pattern]) => pattern.test(head))?.[1];
  if (found === undefined) return;
  const remedy = found.includes("Keras") && expected.startsWith("a model") ? `; ${KERAS_REMEDY}` : "";
  throw new FormatError(`${name}: found ${found}, expected ${expected}${remedy}`);
}
