/** Decompression by the platform's DecompressionStream, with a bound on what may come out. */
import { FormatError } from "../network/errors.ts";

/** @throws FormatError where the data is damaged, or more than `limit` bytes come out. */
export async function inflate(
  bytes: Uint8Array,
  format: "gzip" | "deflate-raw",
  limit: number,
  source: string,
): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream(format));
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    let step: { done: boolean; value?: Uint8Array | undefined };
    try {
      step = await reader.read();
    } catch (cause) {
      throw new FormatError(
        `${source}: found damaged ${format === "gzip" ? "gzip" : "deflate"} data, expected a whole stream`,
        { cause },
      );
    }
    if (step.done || step.value === undefined) break;
    total += step.value.length;
    if (total > limit) {
      await reader.cancel();
      throw new FormatError(`${source}: found more than ${String(limit)} bytes when unpacked, expected at most that`);
    }
    parts.push(step.value);
  }
  const result = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** No file that people feed to this program unpacks to more. */
export const LARGEST_UNPACKED = 2 ** 31;
