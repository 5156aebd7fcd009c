/**
 * Weights that PyTorch stores in parts: `weight_norm` and `spectral_norm`, by the names of the old hooks and of torch.nn.utils.parametrizations.
 * Each set of parts becomes the one weight that inference uses (torch/nn/utils/weight_norm.py, spectral_norm.py, parametrizations.py):
 *
 *     weight_norm     W = g v / ‖v‖, norms over the axes along which g has length 1 (dim = 0: each row's)
 *     spectral_norm   W = W_orig / σ, σ = uᵀ W_orig v of the stored u and v, as in eval mode: no power iteration, σ only near ‖W_orig‖
 *
 * In f64 from the stored numbers; PyTorch itself rounds each step to the parameter's type.
 */
import { ModelError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { NamedTensor } from "./tensor.ts";

/** The endings of the parts, after "PREFIX.", in the order in which `merge` takes them. */
interface Kind {
  readonly name: "weight_norm" | "spectral_norm";
  readonly parts: readonly string[];
  readonly merge: (parts: readonly NamedTensor[], where: string) => Float64Array;
  /** Which part has the weight's shape. */
  readonly shaped: number;
}

const KINDS: readonly Kind[] = [
  { name: "weight_norm", parts: ["weight_g", "weight_v"], shaped: 1, merge: weightNorm },
  {
    name: "weight_norm",
    parts: ["parametrizations.weight.original0", "parametrizations.weight.original1"],
    shaped: 1,
    merge: weightNorm,
  },
  { name: "spectral_norm", parts: ["weight_orig", "weight_u", "weight_v"], shaped: 0, merge: spectralNorm },
  {
    name: "spectral_norm",
    parts: ["parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"],
    shaped: 0,
    merge: spectralNorm,
  },
];

/** Whether a name is that of a part, whole set or not. */
export function isPart(name: string): boolean {
  return /(^|\.)(weight_(g|v|orig|u)|parametrizations\..*)$/.test(name);
}

export interface Merged {
  /** The file's tensors, each whole set of parts replaced by its PREFIX.weight at the first part's place. */
  readonly tensors: readonly NamedTensor[];
  /** What became of them: the merged tensor's name → "weight_norm" or "spectral_norm". */
  readonly kinds: ReadonlyMap<string, Kind["name"]>;
}

/** Merges every set of parts that is whole and whose weight is not stored as well. Nothing is decoded before the weight is read. */
export function mergeReparametrised(tensors: readonly NamedTensor[], source: string): Merged {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  // What stands beneath each PREFIXparametrizations.weight.
  const beneath = new Map<string, string[]>();
  for (const { name } of tensors) {
    for (const { index } of name.matchAll(/(?<=^|\.)parametrizations\.weight\./g)) {
      const prefix = name.slice(0, index);
      const names = beneath.get(prefix);
      if (names === undefined) beneath.set(prefix, [name]);
      else names.push(name);
    }
  }
  const replaced = new Map<string, NamedTensor | null>();
  const kinds = new Map<string, Kind["name"]>();
  for (const tensor of tensors) {
    for (const kind of KINDS) {
      const [first = ""] = kind.parts;
      if (tensor.name !== first && !tensor.name.endsWith(`.${first}`)) continue;
      const prefix = tensor.name.slice(0, tensor.name.length - first.length);
      const parts = kind.parts.flatMap((part) => byName.get(prefix + part) ?? []);
      const name = `${prefix}weight`;
      // A further parametrisation on top, or a weight beside its parts, is something else.
      const others = beneath.get(prefix) ?? [];
      const known = new Set(kind.parts.map((part) => prefix + part));
      if (parts.length < kind.parts.length || byName.has(name) || others.some((n) => !known.has(n))) continue;
      if (parts.some((part) => replaced.has(part.name))) continue;
      const shaped = parts[kind.shaped] as NamedTensor;
      parts.forEach((part) => replaced.set(part.name, null));
      const where = `${source}: tensor ${printable(shaped.name)}`;
      replaced.set(tensor.name, { ...shaped, name, read: () => kind.merge(parts, where) });
      kinds.set(name, kind.name);
    }
  }
  return { tensors: tensors.flatMap((t) => (replaced.has(t.name) ? (replaced.get(t.name) ?? []) : t)), kinds };
}

function weightNorm([g, v]: readonly NamedTensor[], where: string): Float64Array {
  if (g === undefined || v === undefined) throw new RangeError("weight_norm has two parts");
  const [rows = 1, columns = 1] = v.shape;
  const [gRows = 1, gColumns = 1] = g.shape;
  const fits = v.shape.length === 2 && (g.shape.length === 0 || g.shape.length === 2);
  if (!fits || ![1, rows].includes(gRows) || ![1, columns].includes(gColumns)) {
    throw new ModelError(
      `${where}: found lengths of the shape ${shapeOf(g)} beside ${shapeOf(v)}, expected one for each row, each column, or the whole`,
    );
  }
  const lengths = g.read();
  const values = v.read();
  // Where g has a length of its own for each row and each column, each entry is one alone.
  const groupOf = (i: number): number =>
    (gRows === 1 ? 0 : Math.floor(i / columns)) * gColumns + (gColumns === 1 ? 0 : i % columns);
  const norms = new Float64Array(gRows * gColumns);
  const largest = new Float64Array(gRows * gColumns);
  values.forEach((x, i) => {
    largest[groupOf(i)] = Math.max(largest[groupOf(i)] as number, Math.abs(x));
  });
  // Scaled, so that no square overflows or vanishes.
  values.forEach((x, i) => {
    const scale = largest[groupOf(i)] as number;
    if (scale > 0) norms[groupOf(i)] = (norms[groupOf(i)] as number) + (x / scale) ** 2;
  });
  return values.map((x, i) => {
    const group = groupOf(i);
    const scale = largest[group] as number;
    if (!(scale > 0)) {
      throw new ModelError(
        `${where}: found a direction of length ${String(scale)}, expected one that can be normalised`,
      );
    }
    return (lengths[group] as number) * (x / scale / Math.sqrt(norms[group] as number));
  });
}

function spectralNorm([original, left, right]: readonly NamedTensor[], where: string): Float64Array {
  if (original === undefined || left === undefined || right === undefined) {
    throw new RangeError("spectral_norm has three parts");
  }
  const [rows = 0, columns = 0] = original.shape;
  const [u, v] = [left.read(), right.read()];
  // dim = 1 has u along the columns; where both lengths are one, dim is a fully connected layer's own, 0.
  const isAlongRows = u.length === rows && v.length === columns;
  const isAlongColumns = u.length === columns && v.length === rows;
  if (original.shape.length !== 2 || !(isAlongRows || isAlongColumns)) {
    throw new ModelError(
      `${where}: found vectors of ${String(u.length)} and ${String(v.length)} numbers beside ${shapeOf(original)}, expected one for each row and one for each column`,
    );
  }
  const [alongRows, alongColumns] = isAlongRows ? [u, v] : [v, u];
  const values = original.read();
  let sigma = 0;
  for (let i = 0; i < rows; i++) {
    let product = 0;
    for (let k = 0; k < columns; k++) product += (values[i * columns + k] as number) * (alongColumns[k] as number);
    sigma += (alongRows[i] as number) * product;
  }
  if (!Number.isFinite(sigma) || sigma === 0) {
    throw new ModelError(
      `${where}: found uᵀWv = ${String(sigma)}, expected a number that the weight can be divided by`,
    );
  }
  return values.map((x) => x / sigma);
}

function shapeOf({ shape }: NamedTensor): string {
  return shape.length === 0 ? "a single number" : shape.join(" × ");
}
