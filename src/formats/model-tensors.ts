/** Named tensors, as PyTorch writes them, → Network. */
import { ModelError, UsageError } from "../network/errors.ts";
import type { Layer, Network } from "../network/network.ts";
import { checkNetwork } from "../network/network.ts";
import { parseActivations } from "./activation-list.ts";
import type { NumericArray } from "./npy.ts";

export interface ModelOptions {
  /** `--activation`. */
  readonly activation?: string;
  /** `--layers`: tensor prefixes in order. */
  readonly layers?: readonly string[];
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

/**
 * Tensors PREFIX.weight (outputs × inputs) and PREFIX.bias (missing: zero), in natural order of the prefixes (2 before 10) or as listed.
 * @throws ModelError for what is no MLP or does not chain; UsageError where the activations are not known.
 */
export function networkFromTensors(
  tensors: ReadonlyMap<string, NumericArray>,
  metadata: Readonly<Record<string, string>>,
  source: string,
  options: ModelOptions,
): Network {
  refuseOtherKinds(tensors, source);
  const prefixes = options.layers ?? naturalPrefixes(tensors);
  if (prefixes.length === 0)
    throw new ModelError(`${source}: found no tensor named PREFIX.weight, expected one for each layer`);
  const shapes = prefixes.map((prefix) => layerShape(tensors, prefix, source));
  shapes.forEach((shape, i) => {
    const before = shapes[i - 1];
    if (before !== undefined && before.outputs !== shape.inputs) {
      throw new ModelError(
        `${source}: tensor ${String(prefixes[i])}.weight: found ${String(shape.inputs)} inputs, expected ${String(before.outputs)}, the outputs of ${String(prefixes[i - 1])}; name the layers in order with --layers`,
      );
    }
  });
  const text = options.activation ?? metadata["activations"];
  if (text === undefined) {
    throw new ActivationsWantedError(
      source,
      prefixes.map((p, i) => `${p} (${String(shapes[i]?.inputs)} → ${String(shapes[i]?.outputs)})`),
    );
  }
  const place = options.activation === undefined ? `${source}: metadata "activations"` : "--activation";
  const activations = parseActivations(text, prefixes.length, place);
  const network: Network = {
    layers: shapes.map((shape, i): Layer => ({ ...shape, activation: activations[i] as Layer["activation"] })),
  };
  checkNetwork(network, source);
  return network;
}

function layerShape(
  tensors: ReadonlyMap<string, NumericArray>,
  prefix: string,
  source: string,
): Omit<Layer, "activation"> {
  const weight = tensors.get(`${prefix}.weight`);
  if (weight === undefined) {
    throw new ModelError(
      `${source}: found no tensor ${prefix}.weight, expected one of ${[...tensors.keys()].slice(0, 8).join(", ")}`,
    );
  }
  const [outputs, inputs] = weight.shape;
  if (weight.shape.length !== 2 || outputs === undefined || inputs === undefined) {
    throw new ModelError(
      `${source}: tensor ${prefix}.weight: found the shape ${weight.shape.join(" × ")}, expected outputs × inputs of a fully connected layer`,
    );
  }
  const bias = tensors.get(`${prefix}.bias`);
  if (bias !== undefined && bias.values.length !== outputs) {
    throw new ModelError(
      `${source}: tensor ${prefix}.bias: found ${String(bias.values.length)} numbers, expected ${String(outputs)}, one for each output`,
    );
  }
  for (const [name, tensor] of [
    ["weight", weight],
    ["bias", bias],
  ] as const) {
    const bad = tensor?.values.findIndex((x) => !Number.isFinite(x)) ?? -1;
    if (bad >= 0) {
      throw new ModelError(
        `${source}: tensor ${prefix}.${name}: found ${String(tensor?.values[bad])} at ${String(bad)}, expected finite numbers`,
      );
    }
  }
  return { inputs, outputs, weight: weight.values, bias: bias?.values ?? new Float64Array(outputs) };
}

/** Prefixes of PREFIX.weight, digits compared as numbers. */
function naturalPrefixes(tensors: ReadonlyMap<string, NumericArray>): string[] {
  const prefixes = [...tensors.keys()].filter((n) => n.endsWith(".weight")).map((n) => n.slice(0, -".weight".length));
  return prefixes.sort((a, b) => compareNaturally(a, b));
}

function compareNaturally(a: string, b: string): number {
  const left = a.split(/(\d+)/);
  const right = b.split(/(\d+)/);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    return i % 2 === 1 && Number(x) !== Number(y) ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** What the derivation does not cover (MATH.md §6). */
function refuseOtherKinds(tensors: ReadonlyMap<string, NumericArray>, source: string): void {
  for (const [name, tensor] of tensors) {
    if (/\.running_(mean|var)$|\.num_batches_tracked$/.test(name)) {
      throw new ModelError(
        `${source}: tensor ${name}: found a batch normalisation, for which the inequality is false as stated; expected fully connected layers alone`,
      );
    }
    if (name.endsWith(".weight") && tensor.shape.length > 2) {
      throw new ModelError(
        `${source}: tensor ${name}: found the shape ${tensor.shape.join(" × ")}, a convolution, whose shared weights the inequality does not cover; expected outputs × inputs`,
      );
    }
  }
}
