/**
 * Which tensors of a model file are layers. A layer is PREFIX.weight (outputs × inputs, as PyTorch) or PREFIX.kernel (inputs × outputs, as
 * Keras and Flax), two axes of real numbers, and PREFIX.bias where there is one; "/" stands for "." too, and a bare `weight` is a layer
 * without a prefix. Whatever else a file holds is named for what it is.
 */
import { printable } from "../network/printable.ts";
import type { NamedTensor } from "./tensor.ts";
import { isFloating } from "./tensor.ts";
import { isPart } from "./reparametrised.ts";

export interface LayerTensors {
  /** "net.0"; empty for a bare `weight`. */
  readonly prefix: string;
  readonly weight: NamedTensor;
  readonly bias: NamedTensor | null;
  /** Whether the file's convention has the inputs along the rows: it is a `kernel`. */
  readonly isKernel: boolean;
  /** The lengths of the weight's two axes. */
  readonly axes: readonly [number, number];
}

const WEIGHT = /^(?:(.*)([./]))?(weight|kernel)$/s;

/** The layers in the file's order; `rest` is every tensor that belongs to none of them. */
export function findLayers(tensors: readonly NamedTensor[]): {
  readonly layers: readonly LayerTensors[];
  readonly rest: readonly NamedTensor[];
} {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const taken = new Set<string>();
  const layers: LayerTensors[] = [];
  for (const weight of tensors) {
    const [match, prefix = "", separator = "", ending] = WEIGHT.exec(weight.name) ?? [];
    const [first, second, ...more] = weight.shape;
    if (match === undefined || first === undefined || second === undefined || more.length > 0) continue;
    if (!isFloating(weight.dtype) || ADAPTER.test(weight.name)) continue;
    const bias = byName.get(`${prefix}${separator}bias`) ?? null;
    taken.add(weight.name);
    if (bias !== null) taken.add(bias.name);
    layers.push({ prefix, weight, bias, isKernel: ending === "kernel", axes: [first, second] });
  }
  return { layers, rest: tensors.filter(({ name }) => !taken.has(name)) };
}

const ADAPTER = /(^|[._/])(lora|loha|lokr|dora|vera)([._/AB]|$)/i;

/** A counter of batches, which enters no formula: the one tensor that is left out without being asked. */
export function isNoParameter({ name }: NamedTensor): boolean {
  return /(^|\.)num_batches_tracked$/.test(name);
}

const UNKNOWN = "none of a layer's names; expected PREFIX.weight and PREFIX.bias of fully connected layers alone";

type Test = (tensor: NamedTensor) => boolean;
const named =
  (pattern: RegExp): Test =>
  ({ name }) =>
    pattern.test(name);

/** What tensors that are no layer's are known as, the telling ones first: a bias is left over because its weight is int8. */
const KNOWN: readonly (readonly [Test, string])[] = [
  [
    named(ADAPTER),
    "an adapter (LoRA or its kin) that adds to the weight of a layer; merge it into the weight before it is written",
  ],
  [
    named(/(^|[./])(running|moving)_(mean|var|variance)$/),
    "a batch normalisation, for which the inequality is false as stated; expected fully connected layers alone",
  ],
  [
    ({ name, dtype }) => /(weight|kernel)$/.test(name) && !isFloating(dtype),
    "a weight that is stored as DTYPE, quantised; expected the real weights as F64, F32, F16 or BF16",
  ],
  [
    named(
      /(^|[._/])(SCB|CB|qweight|qzeros|g_idx|absmax|quant_map|quant_state|zero_points?|scales|\w+_scale(_\w+)?|weight_(zero_point|format|packed|shape))$/,
    ),
    "a part of a quantised weight; expected the real weights as F64, F32, F16 or BF16",
  ],
  [
    named(/(^|[./])((weight|bias)_(ih|hh)(_|$)|recurrent_kernel$)/),
    "a recurrent layer, whose weights are used at every step; expected fully connected layers alone",
  ],
  [named(/(^|\.)in_proj_(weight|bias)$/), "an attention; expected fully connected layers alone"],
  [
    ({ name, shape }) => /(^|[./])(weight|kernel)$/.test(name) && shape.length > 2,
    "SHAPE, a convolution, whose shared weights the inequality does not cover; expected outputs × inputs",
  ],
  [
    ({ name, shape }) => /(^|[./])weight$/.test(name) && shape.length < 2,
    "SHAPE, the scale of a normalisation or the slope of a PReLU; expected fully connected layers alone, or --activation prelu where it is one",
  ],
  [named(/(^|[./_])(gamma|beta|scale)$/i), "a normalisation's scale or shift; expected fully connected layers alone"],
  [
    ({ name }) => isPart(name),
    "a part of a parametrised weight, the set not whole or of another kind than weight_norm and spectral_norm; expected the weight itself",
  ],
  [
    named(/(^|[./])bias$/),
    "a bias without a weight of its own beside it: a layer that shares another's weight is another inequality; expected PREFIX.weight for each PREFIX.bias",
  ],
  [() => true, UNKNOWN],
];

export interface Telling {
  readonly tensor: NamedTensor;
  /** What it is, and what would be right. */
  readonly what: string;
  /** Whether nothing is known of it, so that it may well stand apart from the layers. */
  readonly isUnknown: boolean;
}

/** Of tensors that are no layer's, the one that tells most. Undefined where there are none. */
export function mostTelling(rest: readonly NamedTensor[]): Telling | undefined {
  for (const [test, text] of KNOWN) {
    const tensor = rest.find(test);
    if (tensor === undefined) continue;
    const what = text
      .replace("DTYPE", () => printable(tensor.dtype))
      .replace("SHAPE", `the shape ${tensor.shape.join(" × ") || "of a single number"}`);
    return { tensor, what, isUnknown: text === UNKNOWN };
  }
  return undefined;
}
