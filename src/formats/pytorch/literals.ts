/** The opcodes of a pickle that push a number, a text or bytes. */
import type { ByteReader } from "./byte-reader.ts";
import type { Value } from "./values.ts";

/** The value that `opcode` pushes, its argument taken from the reader; undefined for any other opcode. @throws FormatError at the file's end */
export function readLiteral(opcode: number, reader: ByteReader): Value | undefined {
  switch (opcode) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x49: // INT
      return intLine(reader.line());
    case 0x4c: // LONG
      return intLine(reader.line().replace(/L$/, ""));
    case 0x46: // FLOAT
      return Number(reader.line());
    case 0x4a: // BININT
      return reader.int32();
    case 0x4b: // BININT1
      return reader.byte();
    case 0x4d: // BININT2
      return reader.uint16();
    case 0x8a: // LONG1
      return reader.long(reader.byte());
    case 0x8b: // LONG4
      return reader.long(reader.uint32());
    case 0x47: // BINFLOAT
      return reader.float64BigEndian();
    case 0x53: // STRING
      return reader.line().replace(/^(['"])(.*)\1$/, "$2");
    case 0x56: // UNICODE
      return reader.line();
    case 0x55: // SHORT_BINSTRING
      return latin1(reader.bytes(reader.byte()));
    case 0x54: // BINSTRING
      return latin1(reader.bytes(reader.uint32()));
    case 0x8c: // SHORT_BINUNICODE
      return utf8(reader.bytes(reader.byte()));
    case 0x58: // BINUNICODE
      return utf8(reader.bytes(reader.uint32()));
    case 0x8d: // BINUNICODE8
      return utf8(reader.bytes(reader.uint64()));
    case 0x43: // SHORT_BINBYTES
      return reader.bytes(reader.byte());
    case 0x42: // BINBYTES
      return reader.bytes(reader.uint32());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return reader.bytes(reader.uint64());
    default:
      return undefined;
  }
}

function intLine(text: string): Value {
  if (text === "00" || text === "01") return text === "01";
  const value = Number(text);
  return Number.isSafeInteger(value) || !/^[+-]?\d{1,1000}$/.test(text) ? value : BigInt(text);
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const latin1 = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
