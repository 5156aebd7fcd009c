/** Deflate data by the platform's DecompressionStream, into as much room as it says that it needs. */
import { FormatError } from "../network/errors.ts";

/** No file that people feed to this program unpacks to more. */
export const LARGEST_UNPACKED = 2 ** 31;

/** Deflate makes nothing smaller than this (RFC 1951: 258 bytes in two bits), so a size beyond it is a lie. */
const MOST_FROM_ONE = 1032;

/**
 * Raw deflate data that is said to unpack to `size` bytes.
 * @throws FormatError where it is damaged, or anything else than `size` bytes comes out.
 */
export async function inflate(bytes: Uint8Array, size: number, source: string): Promise<Uint8Array> {
  if (size > LARGEST_UNPACKED || size > bytes.length * MOST_FROM_ONE) {
    throw new FormatError(
      `${source}: found ${String(size)} bytes when unpacked, expected at most ${String(Math.min(LARGEST_UNPACKED, bytes.length * MOST_FROM_ONE))}`,
    );
  }
  const wrong = (what: string, cause?: unknown): FormatError =>
    new FormatError(`${source}: found ${what}, expected deflate data of ${String(size)} bytes`, { cause });
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  const result = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const step = await reader.read().catch((cause: unknown) => {
      throw wrong("damaged data", cause);
    });
    if (step.done) break;
    if (filled + step.value.length > size) {
      await reader.cancel();
      throw wrong("more than that");
    }
    result.set(step.value, filled);
    filled += step.value.length;
  }
  if (filled < size) throw wrong(`the end after ${String(filled)} bytes`);
  return result;
}
