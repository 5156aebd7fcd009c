/** ONNX graphs built from the code that the reader is generated from, read, and held against onnxruntime-web. */
import { create, toBinary } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-web/wasm";
import { expect } from "vitest";
import type { ModelProto } from "../../src/formats/onnx/onnx_pb.ts";
import { ModelProtoSchema } from "../../src/formats/onnx/onnx_pb.ts";
import { readOnnx } from "../../src/formats/onnx/read.ts";
import { FormatError, ModelError, UsageError } from "../../src/network/errors.ts";
import type { Network } from "../../src/network/network.ts";
import { atUnit, functionsOf } from "../../src/network/parametric.ts";
import { valueInfo } from "./onnx.ts";

ort.env.wasm.numThreads = 1;

const FLOAT = 1;
const INT64 = 7;
type Attribute = number | string | number[] | { float: number };
export type NodeSpec = [operator: string, inputs: string, output: string, attributes?: Record<string, Attribute>];
export interface Spec {
  readonly opset?: number;
  readonly dims?: (number | string)[];
  readonly tensors?: Record<string, { dims: number[]; values: number[]; int?: true }>;
  readonly nodes: NodeSpec[];
}

const attribute = ([name, value]: [string, Attribute]) => {
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === "number") return { name, type: 2, i: BigInt(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value.map(BigInt) };
  return { name, type: 1, f: value.float };
};

/** A model whose input is x and whose output is that of the last node. */
export function model({ opset = 17, dims = ["n", 4], tensors = {}, nodes }: Spec): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph: {
      name: "g",
      input: [valueInfo("x", dims)],
      output: [valueInfo(nodes.at(-1)?.[2] ?? "")],
      initializer: Object.entries(tensors).map(([name, { dims: shape, values, int }]) => ({
        name,
        dims: shape.map(BigInt),
        ...(int ? { dataType: INT64, int64Data: values.map(BigInt) } : { dataType: FLOAT, floatData: values }),
      })),
      node: nodes.map(([opType, input, output, attributes = {}], i) => ({
        name: `${opType}${String(i)}`,
        opType,
        input: input === "" ? [] : input.split(" ").map((name) => (name === "-" ? "" : name)),
        output: [output],
        attribute: Object.entries(attributes).map(attribute),
      })),
    },
  });
}

/** Numbers between −1 and 1 that f32 holds. */
export const numbers = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => ((((i + 1) * 37 + seed * 101) % 127) - 63) / 64);
export const W = { dims: [3, 4], values: numbers(12, 1) };
export const Wt = { dims: [4, 3], values: numbers(12, 2) };
export const b = { dims: [3], values: numbers(3, 3) };
export const V = { dims: [2, 3], values: numbers(6, 4) };
export const c = { dims: [2], values: numbers(2, 5) };
export const one = (value: number) => ({ dims: [], values: [value] });

const X = [0, 1, 2].map((k) => numbers(4, 7 + k).map((v) => 3 * v));

/** h_{l+1} of one sample, in f64. */
function forward({ layers }: Network, x: readonly number[]): number[] {
  return layers.reduce<number[]>(
    (h, { inputs, outputs, weight, bias, activation }) =>
      Array.from({ length: outputs }, (_, o) => {
        let z = bias[o] as number;
        for (let i = 0; i < inputs; i++) z += (weight[o * inputs + i] as number) * (h[i] as number);
        return functionsOf(atUnit(activation, o)).value(z);
      }),
    [...x],
  );
}

async function theirs(bytes: Uint8Array, dims: readonly number[], x: readonly number[]): Promise<number[]> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const outputs = await session.run({ x: new ort.Tensor("float32", Float32Array.from(x), dims) });
  const [output] = Object.values(outputs);
  await session.release();
  return Array.from(output?.data as Float32Array);
}

/**
 * Two layers in f32: a sum of 4 products and a bias has an error of at most 5u Σ|w x| < 5u · 12 (|x| < 3, |w| < 1), which the second layer
 * multiplies by at most 3 slopes of 1.13; and 1e-6 for onnxruntime's own elementary functions. The largest difference seen is 3.2e-7.
 */
const TOLERANCE = 5 * 2 ** -24 * 12 * 3 * 1.13 + 1e-6;

/** Reads, and compares each sample with onnxruntime-web. */
export async function check(
  spec: Spec,
  sampleDims: (n: number) => number[] = () => [1, 4],
): Promise<{ network: Network; notes: readonly string[] }> {
  const bytes = toBinary(ModelProtoSchema, model(spec));
  const read = await readOnnx(bytes, "m.onnx");
  for (const x of X) {
    const [ours, expected] = [forward(read.network, x), await theirs(bytes, sampleDims(x.length), x)];
    expect(ours.length).toBe(expected.length);
    ours.forEach((y, i) =>
      expect(Math.abs(y - (expected[i] as number)), `output ${String(i)}`).toBeLessThan(TOLERANCE),
    );
  }
  return read;
}

/** x → Gemm → these nodes from z to g → Gemm → y. */
export const around = (nodes: NodeSpec[], tensors: NonNullable<Spec["tensors"]> = {}, opset = 17): Spec => ({
  opset,
  tensors: { W, b, V, c, ...tensors },
  nodes: [["Gemm", "x W b", "z", { transB: 1 }], ...nodes, ["Gemm", "g V c", "y", { transB: 1 }]],
});

export const refusal = async (spec: Spec): Promise<string> => {
  try {
    await readOnnx(toBinary(ModelProtoSchema, model(spec)), "m.onnx");
  } catch (error) {
    if (error instanceof ModelError || error instanceof FormatError || error instanceof UsageError)
      return error.message;
    throw error;
  }
  return "accepted";
};
