/** An ONNX graph that is a chain of fully connected layers → Network. Anything else is refused: node, operator, and why. */
import { fromBinary } from "@bufbuild/protobuf";
import { FormatError, ModelError, UsageError } from "../../network/errors.ts";
import type { Layer, Network } from "../../network/network.ts";
import { checkNetwork } from "../../network/network.ts";
import { preluNote } from "../activation-list.ts";
import { missingBiasNote } from "../missing-bias.ts";
import { printable } from "../../network/printable.ts";
import { externalLocation } from "./constants.ts";
import type { Finished } from "./flow.ts";
import { finish } from "./flow.ts";
import type { Reading } from "./graph.ts";
import { ends, follow, inputDims, neededNodes } from "./graph.ts";
import type { GraphProto, ModelProto } from "./onnx_pb.ts";
import { ModelProtoSchema } from "./onnx_pb.ts";
import { Algebra } from "./polynomial.ts";

/** Operator sets whose operators are known here. */
const OPSETS = { first: 7, last: 21 } as const;

export interface OnnxOptions {
  /** Bytes of a data file, by its place in the model's folder. Missing: a model with such files is refused. */
  readonly external?: (location: string) => Promise<Uint8Array>;
}

export interface OnnxModel {
  readonly network: Network;
  /** What was folded or dropped, one line each. */
  readonly notes: readonly string[];
}

/** @throws FormatError, ModelError, UsageError */
export async function readOnnx(bytes: Uint8Array, source: string, options: OnnxOptions = {}): Promise<OnnxModel> {
  const { graph, opset } = parse(bytes, source);
  const { input, output } = ends(graph, source);
  const reading = { source, opset, external: await externalFiles(graph, output, source, options) };
  const dims = inputDims(input);
  if (dims.length === 0)
    throw new ModelError(`${source}: input ${printable(input.name)}: found one number, expected units`);
  // Samples along the first axis, as everybody has them; else the input is one sample, or samples are columns.
  const batches = dims.length === 1 ? [-1] : [0, ...(dims.some(Number.isNaN) ? [] : [-1]), dims.length - 1];
  let first: unknown = null;
  for (const batch of batches) {
    try {
      return assemble(graph, reading, batch);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

function parse(bytes: Uint8Array, source: string): { graph: GraphProto; opset: number } {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new FormatError(`${source}: found bytes that are no ONNX model, expected a whole .onnx file`, { cause });
  }
  const { graph } = model;
  if (graph === undefined) throw new FormatError(`${source}: found no graph, expected an ONNX model`);
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  const version = Number(opset?.version ?? 0);
  if (!(version >= OPSETS.first && version <= OPSETS.last)) {
    throw new FormatError(
      `${source}: found the operator set ${String(version)}, expected ${String(OPSETS.first)} to ${String(OPSETS.last)}: torch.onnx.export(…, opset_version=17)`,
    );
  }
  if (graph.sparseInitializer.length > 0) {
    const name = graph.sparseInitializer[0]?.values?.name ?? "";
    throw new ModelError(`${source}: tensor ${printable(name)}: found a sparse tensor, expected a dense one`);
  }
  return { graph, opset: version };
}

/** The data files that the needed tensors name. */
async function externalFiles(
  graph: GraphProto,
  output: string,
  source: string,
  { external }: OnnxOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const nodes = neededNodes(graph, output);
  const used = new Set(nodes.flatMap((node) => node.input));
  const inNodes = nodes.flatMap((node) => node.attribute.flatMap(({ t }) => (t === undefined ? [] : [t])));
  const tensors = [...graph.initializer.filter(({ name }) => used.has(name)), ...inNodes];
  const files = new Map<string, Uint8Array>();
  for (const tensor of tensors) {
    const location = externalLocation(tensor, source);
    if (location === null || files.has(location)) continue;
    if (external === undefined) {
      throw new UsageError(
        `${source}: tensor ${printable(tensor.name)}: found its numbers in the file ${printable(location)}, expected that file too`,
      );
    }
    files.set(location, await external(location));
  }
  return files;
}

function assemble(graph: GraphProto, reading: Reading, batch: number): OnnxModel {
  const { source } = reading;
  const algebra = new Algebra();
  const { content } = follow(graph, reading, algebra, batch);
  const refuse = (why: string): never => {
    throw new ModelError(`${source}: output ${printable(graph.output[0]?.name ?? "")}: ${why}`);
  };
  const dropped = content.kind === "normalised" ? content.label : null;
  const last = finish(algebra, content.kind === "normalised" ? content.logits : content, { refuse });
  if (last.before === null) return refuse("found no fully connected layer before it, expected at least one");
  if (last.folded.length > 0) {
    return refuse(
      `found ${last.folded.join(", ")} after the last activation, where no layer can take it in; expected the activation last`,
    );
  }
  const layers: Finished[] = [];
  for (let layer: Finished | null = last.before; layer !== null; layer = layer.linear.before) layers.unshift(layer);
  refuseShared(layers, source);
  const network = {
    layers: layers.map(({ linear: { inputs, outputs, weightOrigins, hasBias }, weight, bias, activation }): Layer => ({
      inputs,
      outputs,
      weight,
      bias,
      // An offset that the graph adds elsewhere became this layer's bias.
      ...(hasBias || bias.some((b) => b !== 0) ? {} : { biased: false as const }),
      activation,
      ...(weightOrigins.length === 0 ? {} : { tensor: weightOrigins.join(" and ") }),
    })),
  };
  checkNetwork(network, source);
  const notes = layers.flatMap((layer, i) => notesOn(layer, i + 1, source));
  const bare = network.layers.flatMap(({ biased }, i) => (biased === false ? [String(i + 1)] : []));
  if (bare.length > 0) notes.push(missingBiasNote(source, bare));
  const slopes = preluNote(
    source,
    network.layers.map(({ activation }) => activation),
  );
  if (slopes !== null) notes.push(slopes);
  if (dropped !== null) notes.push(`${source}: ${dropped} at the end is left out: the heads speak of logits`);
  return { network, notes };
}

/** What became part of a layer, for the user to know what its parameters and its input are. */
function notesOn({ linear, folded }: Finished, t: number, source: string): string[] {
  const place = `${source}: layer ${String(t)}:`;
  const own =
    folded.length === 0
      ? []
      : [`${place} its weight and bias contain ${folded.join(", ")}; the parameter penalty counts what comes out`];
  const before =
    linear.foldedBefore.length === 0
      ? []
      : [
          `${place} its weight and bias contain ${linear.foldedBefore.join(", ")} before it; ${
            t === 1 ? "x is the graph's own input, and the parameter penalty" : "the parameter penalty"
          } counts what comes out`,
        ];
  return [...before, ...own];
}

/** Refuses an initialiser that two layers, or a layer twice, are made of. */
function refuseShared(layers: readonly Finished[], source: string): void {
  const users = new Map<string, number>();
  layers.forEach(({ linear: { weightOrigins, biasOrigins } }, i) => {
    for (const name of [...weightOrigins, ...biasOrigins]) {
      const other = users.get(name);
      if (other !== undefined) {
        throw new ModelError(
          `${source}: initialiser ${printable(name)}: found in layers ${String(other)} and ${String(i + 1)}: shared weights, which the inequality does not cover; expected each layer its own`,
        );
      }
      users.set(name, i + 1);
    }
  });
}
