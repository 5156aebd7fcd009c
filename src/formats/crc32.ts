/** CRC-32 as ZIP, gzip and zlib use it (RFC 1952 §8): polynomial 0xEDB88320, reflected. */
const TABLES = makeTables();

/** Four bytes a step (Intel's "slicing by 4"). @param before the CRC of what stands before these bytes. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3] = TABLES;
  const whole = bytes.length - (bytes.length % 4);
  let crc = ~before;
  let at = 0;
  for (; at < whole; at += 4) {
    const x =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (t3[x & 255] as number) ^
      (t2[(x >>> 8) & 255] as number) ^
      (t1[(x >>> 16) & 255] as number) ^
      (t0[x >>> 24] as number);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 255] as number);
  return ~crc >>> 0;
}

/** Bytes between two pauses: 20 ms. */
const BLOCK_BYTES = 1 << 23;

/** The same with pauses. */
export async function crc32OfBlocks(bytes: Uint8Array, pause: () => Promise<void>): Promise<number> {
  let crc = 0;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    crc = crc32(bytes.subarray(at, at + BLOCK_BYTES), crc);
    await pause();
  }
  return crc;
}

/** Table k: the CRC of a byte with k zeros behind it. */
function makeTables(): readonly [Int32Array, Int32Array, Int32Array, Int32Array] {
  const tables = [new Int32Array(256), new Int32Array(256), new Int32Array(256), new Int32Array(256)] as const;
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[0][i] = crc;
  }
  for (let k = 1; k < 4; k++) {
    const [before, table] = [tables[k - 1] as Int32Array, tables[k] as Int32Array];
    for (let i = 0; i < 256; i++) {
      const crc = before[i] as number;
      table[i] = (crc >>> 8) ^ (tables[0][crc & 255] as number);
    }
  }
  return tables;
}
