/** A run's state as bytes: safetensors in f64, with the rest as JSON in its metadata. What goes on from it has the bits of one that never stopped. */
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { FormatError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { formatActivation } from "../network/parametric.ts";
import type { SeriesRow } from "../records/training.ts";
import type { LayerParameters, ParameterVector } from "./parameters.ts";
import type { RunState } from "./run.ts";

const SCHEMA = "gradient-penalty-training-state/1";

type Tensors = Map<string, { readonly shape: readonly number[]; readonly values: Float64Array }>;

/** The network alone, as every reader of safetensors has it. @param step goes into the metadata. */
export function writeModel(network: Network, step: number): Uint8Array {
  const tensors: Tensors = new Map();
  put(tensors, "", network.layers, network);
  const activations = network.layers.map(({ activation }) => formatActivation(activation)).join(",");
  return writeSafetensors(tensors, "F64", { activations, step: String(step) });
}

/** @param settings as text that must be the same when the run goes on. Undone by readState. */
export function writeState(state: RunState, network: Network, settings: string): Uint8Array {
  const { training, series, losses, diverged } = state;
  const tensors: Tensors = new Map();
  put(tensors, "", training.parameters, network);
  training.moments.forEach((moment, k) => {
    put(tensors, `moment.${String(k)}.`, moment, network);
  });
  return writeSafetensors(tensors, "F64", {
    ...{ schema: SCHEMA, settings },
    state: JSON.stringify({ step: training.step, moments: training.moments.length, series, losses, diverged }),
  });
}

export interface ReadState {
  readonly settings: string;
  readonly state: RunState;
}

/** @param layers how many. @throws FormatError */
export function readState(bytes: Uint8Array, source: string, layers: number): ReadState {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const { schema, settings, state } = metadata;
  if (schema !== SCHEMA || settings === undefined || state === undefined) {
    throw new FormatError(`${source}: found no state of a training run, expected ${SCHEMA}`);
  }
  // What this program wrote, in a file that safetensors' own checks found whole.
  const { step, moments, series, losses, diverged } = JSON.parse(state) as {
    readonly step: number;
    readonly moments: number;
    readonly series: readonly SeriesRow[];
    readonly losses: RunState["losses"];
    readonly diverged: RunState["diverged"];
  };
  const tensor = (name: string): Float64Array => {
    const found = tensors.get(name);
    if (found === undefined) throw new FormatError(`${source}: found no tensor ${name}, expected the state's weights`);
    return found.read();
  };
  const vector = (prefix: string): ParameterVector =>
    Array.from({ length: layers }, (_, i) => ({
      weight: tensor(`${prefix}layers.${String(i)}.weight`),
      bias: tensor(`${prefix}layers.${String(i)}.bias`),
    }));
  return {
    settings,
    state: {
      training: {
        step,
        parameters: vector(""),
        moments: Array.from({ length: moments }, (_, k) => vector(`moment.${String(k)}.`)),
      },
      ...{ series, losses, diverged },
    },
  };
}

function put(into: Tensors, prefix: string, layers: ParameterVector, network: Network): void {
  network.layers.forEach(({ outputs, inputs }, i) => {
    const { weight, bias } = layers[i] as LayerParameters;
    into.set(`${prefix}layers.${String(i)}.weight`, { shape: [outputs, inputs], values: weight });
    into.set(`${prefix}layers.${String(i)}.bias`, { shape: [outputs], values: bias });
  });
}
