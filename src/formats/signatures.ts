/** First bytes of the formats whose readers are loaded when they are first needed. */

/** PROTO 2, LONG1 of ten bytes, 0x1950a86a20f9469cfc6c: torch.save before 1.6. */
const OLD_TORCH = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

export function isOldTorch(bytes: Uint8Array): boolean {
  return OLD_TORCH.every((byte, i) => bytes[i] === byte);
}

/** Whether these bytes begin like a ModelProto that says its IR version first, as every exporter does. */
export function isOnnx(bytes: Uint8Array): boolean {
  const version = bytes[1] ?? 0;
  return bytes[0] === 0x08 && version >= 3 && version < 0x20 && [0x12, 0x3a, 0x42].includes(bytes[2] ?? 0);
}
