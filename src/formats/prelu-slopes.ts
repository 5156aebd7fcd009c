/**
 * The slopes of PReLUs among named tensors: PREFIX.weight along one axis with no bias beside it, one number or one for each output. They
 * are looked for only where `--activation` or the file says prelu; which layer one belongs to is the names' word, never the shapes':
 *
 *     numbers    all names are alike but for a number, as in a Sequential: the one between layer t's number and the next layer's
 *     one        a single tensor: the layer's, or, one module used after every layer, all theirs
 *     counted    the slopes' names alone are alike but for a number (act1, act2 …), and there are as many as layers that want them
 */
import type { NamedActivation } from "../network/activation-names.ts";
import { ModelError, UsageError } from "../network/errors.ts";
import type { Activation } from "../network/parametric.ts";
import { prelu } from "../network/parametric.ts";
import { printable } from "../network/printable.ts";
import type { Arranged } from "./arrangement.ts";
import type { NamedTensor } from "./tensor.ts";
import { isFloating } from "./tensor.ts";

const SLOPES = /^(?:(.*)[./])?weight$/s;

/** Whether this may be slopes by its name and shape: no bias stands beside it, as beside the scale of a normalisation. */
export function mayBeSlopes({ name, shape }: Pick<NamedTensor, "name" | "shape">, names: ReadonlySet<string>): boolean {
  return SLOPES.test(name) && shape.length <= 1 && !names.has(name.replace(/weight$/, "bias"));
}

/** Those of `tensors` that may be slopes. */
export function slopeTensors(tensors: readonly NamedTensor[]): NamedTensor[] {
  const names = new Set(tensors.map(({ name }) => name));
  return tensors.filter((tensor) => mayBeSlopes(tensor, names) && isFloating(tensor.dtype));
}

/**
 * The layers' activations, each "prelu" with its slopes.
 * @param tensors the candidates. @param must whether every one of them must be used.
 * @returns the tensors that were used, too. @throws ModelError where a layer's slopes are not there or not certain.
 */
export function withSlopes(
  named: readonly NamedActivation[],
  order: readonly Arranged[],
  tensors: readonly NamedTensor[],
  must: boolean,
  source: string,
): { readonly activations: Activation[]; readonly used: ReadonlySet<NamedTensor> } {
  const wanting = order.filter((_, i) => named[i] === "prelu");
  const used = new Set<NamedTensor>();
  if (wanting.length === 0) return { activations: named.map((a) => (a === "prelu" ? "identity" : a)), used };
  const found = assigned(wanting, order, tensors, source);
  const activations = order.map((layer, i): Activation => {
    const own = named[i] as NamedActivation;
    if (own !== "prelu") return own;
    const tensor = found.get(layer) as NamedTensor;
    used.add(tensor);
    return slopesOf(tensor, layer, source);
  });
  const over = tensors.find((tensor) => !used.has(tensor));
  if (must && over !== undefined) {
    throw new ModelError(
      `${source}: tensor ${printable(over.name)}: found the slopes of a PReLU after a layer whose activation is another, expected prelu there`,
    );
  }
  return { activations, used };
}

function slopesOf(tensor: NamedTensor, { prefix, outputs }: Arranged, source: string): Activation {
  const values = tensor.read();
  const place = `${source}: tensor ${printable(tensor.name)}`;
  if (values.length !== 1 && values.length !== outputs) {
    throw new ModelError(
      `${place}: found ${String(values.length)} slopes, expected 1 or ${String(outputs)}, one for each output of ${printable(prefix)}`,
    );
  }
  try {
    return prelu(values);
  } catch (cause) {
    throw cause instanceof UsageError ? new ModelError(`${place}: ${cause.message}`, { cause }) : cause;
  }
}

type Assigned = ReadonlyMap<Arranged, NamedTensor>;

function assigned(
  wanting: readonly Arranged[],
  order: readonly Arranged[],
  tensors: readonly NamedTensor[],
  source: string,
): Assigned {
  if (isOneFamily([...order.map(({ prefix }) => prefix), ...tensors.map(prefixOf)])) {
    return numbered(wanting, order, tensors, source);
  }
  const [only] = tensors;
  if (only !== undefined && tensors.length === 1) return new Map(wanting.map((layer) => [layer, only]));
  if (isOneFamily(tensors.map(prefixOf)) && tensors.length === wanting.length) {
    const sorted = [...tensors].sort((a, b) => at(prefixOf(a)) - at(prefixOf(b)));
    return new Map(wanting.map((layer, i) => [layer, sorted[i] as NamedTensor]));
  }
  return refuse(wanting, tensors, source);
}

function refuse(wanting: readonly Arranged[], tensors: readonly NamedTensor[], source: string): never {
  const layers = wanting.map(({ prefix }) => printable(prefix)).join(", ");
  const names = tensors.slice(0, 8).map(({ name }) => printable(name));
  throw new ModelError(
    `${source}: found ${names.length === 0 ? "no slopes" : names.join(", ")} for the PReLU of ${layers}, expected PREFIX.weight along one axis after each of these layers, with numbers in the names that say which, or prelu(0.25)`,
  );
}

/** Whether these names have a number each and are alike but for it. */
function isOneFamily(prefixes: readonly string[]): boolean {
  const families = prefixes.map((prefix) => numberOf(prefix)?.family);
  return families.length > 0 && !families.includes(undefined) && new Set(families).size === 1;
}

/** The slopes between a layer's number and the next layer's. */
function numbered(
  wanting: readonly Arranged[],
  order: readonly Arranged[],
  tensors: readonly NamedTensor[],
  source: string,
): Assigned {
  const result = new Map<Arranged, NamedTensor>();
  for (const layer of wanting) {
    const next = order[order.indexOf(layer) + 1];
    const [low, high] = [at(layer.prefix), next === undefined ? Infinity : at(next.prefix)];
    const own = tensors.filter((tensor) => at(prefixOf(tensor)) > low && at(prefixOf(tensor)) < high);
    const [slopes] = own;
    if (slopes === undefined || own.length > 1) return refuse([layer], own, source);
    result.set(layer, slopes);
  }
  return result;
}

const prefixOf = ({ name }: NamedTensor): string => SLOPES.exec(name)?.[1] ?? "";

/** "net.4" → the family "net." and 4: the last number of a prefix. */
function numberOf(prefix: string): { readonly family: string; readonly number: number } | null {
  const [, before = "", digits, after = ""] = /^(.*?)(\d+)(\D*)$/s.exec(prefix) ?? [];
  return digits === undefined ? null : { family: `${before}#${after}`, number: Number(digits) };
}

const at = (prefix: string): number => numberOf(prefix)?.number ?? NaN;
