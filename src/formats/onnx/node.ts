/** A node of the graph as the operators read it: its name for messages, its attributes, its operator set. */
import { ModelError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import type { AttributeProto, NodeProto, TensorProto } from "./onnx_pb.ts";

export interface Node {
  readonly operator: string;
  /** "Gemm /0/Gemm". */
  readonly label: string;
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly float: (name: string, otherwise: number) => number;
  readonly int: (name: string, otherwise: number) => number;
  readonly ints: (name: string) => readonly number[] | null;
  readonly floats: (name: string) => readonly number[] | null;
  readonly text: (name: string, otherwise: string) => string;
  readonly tensor: (name: string) => TensorProto | null;
  /** @throws ModelError naming the file, the node and its operator, and why. */
  readonly refuse: (why: string) => never;
}

export function nodeView(proto: NodeProto, opset: number, source: string): Node {
  const attributes = new Map<string, AttributeProto>(proto.attribute.map((a) => [a.name, a]));
  const name = proto.name === "" ? (proto.output[0] ?? "") : proto.name;
  const label = `${printable(proto.opType)} ${printable(name)}`;
  return {
    operator: proto.opType,
    label,
    opset,
    inputs: proto.input,
    outputs: proto.output,
    float: (key, otherwise) => attributes.get(key)?.f ?? otherwise,
    int: (key, otherwise) => {
      const value = attributes.get(key)?.i;
      return value === undefined ? otherwise : Number(value);
    },
    ints: (key) => attributes.get(key)?.ints.map(Number) ?? null,
    floats: (key) => attributes.get(key)?.floats ?? null,
    text: (key, otherwise) => {
      const value = attributes.get(key)?.s;
      return value === undefined ? otherwise : new TextDecoder().decode(value);
    },
    tensor: (key) => attributes.get(key)?.t ?? null,
    refuse: (why) => {
      throw new ModelError(`${source}: node ${label}: ${why}`);
    },
  };
}
