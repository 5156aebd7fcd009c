/** NumPy's .npz: a ZIP archive of .npy files, stored or deflated (APPNOTE 4.3.7, 4.3.12, 4.3.16), read by its central directory. */
import { FormatError } from "../network/errors.ts";
import { inflate } from "./inflate.ts";
import type { NumericArray } from "./npy.ts";
import { readNpy } from "./npy.ts";

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;

/** Arrays by name, without ".npy". @throws FormatError */
export async function readNpz(bytes: Uint8Array, source: string): Promise<Map<string, NumericArray>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (what: string): FormatError =>
    new FormatError(`${source}: found ${what}, expected a whole .npz archive`);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw damaged("no end of a ZIP directory");
  const entries = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const arrays = new Map<string, NumericArray>();
  for (let i = 0; i < entries; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY)
      throw damaged("a damaged ZIP directory");
    const method = view.getUint16(at + 10, true);
    const packed = view.getUint32(at + 20, true);
    const unpacked = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (!name.endsWith(".npy")) continue;
    if (local + 30 > bytes.length || view.getUint32(local, true) !== LOCAL_ENTRY) throw damaged(`no entry of ${name}`);
    const data = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (data + packed > bytes.length) throw damaged(`${name} cut short`);
    const raw = bytes.subarray(data, data + packed);
    if (method !== 0 && method !== 8) throw damaged(`${name} packed by method ${String(method)}`);
    const content = method === 0 ? raw : await inflate(raw, "deflate-raw", unpacked, `${source}: ${name}`);
    arrays.set(name.slice(0, -4), readNpy(content, `${source}: ${name}`));
  }
  return arrays;
}
