/**
 * The two formats of torch.save → the unpickled object and its storages' bytes (torch/serialization.py).
 *
 * Since 1.6 a ZIP: NAME/data.pkl, NAME/data/KEY, NAME/byteorder. Before, pickles one after another: a magic number, a version, the
 * system, the object, the storages' keys, then for each key its count (8 bytes) and its bytes.
 */
import { KERAS_REMEDY, UnknownFormatError } from "../foreign-files.ts";
import { FormatError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import { isOldTorch } from "../signatures.ts";
import type { ZipEntry } from "../zip.ts";
import type { ReadContext } from "../budget.ts";
import { isZip, readDirectory, readEntry } from "../zip.ts";
import { ByteReader } from "./byte-reader.ts";
import { construct, persistentStorage } from "./classes.ts";
import type { Unpickled } from "./pickle.ts";
import { unpickle } from "./pickle.ts";
import { bytesOfElement } from "./tensors.ts";
import type { Storage, TorchFile } from "./values.ts";
import { describeValue, isKind } from "./values.ts";

const REMEDY = 'expected what torch.save(model.state_dict(), "model.pt") writes';

/** @throws FormatError naming what it is, where it is something else. */
export async function readTorchFile(bytes: Uint8Array, source: string, context: ReadContext = {}): Promise<TorchFile> {
  if (isZip(bytes)) return readArchive(bytes, source, context);
  if (isOldTorch(bytes)) return readOld(bytes, source);
  const tar = new TextDecoder("latin1").decode(bytes.subarray(257, 262)) === "ustar";
  if (!tar && bytes[0] !== 0x80) throw new UnknownFormatError(`${source}: found no file of torch.save, ${REMEDY}`);
  const what = tar ? "a tar archive, PyTorch's format before 0.2" : "a plain pickle";
  throw new FormatError(`${source}: found ${what}, ${REMEDY}`);
}

async function readArchive(bytes: Uint8Array, source: string, context: ReadContext): Promise<TorchFile> {
  const entries = new Map<string, ZipEntry>(readDirectory(bytes, source).map((entry) => [entry.name, entry]));
  const pickle = [...entries.keys()].find((name) => /(^|\/)data\.pkl$/.test(name));
  if (pickle === undefined && entries.has("model.weights.h5")) {
    throw new FormatError(`${source}: found a Keras archive, expected a model as .safetensors; ${KERAS_REMEDY}`);
  }
  if (pickle === undefined) throw new FormatError(`${source}: found a ZIP archive without data.pkl, ${REMEDY}`);
  const root = pickle.slice(0, -"data.pkl".length);
  if ([...entries.keys()].some((name) => name.startsWith(`${root}code/`))) {
    throw new FormatError(`${source}: found TorchScript, whose forward pass is code that is not run here, ${REMEDY}`);
  }
  const content = async (name: string): Promise<Uint8Array | undefined> => {
    const entry = entries.get(root + name);
    return entry === undefined ? undefined : readEntry(bytes, entry, `${source}: ${printable(entry.name)}`, context);
  };
  const keys = new Set<string>();
  const place = `${source}: ${printable(pickle)}`;
  const object = unpickleTorch((await content("data.pkl")) as Uint8Array, 0, place, keys);
  const storages = new Map<string, Uint8Array>();
  for (const key of keys) {
    const data = await content(`data/${key}`);
    if (data !== undefined) storages.set(key, data);
  }
  const order = new TextDecoder().decode((await content("byteorder")) ?? new Uint8Array()).trim();
  return { ...object, storages, littleEndian: order !== "big" };
}

function readOld(bytes: Uint8Array, source: string): TorchFile {
  const keys = new Set<string>();
  const types = new Map<string, string>();
  let at = 0;
  const next = (): Unpickled => {
    const result = unpickleTorch(bytes, at, source, keys, types);
    at = result.end;
    return result;
  };
  next();
  const version = next().value;
  if (version !== 1001)
    throw new FormatError(`${source}: found ${describeValue(version)} as the format's version, expected 1001`);
  const system = next().value;
  const little = isKind(system, "dict") ? system.entries.get("little_endian") : true;
  const object = next();
  const order = next().value;
  const reader = new ByteReader(bytes, at, source);
  const storages = new Map<string, Uint8Array>();
  for (const key of isKind(order, "list") ? order.items : []) {
    if (typeof key !== "string") {
      throw new FormatError(`${source}: found ${describeValue(key)} as a storage's key, expected a string`);
    }
    const type = types.get(key);
    const size = type === undefined ? undefined : bytesOfElement(type);
    if (size === undefined) {
      throw new FormatError(`${source}: found the storage type ${String(type)}, expected one of plain numbers`);
    }
    storages.set(key, reader.bytes(reader.uint64() * size));
  }
  return { value: object.value, skipped: object.skipped, storages, littleEndian: little !== false };
}

/** `keys` and `types` receive the storages that the pickle refers to. */
function unpickleTorch(
  bytes: Uint8Array,
  start: number,
  source: string,
  keys: Set<string>,
  types: Map<string, string> = new Map<string, string>(),
): Unpickled {
  const note = (storage: Storage): void => {
    keys.add(storage.key);
    if (!types.has(storage.key)) types.set(storage.key, storage.type);
  };
  return unpickle(bytes, start, source, {
    construct: (name, args) => construct(name, args, source),
    persistent: (id) => {
      const value = persistentStorage(id, source);
      if (isKind(value, "storage")) note(value);
      return value;
    },
  });
}
