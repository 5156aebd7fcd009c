/** ZIP archives as a test needs them, written here from APPNOTE alone. */
import { deflateRawSync } from "node:zlib";

export interface Packed {
  readonly name: string;
  readonly content: Uint8Array;
  /** 0 stored, 8 deflated; any other is written as it is. */
  readonly method?: number;
  /** Flags of the directory entry: 1 encrypted. */
  readonly flags?: number;
}

/** Bit by bit, as RFC 1952 defines it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** @param options a comment behind the archive; sizes and offsets in the extra fields of 64 bits. */
export function zip(files: readonly Packed[], options: { comment?: string; is64?: boolean } = {}): Uint8Array {
  const { comment = "", is64 = false } = options;
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, method = 0, flags = 0 } of files) {
    const data = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const extra = Buffer.alloc(is64 ? 28 : 0);
    if (is64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      [content.length, data.length, at].forEach((n, i) => extra.writeBigUInt64LE(BigInt(n), 4 + 8 * i));
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(is64 ? 0xffffffff : data.length, 20);
    entry.writeUInt32LE(is64 ? 0xffffffff : content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(is64 ? 0xffffffff : at, 42);
    parts.push(local, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name), extra);
    at += 30 + name.length + data.length;
  }
  const length = Buffer.concat(directory).length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(is64 ? 0xffff : files.length, 10);
  end.writeUInt32LE(is64 ? 0xffffffff : length, 12);
  end.writeUInt32LE(is64 ? 0xffffffff : at, 16);
  end.writeUInt16LE(comment.length, 20);
  const end64 = Buffer.alloc(is64 ? 76 : 0);
  if (is64) {
    end64.writeUInt32LE(0x06064b50);
    end64.writeBigUInt64LE(BigInt(files.length), 32);
    end64.writeBigUInt64LE(BigInt(length), 40);
    end64.writeBigUInt64LE(BigInt(at), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(at + length), 64);
  }
  return new Uint8Array(Buffer.concat([...parts, ...directory, end64, end, Buffer.from(comment)]));
}
