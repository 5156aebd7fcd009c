/** Tensors of torch.save → NamedTensor: strided views into storages, each held against the storage's bytes. */
import { FormatError, ModelError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import type { NumberType } from "../numbers.ts";
import { BYTES_OF, elementCount, readNumbers } from "../numbers.ts";
import type { NamedTensor } from "../tensor.ts";
import type { StoredTensor, TorchFile } from "./values.ts";

const TYPES: Readonly<Record<string, NumberType>> = {
  HalfStorage: "f16",
  BFloat16Storage: "bf16",
  FloatStorage: "f32",
  DoubleStorage: "f64",
  CharStorage: "i8",
  ByteStorage: "u8",
  ShortStorage: "i16",
  IntStorage: "i32",
  LongStorage: "i64",
  BoolStorage: "bool",
  float16: "f16",
  bfloat16: "bf16",
  float32: "f32",
  float64: "f64",
  int8: "i8",
  uint8: "u8",
  int16: "i16",
  uint16: "u16",
  int32: "i32",
  uint32: "u32",
  int64: "i64",
  uint64: "u64",
  bool: "bool",
};

/** The name that Python prints. */
const DTYPES: Readonly<Record<NumberType, string>> = {
  f16: "float16",
  bf16: "bfloat16",
  f32: "float32",
  f64: "float64",
  i8: "int8",
  u8: "uint8",
  i16: "int16",
  u16: "uint16",
  i32: "int32",
  u32: "uint32",
  i64: "int64",
  u64: "uint64",
  bool: "bool",
};

function numberType(name: string): NumberType | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}

/** Bytes of a number in a storage of this type ("FloatStorage"); an untyped one counts bytes. */
export function bytesOfElement(storageType: string): number | undefined {
  if (storageType === "UntypedStorage") return 1;
  const type = numberType(storageType);
  return type === undefined ? undefined : BYTES_OF[type];
}

/** @throws FormatError, when it is read: for a type that holds no plain numbers, a storage that is not there or too short. */
export function namedTensor(name: string, tensor: StoredTensor, file: TorchFile, source: string): NamedTensor {
  const kind = tensor.dtype ?? tensor.storage.type;
  const type = numberType(kind);
  const dtype = type === undefined ? kind : DTYPES[type];
  const place = `${source}: tensor ${printable(name)}`;
  const read = (): Float64Array => {
    if (type === undefined) {
      throw new FormatError(`${place}: found the type ${kind}, expected float16, bfloat16, float32 or float64`);
    }
    if (tensor.shape.includes(0)) return new Float64Array(0);
    const { bytes, first, count } = extent(tensor, BYTES_OF[type], file, place);
    const flat = readNumbers(bytes, first * BYTES_OF[type], count, type, file.littleEndian);
    return isContiguous(tensor) ? flat : Float64Array.from(places(tensor), (at) => flat[at] as number);
  };
  return { name, dtype, shape: tensor.shape, read };
}

/** Where a tensor of at least one entry lies: its first element from the start of its key's bytes, and how many up to its last. */
function extent(
  { storage, offset, shape, strides }: StoredTensor,
  size: number,
  { storages }: TorchFile,
  place: string,
): { bytes: Uint8Array; first: number; count: number; held: number } {
  const bytes = storages.get(storage.key);
  if (bytes === undefined) {
    throw new FormatError(`${place}: found no bytes of its storage ${storage.key}, expected a whole file`);
  }
  const first = storage.offset + offset;
  const count = 1 + shape.reduce((sum, n, axis) => sum + (n - 1) * (strides[axis] as number), 0);
  const held = Math.floor(bytes.length / size);
  if (!(first + count <= held)) {
    throw new FormatError(
      `${place}: found ${String(held)} numbers in its storage ${storage.key}, expected ${String(first + count)} for ${shape.join(" × ")}`,
    );
  }
  if (elementCount(shape, place) > count) {
    throw new ModelError(
      `${place}: found ${shape.join(" × ")} entries that share ${String(count)} numbers in memory: shared weights, which the inequality does not cover; expected each entry its own`,
    );
  }
  return { bytes, first, count, held };
}

function isContiguous({ shape, strides }: StoredTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] as number;
  }
  return true;
}

/** Where each element of the tensor lies, in C order, counted from its first. */
function* places({ shape, strides }: StoredTensor): Generator<number> {
  const index = shape.map(() => 0);
  const count = shape.reduce((a, b) => a * b, 1);
  let at = 0;
  for (let i = 0; i < count; i++) {
    yield at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      at += stride;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      at -= stride * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}

/**
 * Refuses two tensors that share a number in memory: tied weights, or a layer registered twice.
 * Views of one storage side by side, as of a flat buffer of parameters, share none.
 * @throws ModelError naming both.
 */
export function refuseSharedMemory(tensors: ReadonlyMap<string, StoredTensor>, file: TorchFile, source: string): void {
  const byKey = new Map<string, [string, StoredTensor][]>();
  for (const entry of tensors) {
    const size = bytesOfElement(entry[1].dtype ?? entry[1].storage.type);
    if (size === undefined || entry[1].shape.includes(0)) continue;
    const { key } = entry[1].storage;
    byKey.set(key, [...(byKey.get(key) ?? []), entry]);
  }
  for (const group of byKey.values()) {
    if (group.length > 1) refuseOverlap(group, file, source);
  }
}

function refuseOverlap(group: readonly [string, StoredTensor][], file: TorchFile, source: string): void {
  /** 1 + the tensor's place in the group, at each element that it looks at. */
  let owners = new Uint32Array(0);
  for (const [i, [name, tensor]] of group.entries()) {
    const size = bytesOfElement(tensor.dtype ?? tensor.storage.type) as number;
    const { first, held } = extent(tensor, size, file, `${source}: tensor ${printable(name)}`);
    if (owners.length === 0) owners = new Uint32Array(held);
    for (const at of places(tensor)) {
      const owner = owners[first + at] as number;
      if (owner !== 0 && owner !== i + 1) {
        throw new ModelError(
          `${source}: tensor ${printable(name)}: found the memory of ${printable(String(group[owner - 1]?.[0]))}: shared weights, which the inequality does not cover; expected each layer its own, or one of them left out by --layers`,
        );
      }
      owners[first + at] = i + 1;
    }
  }
}
