/** Bytes of a text file → its lines, decoded piece by piece: a file may be longer than the longest string. */
import { FormatError } from "../network/errors.ts";

/** Bytes decoded at once. */
const PIECE_BYTES = 1 << 20;

/** A line of more characters is no table that anyone writes. */
export const LONGEST_LINE = 1 << 26;

/** Lines without their ends (LF, CR LF, or CR alone) and without a byte order mark. @throws FormatError for what is no text */
export function* textLines(bytes: Uint8Array, source: string): Generator<string> {
  const decoder = new TextDecoder(encodingOf(bytes, source));
  let rest = "";
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = rest + decoder.decode(bytes.subarray(at, at + PIECE_BYTES), { stream: true });
    // A CR at the very end may be half of CR LF.
    const text = piece.endsWith("\r") ? piece.slice(0, -1) : piece;
    const lines = text.split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? "") + piece.slice(text.length);
    if (rest.length > LONGEST_LINE) {
      throw new FormatError(`${source}: found a line of more than ${String(LONGEST_LINE)} characters, expected rows`);
    }
    yield* lines;
  }
  yield* (rest + decoder.decode()).split(/\r\n|\n|\r/);
}

/** Whole lines in UTF-8. @param isFirst whether a byte order mark may stand before them. */
export function decodedLines(bytes: Uint8Array, isFirst: boolean): string[] {
  return new TextDecoder("utf-8", { ignoreBOM: !isFirst }).decode(bytes).split(/\r\n|\n|\r/);
}

/** @throws FormatError for what is no text */
export function encodingOf(bytes: Uint8Array, source: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes.subarray(0, PIECE_BYTES).includes(0)) {
    throw new FormatError(
      `${source}: found zero bytes in a table: UTF-16 without a byte order mark, or no text; expected UTF-8, or UTF-16 with its mark`,
    );
  }
  return "utf-8";
}
