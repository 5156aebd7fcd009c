/**
 * Named tensors, as safetensors and PyTorch hold them, → Network. Every tensor is accounted for: it belongs to a layer, is known to be no
 * parameter, or is left out by `--layers`; otherwise the file is refused. So is an order or a layout that nothing decides: a proof about
 * another network than the user's is worse than none.
 */
import { ModelError, UsageError } from "../network/errors.ts";
import type { Layer, Network } from "../network/network.ts";
import { checkNetwork } from "../network/network.ts";
import { escaped, printable } from "../network/printable.ts";
import { parseActivations, preluNote } from "./activation-list.ts";
import { arrange, LayersWantedError } from "./arrangement.ts";
import type { Arranged, Layout } from "./arrangement.ts";
import { readContext } from "./budget.ts";
import type { Budget, ReadContext } from "./budget.ts";
import { findLayers, isNoParameter, mostTelling } from "./layer-tensors.ts";
import type { LayerTensors } from "./layer-tensors.ts";
import { missingBias, missingBiasNote } from "./missing-bias.ts";
import { slopeTensors, withSlopes } from "./prelu-slopes.ts";
import { mergeReparametrised } from "./reparametrised.ts";
import type { NamedTensor } from "./tensor.ts";

export interface ModelOptions extends ReadContext {
  /** `--activation`. */
  readonly activation?: string | undefined;
  /** `--layers`: tensor prefixes in order. */
  readonly layers?: readonly string[] | undefined;
  /** `--layout`. */
  readonly layout?: Layout | undefined;
  /** Hears, in a line, what was taken for granted: a layout, merged parts, a bias that is missing, tensors that were left out. */
  readonly note?: (line: string) => void;
  /** `--key`: which entry of a PyTorch checkpoint. */
  readonly key?: string | undefined;
  /** Bytes of a file that an ONNX model names, by its place in the model's folder. @throws FormatError */
  readonly external?: (location: string) => Promise<Uint8Array>;
}

/** A network whose file says nothing of its activations. */
export class ActivationsWantedError extends UsageError {
  /** "0 (784 → 64)", in their order. */
  readonly layers: readonly string[];
  constructor(source: string, layers: readonly string[]) {
    super(
      `${source}: found no activations for the layers ${layers.join(", ")}; expected --activation relu, or one name for each layer`,
    );
    this.layers = layers;
  }
}

/** A checkpoint of several networks, of which one is wanted. */
export class KeyWantedError extends UsageError {
  readonly keys: readonly string[];
  constructor(message: string, keys: readonly string[]) {
    super(message);
    this.keys = keys;
  }
}

/**
 * @param metadata of the file: "activations" as `--activation`; an entry whose value is a tensor's name is an alias of it (safetensors'
 * save_model writes them).
 * @throws ModelError for what is no MLP, does not chain, or leaves a tensor over; UsageError where the activations are not known.
 */
export async function networkFromTensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
  source: string,
  options: ModelOptions,
): Promise<Network> {
  const { budget, pause } = readContext(options);
  const note = options.note ?? ((): void => undefined);
  const { tensors: merged, kinds } = mergeReparametrised(tensors, source);
  const { layers: found, rest } = findLayers(merged);
  const text = options.activation ?? metadata["activations"];
  const slopes = wantsSlopes(text) ? slopeTensors(rest) : [];
  const over = rest.filter((tensor) => !slopes.includes(tensor));
  const chosen =
    options.layers === undefined
      ? allLayers(found, over, metadata, source)
      : listedLayers(options.layers, merged, found, metadata, source);
  const { order, note: arrangement } = arrange(chosen, options, source);
  if (arrangement !== null) note(`${source}: ${arrangement}`);
  if (text === undefined) {
    throw new ActivationsWantedError(
      source,
      order.map(({ prefix, inputs, outputs }) => `${shown(prefix)} (${String(inputs)} → ${String(outputs)})`),
    );
  }
  const place = options.activation === undefined ? `${source}: metadata "activations"` : "--activation";
  const named = parseActivations(text, order.length, place);
  const { activations, used } = withSlopes(named, order, slopes, options.layers === undefined, source);
  const layers: Layer[] = [];
  for (const [i, layer] of order.entries()) {
    await pause();
    const kind = kinds.get(layer.weight.name);
    layers.push({
      ...readLayer(layer, source, budget),
      activation: activations[i] as Layer["activation"],
      tensor: escaped(`${layer.weight.name}${kind === undefined ? "" : ` (${kind})`}`),
    });
  }
  const network: Network = { layers };
  checkNetwork(network, source);
  const taken = merged.filter((tensor) => !used.has(tensor));
  for (const line of remarks(taken, order, kinds, source)) note(line);
  const remark = preluNote(source, activations);
  if (remark !== null) note(remark);
  return network;
}

