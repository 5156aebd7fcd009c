/** TensorProto → numbers, wherever they stand: in a field of their type, in raw bytes, or in a file beside the model. */
import { FormatError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import type { NumberType } from "../numbers.ts";
import { BYTES_OF, bfloatToNumber, elementCount, halfToNumber, readNumbers } from "../numbers.ts";
import type { TensorProto } from "./onnx_pb.ts";
import { TensorProto_DataLocation, TensorProto_DataType as DataType } from "./onnx_pb.ts";

/** A tensor that does not depend on the network's input. */
export interface Constant {
  readonly kind: "constant";
  readonly shape: readonly number[];
  /** In C order. NaN in a shape that the graph computes: the number of samples. */
  readonly values: Float64Array;
  /** Initialisers that its numbers come from. */
  readonly origins: readonly string[];
  /** Whether arithmetic stands between them and it. */
  readonly computed: boolean;
  /** Spacing of its numbers at 1: 2⁻²³ where it was stored in f32. */
  readonly epsilon: number;
}

const TYPES: Readonly<Record<number, NumberType>> = {
  [DataType.FLOAT]: "f32",
  [DataType.DOUBLE]: "f64",
  [DataType.FLOAT16]: "f16",
  [DataType.BFLOAT16]: "bf16",
  [DataType.INT8]: "i8",
  [DataType.UINT8]: "u8",
  [DataType.INT16]: "i16",
  [DataType.UINT16]: "u16",
  [DataType.INT32]: "i32",
  [DataType.UINT32]: "u32",
  [DataType.INT64]: "i64",
  [DataType.UINT64]: "u64",
  [DataType.BOOL]: "bool",
};

const EPSILONS: Readonly<Partial<Record<NumberType, number>>> = { f16: 2 ** -10, bf16: 2 ** -7, f32: 2 ** -23 };

/** @throws FormatError naming the tensor. */
export function readConstant(
  tensor: TensorProto,
  source: string,
  external: ReadonlyMap<string, Uint8Array>,
  origin: string | null = null,
): Constant {
  const place = `${source}: tensor ${printable(tensor.name === "" ? (origin ?? "of a Constant") : tensor.name)}`;
  const type = TYPES[tensor.dataType];
  if (type === undefined) {
    const name = DataType[tensor.dataType] ?? `number ${String(tensor.dataType)}`;
    throw new FormatError(`${place}: found the type ${name}, expected FLOAT, DOUBLE, FLOAT16 or BFLOAT16`);
  }
  const shape = tensor.dims.map(Number);
  const count = elementCount(shape, place);
  const values = numbersOf(tensor, type, count, place, external);
  if (values.length !== count) {
    throw new FormatError(
      `${place}: found ${String(values.length)} numbers, expected ${String(count)} for the shape ${shape.join(" × ") || "of one number"}`,
    );
  }
  const origins = origin === null ? [] : [origin];
  return { kind: "constant", shape, values, origins, computed: false, epsilon: EPSILONS[type] ?? 2 ** -52 };
}

function numbersOf(
  tensor: TensorProto,
  type: NumberType,
  count: number,
  place: string,
  external: ReadonlyMap<string, Uint8Array>,
): Float64Array {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    return fromBytes(externalBytes(tensor, count * BYTES_OF[type], place, external), type);
  }
  if (tensor.rawData.length > 0) return fromBytes(tensor.rawData, type);
  switch (type) {
    case "f32":
      return Float64Array.from(tensor.floatData);
    case "f64":
      return Float64Array.from(tensor.doubleData);
    case "i64":
      return Float64Array.from(tensor.int64Data, Number);
    case "u32":
    case "u64":
      return Float64Array.from(tensor.uint64Data, Number);
    case "f16":
      return Float64Array.from(tensor.int32Data, (bits) => halfToNumber(bits & 0xffff));
    case "bf16":
      return Float64Array.from(tensor.int32Data, (bits) => bfloatToNumber(bits & 0xffff));
    default:
      return Float64Array.from(tensor.int32Data);
  }
}

function fromBytes(bytes: Uint8Array, type: NumberType): Float64Array {
  return readNumbers(bytes, 0, Math.floor(bytes.length / BYTES_OF[type]), type, true);
}

/** The file that holds this tensor's bytes, or null where the model does. @throws FormatError for a path that leaves the model's folder. */
export function externalLocation(tensor: TensorProto, source: string): string | null {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return null;
  const location = entry(tensor, "location") ?? "";
  if (location === "" || /^([/\\]|[A-Za-z]:)/.test(location) || location.split(/[/\\]/).includes("..")) {
    throw new FormatError(
      `${source}: tensor ${printable(tensor.name)}: found the data file "${printable(location)}", expected one in the model's folder`,
    );
  }
  return location;
}

function externalBytes(
  tensor: TensorProto,
  needed: number,
  place: string,
  external: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const location = externalLocation(tensor, place) ?? "";
  const file = external.get(location);
  if (file === undefined) {
    throw new FormatError(
      `${place}: found its numbers in the file ${printable(location)}, expected that file beside the model`,
    );
  }
  const offset = Number(entry(tensor, "offset") ?? 0);
  const length = Number(entry(tensor, "length") ?? needed);
  if (!(Number.isSafeInteger(offset) && offset >= 0 && length === needed && offset + length <= file.length)) {
    throw new FormatError(
      `${place}: found bytes ${String(offset)} to ${String(offset + length)} of ${printable(location)}, which has ${String(file.length)}, expected ${String(needed)} bytes within it`,
    );
  }
  return file.subarray(offset, offset + length);
}

function entry(tensor: TensorProto, key: string): string | undefined {
  return tensor.externalData.find((e) => e.key === key)?.value;
}
