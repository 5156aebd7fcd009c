/** Deflate data by the platform's DecompressionStream, into as much room as it says that it needs and the budget has. */
import { FormatError } from "../network/errors.ts";
import type { ReadContext } from "./budget.ts";

/** Deflate makes nothing smaller than this (RFC 1951: 258 bytes in two bits), so a size beyond it is a lie. */
const MOST_FROM_ONE = 1032;

/**
 * Raw deflate data that is said to unpack to `size` bytes, which stay claimed.
 * @throws FormatError where it is damaged, or anything else than `size` bytes comes out; BudgetError
 */
export async function inflate(
  bytes: Uint8Array,
  size: number,
  source: string,
  { budget, pause }: Required<ReadContext>,
): Promise<Uint8Array> {
  if (size > bytes.length * MOST_FROM_ONE) {
    throw new FormatError(
      `${source}: found ${String(size)} bytes when unpacked, expected at most ${String(bytes.length * MOST_FROM_ONE)}`,
    );
  }
  budget.claim(size, source);
  try {
    return await fill(bytes, size, source, pause);
  } catch (error) {
    budget.release(size);
    throw error;
  }
}

async function fill(bytes: Uint8Array, size: number, source: string, pause: () => Promise<void>): Promise<Uint8Array> {
  const wrong = (what: string, cause?: unknown): FormatError =>
    new FormatError(`${source}: found ${what}, expected deflate data of ${String(size)} bytes`, { cause });
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  const result = new Uint8Array(size);
  let filled = 0;
  try {
    for (;;) {
      const step = await reader.read().catch((cause: unknown) => {
        throw wrong("damaged data", cause);
      });
      if (step.done) break;
      if (filled + step.value.length > size) throw wrong("more than that");
      result.set(step.value, filled);
      filled += step.value.length;
      await pause();
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
  if (filled < size) throw wrong(`the end after ${String(filled)} bytes`);
  return result;
}