/** Whether the list names a PReLU without a slope of its own: the file has its slopes. */
function wantsSlopes(text: string | undefined): boolean {
  return /(^|,)\s*(torch\.)?(nn\.)?prelu\s*(\(\s*\))?\s*(,|$)/i.test(text ?? "");
}

/** What was taken for granted of the tensors, in lines. */
function remarks(
  merged: readonly NamedTensor[],
  order: readonly Arranged[],
  kinds: ReadonlyMap<string, string>,
  source: string,
): string[] {
  const used = new Set(order.flatMap(({ weight, bias }) => [weight, bias]));
  const leftOut = merged.filter((tensor) => !used.has(tensor)).map(({ name }) => name);
  const bare = order.filter(({ bias }) => bias === null).map(({ prefix }) => shown(prefix));
  const norms = order.flatMap(({ weight }) =>
    kinds.has(weight.name) ? [`${weight.name} (${String(kinds.get(weight.name))})`] : [],
  );
  return [
    ...(norms.length === 0 ? [] : [`${source}: merged into the weights that inference uses: ${listed(norms)}`]),
    ...(leftOut.length === 0 ? [] : [`${source}: left out: ${listed(leftOut)}`]),
    ...(bare.length === 0 ? [] : [missingBiasNote(source, bare.map(printable))]),
  ];
}

/** Every layer of the file, nothing left over. */
function allLayers(
  found: readonly LayerTensors[],
  rest: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
  source: string,
): readonly LayerTensors[] {
  const over = rest.filter((tensor) => !isNoParameter(tensor));
  const telling = mostTelling(over);
  if (telling !== undefined) {
    const others = over.filter((tensor) => tensor !== telling.tensor).map(({ name }) => name);
    const more = others.length === 0 ? "" : ` (left over too: ${listed(others)})`;
    const list = found.map(({ prefix }) => prefix).join(",");
    const remedy =
      telling.isUnknown && found.length > 0
        ? `; --layers ${printable(list)} takes these layers and leaves the rest out`
        : "";
    const message = `${source}: tensor ${printable(telling.tensor.name)}: found ${telling.what}${more}${remedy}`;
    throw remedy === "" ? new ModelError(message) : new LayersWantedError(message, [list]);
  }
  if (found.length === 0) {
    throw new ModelError(`${source}: found no tensor named PREFIX.weight, expected one for each layer`);
  }
  const [alias, original] = aliases(found, metadata)[0] ?? [];
  if (alias !== undefined) {
    throw new ModelError(
      `${source}: metadata: found ${printable(alias)} as another name of ${printable(String(original))}: a layer that is used twice shares its weights with itself, which is another inequality; expected a tensor for each layer`,
    );
  }
  return found;
}

/** The metadata's second names of these layers' tensors. */
function aliases(layers: readonly LayerTensors[], metadata: Readonly<Record<string, string>>): [string, string][] {
  const names = new Set(layers.flatMap(({ weight, bias }) => [weight.name, ...(bias === null ? [] : [bias.name])]));
  return Object.entries(metadata).filter(([key, value]) => names.has(value) && !names.has(key));
}

