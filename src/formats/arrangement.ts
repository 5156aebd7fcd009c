/**
 * Layers as a file has them → in their order, each with its inputs and outputs. Order (layer-order.ts) and layout are decided together:
 * the file's convention first (a `weight` is outputs × inputs, a `kernel` inputs × outputs), the other way round only where `--layout` says so.
 */
import { ModelError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { findOrder } from "./layer-order.ts";
import type { LayerTensors } from "./layer-tensors.ts";

/** Which way a weight's two axes stand. */
export const LAYOUTS = ["outputs-inputs", "inputs-outputs"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** A layer whose axes are told apart. */
export interface Arranged extends LayerTensors {
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the file's rows are the inputs. */
  readonly isTransposed: boolean;
}

/** Nothing in the file decides which tensors are layers, their order or their layout: `--layers` or `--layout` would. */
export class LayersWantedError extends ModelError {
  /** Orders that chain, as `--layers` takes them; some of them, perhaps none. */
  readonly candidates: readonly string[];
  constructor(message: string, candidates: readonly string[]) {
    super(message);
    this.candidates = candidates;
  }
}

interface Wish {
  readonly layers?: readonly string[] | undefined;
  readonly layout?: Layout | undefined;
}

/**
 * @param layers in the order of the list, where `wish.layers` is one.
 * @returns the order, and what was taken for granted of the layout in words, or null.
 * @throws ModelError, LayersWantedError
 */
export function arrange(
  layers: readonly LayerTensors[],
  wish: Wish,
  source: string,
): { readonly order: readonly Arranged[]; readonly note: string | null } {
  const empty = layers.find(({ axes }) => axes[0] < 1 || axes[1] < 1);
  if (empty !== undefined) {
    throw new ModelError(
      `${source}: tensor ${printable(empty.weight.name)}: found the shape ${empty.axes.join(" × ")}, expected at least one input and one output`,
    );
  }
  const isListed = wish.layers !== undefined;
  const layoutOf = (layer: LayerTensors): Layout =>
    wish.layout ?? (layer.isKernel ? "inputs-outputs" : "outputs-inputs");
  const layersAs = layers.map((layer) => orient(layer, layoutOf(layer)));
  const taken = attempt(layersAs, isListed);
  const other = attempt(
    layers.map((layer) => orient(layer, OTHER[layoutOf(layer)])),
    isListed,
  );
  const remedy = `--layout ${OTHER[layoutOf(layers[0] as LayerTensors)]}`;
  if (taken.order === null) {
    const chainsTransposed = other.order !== null || other.isOpen;
    throw refusal(layersAs, taken, chainsTransposed ? `; read the other way round they chain: ${remedy}` : "", source);
  }
  const way = taken.order.some((layer) => layer.isTransposed) ? "inputs × outputs" : "outputs × inputs";
  const chainsBothWays = other.order !== null || other.isOpen;
  if (wish.layout !== undefined) return { order: taken.order, note: null };
  if (chainsBothWays) {
    return {
      order: taken.order,
      note: `weights are taken as ${way}; read the other way round the layers chain too: ${remedy}`,
    };
  }
  return {
    order: taken.order,
    note: taken.order.some((layer) => layer.isKernel) ? `kernels are taken as ${way}` : null,
  };
}

const OTHER: Readonly<Record<Layout, Layout>> = {
  "outputs-inputs": "inputs-outputs",
  "inputs-outputs": "outputs-inputs",
};

function orient(layer: LayerTensors, layout: Layout): Arranged {
  const [rows, columns] = layer.axes;
  const isTransposed = layout === "inputs-outputs";
  return { ...layer, isTransposed, inputs: isTransposed ? rows : columns, outputs: isTransposed ? columns : rows };
}

interface Attempt {
  /** The order, where it is known and chains. */
  readonly order: readonly Arranged[] | null;
  /** Several orders chain. */
  readonly isOpen: boolean;
  readonly candidates: readonly (readonly Arranged[])[];
  /** The known order that does not chain. */
  readonly broken: readonly Arranged[] | null;
}

function attempt(layers: readonly Arranged[], isListed: boolean): Attempt {
  const found = isListed ? ({ kind: "numbered", order: layers } as const) : findOrder(layers);
  const suits = layers.every((layer) => problemOfBias(layer) === null);
  const none = { order: null, isOpen: false, candidates: [], broken: null };
  if (found.kind === "none") return none;
  if (found.kind === "several") return suits ? { ...none, isOpen: true, candidates: found.orders } : none;
  const chains = found.order.every((layer, i) => i === 0 || found.order[i - 1]?.outputs === layer.inputs);
  return chains && suits ? { ...none, order: found.order } : { ...none, broken: found.order };
}

/** A bias has one number for each output, along one axis: n, 1 × n or n × 1. */
function problemOfBias({ prefix, bias, outputs }: Arranged): string | null {
  if (bias === null) return null;
  const count = bias.shape.reduce((product, n) => product * n, 1);
  if (count === outputs && bias.shape.filter((n) => n !== 1).length <= 1) return null;
  const shape =
    bias.shape.length === 1
      ? `${String(count)} numbers`
      : `the shape ${bias.shape.join(" × ") || "of a single number"}`;
  return `tensor ${printable(bias.name)}: found ${shape}, expected ${String(outputs)}, one for each output${prefix === "" ? "" : ` of ${printable(prefix)}`}`;
}

/** Why no order of the layers is taken, in one line that ends with `remedy`. */
function refusal(
  layers: readonly Arranged[],
  { candidates, isOpen, broken }: Attempt,
  remedy: string,
  source: string,
): ModelError {
  const bias = layers.map(problemOfBias).find((problem) => problem !== null);
  if (bias !== undefined) {
    const message = `${source}: ${bias}${remedy}`;
    return remedy === "" ? new ModelError(message) : new LayersWantedError(message, []);
  }
  const families = familiesOf(layers);
  if (broken !== null) {
    const at = broken.findIndex((layer, i) => i > 0 && broken[i - 1]?.outputs !== layer.inputs);
    const [before, layer] = [broken[at - 1] as Arranged, broken[at] as Arranged];
    return new LayersWantedError(
      `${source}: tensor ${printable(layer.weight.name)}: found ${String(layer.inputs)} inputs, expected ${String(before.outputs)}, the outputs of ${printable(before.prefix)}; name the layers in order with --layers${remedy}`,
      [],
    );
  }
  const shapes = layers.slice(0, 8).map((l) => `${printable(l.prefix)} (${String(l.inputs)} → ${String(l.outputs)})`);
  const all = `${shapes.join(", ")}${layers.length > 8 ? ", …" : ""}`;
  if (!isOpen) {
    return new LayersWantedError(
      `${source}: found no order in which the layers ${all} chain${families}; expected the layers of one network, or their prefixes in order with --layers${remedy}`,
      [],
    );
  }
  const lists = candidates.map((order) => order.map(({ prefix }) => prefix).join(","));
  const ways = lists.map((list) => `--layers ${printable(list)}`).join(" or ");
  return new LayersWantedError(
    `${source}: found several orders in which the layers chain${families}, and no numbers in their names that decide; expected ${ways === "" ? "--layers with the prefixes in order" : ways}${remedy}`,
    lists,
  );
}

/** Prefixes that look like two networks in one file: " (encoder.…, decoder.…)". */
function familiesOf(layers: readonly Arranged[]): string {
  const first = new Set(layers.map(({ prefix }) => /^(.*?)[./]/.exec(prefix)?.[1] ?? ""));
  if (first.size < 2 || first.has("")) return "";
  return `, with the families ${[...first]
    .slice(0, 4)
    .map((name) => `${printable(name)}.`)
    .join(", ")}`;
}
