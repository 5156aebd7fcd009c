/**
 * gzip (RFC 1952): several members one after another, and zeros behind the last one, as tapes and block writers leave them.
 *
 * Runtimes disagree on both (Node reads on, browsers refuse), so members are told apart here. A member does not say how long it is: each
 * place where the next one could begin is tried, and the member's own CRC-32 and size decide.
 */
import { FormatError } from "../network/errors.ts";
import { BudgetError, readContext } from "./budget.ts";
import type { ReadContext } from "./budget.ts";
import { crc32OfBlocks } from "./crc32.ts";
import { inflate } from "./inflate.ts";

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** @throws FormatError where a member is damaged or cut short, or something else than zeros follows the last; BudgetError */
export async function gunzip(bytes: Uint8Array, source: string, given: ReadContext = {}): Promise<Uint8Array> {
  const context = readContext(given);
  const members: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length;) {
    if (members.length > 0 && bytes.subarray(at).every((byte) => byte === 0)) break;
    const { content, end } = await readMember(bytes, at, source, context);
    members.push(content);
    total += content.length;
    at = end;
  }
  const [only] = members;
  if (members.length === 1 && only !== undefined) return only;
  // Both are held while one becomes the other.
  context.budget.claim(total, source);
  const result = new Uint8Array(total);
  let at = 0;
  for (const member of members) {
    result.set(member, at);
    at += member.length;
  }
  context.budget.release(total);
  return result;
}

const TRAILER = 8;

/** The three bytes with which a member begins are met by chance once in 16 MB; a file with more of them than this was made to be slow. */
const MOST_TRIES = 1000;

async function readMember(
  bytes: Uint8Array,
  start: number,
  source: string,
  context: Required<ReadContext>,
): Promise<{ content: Uint8Array; end: number }> {
  const beyond: BudgetError[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = dataStart(bytes, start);
  if (data !== null) {
    let tries = 0;
    for (const end of possibleEnds(bytes, data)) {
      if (++tries > MOST_TRIES) break;
      const [crc, size] = [view.getUint32(end - TRAILER, true), view.getUint32(end - TRAILER + 4, true)];
      await context.pause();
      const content = await inflate(bytes.subarray(data, end - TRAILER), size, source, context).catch(
        (error: unknown) => {
          if (error instanceof BudgetError) beyond.push(error);
          else if (!(error instanceof FormatError)) throw error;
          return null;
        },
      );
      if (content === null) continue;
      if ((await crc32OfBlocks(content, context.pause)) === crc) return { content, end };
      context.budget.release(size);
    }
  }
  // No end that fits was found, and one was not tried for want of room.
  const [first] = beyond;
  if (first !== undefined) throw first;
  throw new FormatError(
    `${source}: found damaged gzip data ${start === 0 ? "" : `at byte ${String(start)} `}(cut short, or altered), expected whole members`,
  );
}

/** Where a member that begins at `start` may end: where another begins, at the end of the file, or before zeros. */
function* possibleEnds(bytes: Uint8Array, data: number): Generator<number> {
  const { length } = bytes;
  const least = data + 2 + TRAILER;
  let filled = length;
  while (filled > least && bytes[filled - 1] === 0) filled--;
  for (let at = bytes.indexOf(0x1f, least); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (dataStart(bytes, at) !== null) yield at;
  }
  // The size itself ends in zeros, as a rule; so does the CRC-32 of nothing.
  const isPadded = length - filled > TRAILER + 1;
  if (!isPadded && length >= least) yield length;
  for (let end = Math.max(filled, least); end <= Math.min(length, filled + TRAILER + 1); end++) yield end;
}

/** Where the deflate data of the member at `start` begin; null where no member begins there. */
function dataStart(bytes: Uint8Array, start: number): number | null {
  const [id1, id2, method, flags = 0] = bytes.subarray(start, start + 4);
  if (id1 !== 0x1f || id2 !== 0x8b || method !== 8 || (flags & 0xe0) !== 0) return null;
  let at = start + 10;
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const hasText of [flags & 8, flags & 16]) {
    if (hasText === 0) continue;
    const zero = bytes.indexOf(0, at);
    if (zero < 0) return null;
    at = zero + 1;
  }
  if (flags & 2) at += 2;
  return at + TRAILER <= bytes.length ? at : null;
}