/** The layers that `--layers` names. Whatever stands beneath a listed prefix belongs to that layer, and is not left out by the list. */
function listedLayers(
  prefixes: readonly string[],
  tensors: readonly NamedTensor[],
  found: readonly LayerTensors[],
  metadata: Readonly<Record<string, string>>,
  source: string,
): readonly LayerTensors[] {
  const place = (prefix: string): string => `${source}: --layers ${printable(prefix)}`;
  const second = prefixes.find((prefix, i) => prefixes.indexOf(prefix) < i);
  if (second !== undefined) {
    throw new ModelError(
      `${place(second)}: found it twice: layers that share their weights are another inequality; expected each layer once`,
    );
  }
  const layers = prefixes.map((prefix) => {
    const layer = found.find((candidate) => candidate.prefix === prefix || candidate.weight.name === prefix);
    if (layer !== undefined) return layer;
    const own = tensors.filter(({ name }) => isBeneath(name, prefix));
    const telling = mostTelling(own);
    const alias = Object.entries(metadata).find(
      ([key]) => isBeneath(key, prefix) && tensors.some(({ name }) => name === metadata[key]),
    );
    if (alias !== undefined) {
      throw new ModelError(
        `${place(prefix)}: found ${printable(alias[0])} as another name of ${printable(alias[1])}: layers that share their weights are another inequality; expected a tensor for each layer`,
      );
    }
    if (telling !== undefined) {
      throw new ModelError(`${place(prefix)}: tensor ${printable(telling.tensor.name)}: found ${telling.what}`);
    }
    const names = found.map((candidate) => shown(candidate.prefix));
    throw new ModelError(
      `${place(prefix)}: found no such layer, expected ${names.length === 0 ? "a tensor PREFIX.weight" : `one of ${listed(names)}`}`,
    );
  });
  const own = layers.filter(({ prefix }) => prefix !== "");
  const used = new Set(found.flatMap(({ weight, bias }) => [weight, bias]));
  const beneath = tensors.filter(
    (tensor) => !used.has(tensor) && !isNoParameter(tensor) && own.some(({ prefix }) => isBeneath(tensor.name, prefix)),
  );
  const telling = mostTelling(beneath);
  if (telling !== undefined) {
    throw new ModelError(
      `${source}: tensor ${printable(telling.tensor.name)}, a part of a layer that --layers takes: found ${telling.what}`,
    );
  }
  return layers;
}

function isBeneath(name: string, prefix: string): boolean {
  return name.startsWith(`${prefix}.`) || name.startsWith(`${prefix}/`);
}

function readLayer(layer: Arranged, source: string, budget: Budget): Omit<Layer, "activation"> {
  const { inputs, outputs, weight, bias, isTransposed } = layer;
  budget.claim(8 * (inputs * outputs + outputs), source);
  const values = finite(weight, source);
  return {
    inputs,
    outputs,
    weight: isTransposed ? transposed(values, inputs, outputs) : values,
    ...(bias === null ? missingBias(outputs) : { bias: finite(bias, source) }),
  };
}

function finite(tensor: NamedTensor, source: string): Float64Array {
  const values = tensor.read();
  const bad = values.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return values;
  throw new ModelError(
    `${source}: tensor ${printable(tensor.name)}: found ${String(values[bad])} at ${String(bad)}, expected finite numbers`,
  );
}

/** rows × columns → columns × rows. */
function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < columns; k++) result[k * rows + i] = values[i * columns + k] as number;
  }
  return result;
}

function shown(prefix: string): string {
  return prefix === "" ? "weight" : printable(prefix);
}

/** The first names of a list. */
export function listed(names: readonly string[], separator = ", "): string {
  const first = names.slice(0, 8).map((name) => printable(name));
  return `${first.join(separator)}${names.length > first.length ? `${separator}… (${String(names.length)} in all)` : ""}`;
}
