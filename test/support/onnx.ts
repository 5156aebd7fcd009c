/** An ONNX model of one layer, built from the code that the reader is generated from. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
} from "../../src/formats/onnx/onnx_pb.ts";

const FLOAT = 1;

/** A named tensor of the graph's rim. @param dims numbers, names of dimensions that are open, or no shape at all. */
export const valueInfo = (name: string, dims?: readonly (number | string)[]) => ({
  name,
  type: {
    value: {
      case: "tensorType" as const,
      value: { elemType: FLOAT, ...(dims === undefined ? {} : { shape: { dim: dims.map(dimension) } }) },
    },
  },
});

const dimension = (d: number | string) => ({
  value:
    typeof d === "number" ? { case: "dimValue" as const, value: BigInt(d) } : { case: "dimParam" as const, value: d },
});

/** y = W x, W 2 × 3 of f32. @param weight its numbers, or the file beside the model that holds them from a byte on. */
export function oneLayerOnnx(weight: readonly number[] | { location: string; offset: number }): Uint8Array {
  const [inside, place] = "location" in weight ? [[], { ...weight, length: 24 }] : [[...weight], {}];
  const beside = Object.entries<string | number>(place);
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: "", version: 17n }],
      graph: {
        name: "g",
        input: [valueInfo("x", [1, 3])],
        output: [valueInfo("y", [1, 2])],
        initializer: [
          {
            ...{ name: "W", dims: [2n, 3n], dataType: FLOAT },
            floatData: inside,
            dataLocation: beside.length > 0 ? TensorProto_DataLocation.EXTERNAL : TensorProto_DataLocation.DEFAULT,
            externalData: beside.map(([key, value]) =>
              create(StringStringEntryProtoSchema, { key, value: String(value) }),
            ),
          },
        ],
        node: [
          {
            ...{ name: "gemm", opType: "Gemm", input: ["x", "W"], output: ["y"] },
            attribute: [{ name: "transB", type: AttributeProto_AttributeType.INT, i: 1n }],
          },
        ],
      },
    }),
  );
}
