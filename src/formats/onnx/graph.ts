/** The graph followed from its input to its output, node by node, each an operator of a chain of layers or refused by name. */
import { FormatError, ModelError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import { readConstant } from "./constants.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import type { Flow } from "./flow.ts";
import { LINEAR } from "./linear.ts";
import type { Node } from "./node.ts";
import { nodeView } from "./node.ts";
import type { GraphProto, NodeProto, ValueInfoProto } from "./onnx_pb.ts";
import type { Operator, Value } from "./operator.ts";
import { flow, isFlow } from "./operator.ts";
import type { Algebra } from "./polynomial.ts";
import { reasonAgainst } from "./refusals.ts";
import { isLogOfSoftmax, SHAPING } from "./shaping.ts";

const OPERATORS: Readonly<Record<string, Operator>> = { ...LINEAR, ...ELEMENTWISE, ...SHAPING };

/** What a graph is read with. */
export interface Reading {
  readonly source: string;
  readonly opset: number;
  /** Data files beside the model, by their place in its folder. */
  readonly external: ReadonlyMap<string, Uint8Array>;
}

/** The nodes that the output depends on, in the graph's order. */
export function neededNodes(graph: GraphProto, output: string): NodeProto[] {
  const needed = new Set([output]);
  const kept: NodeProto[] = [];
  for (const node of [...graph.node].reverse()) {
    if (!node.output.some((name) => name !== "" && needed.has(name))) continue;
    kept.push(node);
    for (const name of node.input) needed.add(name);
  }
  return kept.reverse();
}

/** The graph's inputs that are no initialisers, and its only output. @throws ModelError where there are several */
export function ends(graph: GraphProto, source: string): { input: ValueInfoProto; output: string } {
  const [output, second] = graph.output;
  if (output === undefined) throw new FormatError(`${source}: found a graph without an output, expected one`);
  if (second !== undefined) {
    throw new ModelError(
      `${source}: found the outputs ${graph.output
        .slice(0, 8)
        .map((o) => printable(o.name))
        .join(", ")}, expected one: the network's logits`,
    );
  }
  const initialisers = new Set(graph.initializer.map(({ name }) => name));
  const used = new Set(neededNodes(graph, output.name).flatMap((node) => node.input));
  const inputs = graph.input.filter(({ name }) => !initialisers.has(name) && used.has(name));
  const [input, another] = inputs;
  if (input === undefined)
    throw new ModelError(`${source}: found an output that depends on no input, expected a network`);
  if (another !== undefined) {
    throw new ModelError(
      `${source}: found the inputs ${inputs
        .slice(0, 8)
        .map((i) => printable(i.name))
        .join(", ")}, expected one: the network's x`,
    );
  }
  return { input, output: output.name };
}

/** Lengths of the input's axes, NaN where they are open; two open axes where the file says nothing. */
export function inputDims({ type }: ValueInfoProto): number[] {
  const shape = type?.value.case === "tensorType" ? type.value.value.shape : undefined;
  if (shape === undefined) return [NaN, NaN];
  return shape.dim.map(({ value }) => (value.case === "dimValue" && value.value > 0n ? Number(value.value) : NaN));
}

/** The output, as it follows from an input whose samples count along the axis `batch`. @throws ModelError, FormatError */
export function follow(graph: GraphProto, reading: Reading, algebra: Algebra, batch: number): Flow {
  const { source, opset } = reading;
  const { input, output } = ends(graph, source);
  const values = new Map<string, Value>();
  const initialisers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  values.set(
    input.name,
    flow({ dims: inputDims(input), batch }, { kind: "hidden", before: null, scale: 1, shift: 0, folded: [] }),
  );
  const find = (name: string, node: Node): Value | null => {
    if (name === "") return null;
    const known = values.get(name);
    if (known !== undefined) return known;
    const tensor = initialisers.get(name);
    if (tensor === undefined) {
      throw new FormatError(
        `${source}: node ${node.label}: found the input ${printable(name)}, which no node before it gives`,
      );
    }
    const constant = readConstant(tensor, source, reading.external, name);
    values.set(name, constant);
    return constant;
  };
  for (const proto of neededNodes(graph, output)) {
    const node = nodeView(proto, opset, source);
    if (proto.domain !== "" && proto.domain !== "ai.onnx") {
      node.refuse(`is an operator of ${printable(proto.domain)}, expected those of ONNX`);
    }
    const tensor = node.operator === "Constant" ? node.tensor("value") : null;
    const result: Value =
      tensor !== null
        ? readConstant(tensor, source, reading.external)
        : applied(
            node,
            proto.input.map((name) => find(name, node)),
            algebra,
          );
    const [first, ...others] = proto.output;
    if (first !== undefined) values.set(first, result);
    // Dropout's mask and the like: whoever needs them finds nothing.
    for (const other of others) values.delete(other);
  }
  const result = values.get(output);
  return isFlow(result) ? result : fail(source);
}

function applied(node: Node, inputs: readonly (Value | null)[], algebra: Algebra): Value {
  if (isLogOfSoftmax(node, inputs[0])) return inputs[0];
  const operator = Object.hasOwn(OPERATORS, node.operator) ? OPERATORS[node.operator] : undefined;
  if (operator === undefined) return node.refuse(reasonAgainst(node.operator));
  return operator(node, inputs, algebra);
}

function fail(source: string): never {
  throw new ModelError(`${source}: found an output that is a constant, expected a network`);
}
