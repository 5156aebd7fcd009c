/**
 * A module that was pickled whole: its `__dict__` holds its parameters and its children by name, which is what state_dict() lists.
 * None of its code is run, so what its forward pass does with them is known for a Sequential of known modules alone.
 */
import { ACTIVATION_NAMES } from "../../network/activations.ts";
import { ModelError } from "../../network/errors.ts";
import type { ParametricName } from "../../network/parametric.ts";
import { printable } from "../../network/printable.ts";
import type { Dict, Inert, Value } from "./values.ts";
import { isKind } from "./values.ts";

/** The part of `__dict__` of this name, where the object is a module. */
function part(module: Inert, name: string): Dict | null {
  const found = isKind(module.state, "dict") ? module.state.entries.get(name) : undefined;
  return isKind(found, "dict") ? found : null;
}

export function isModule(value: Value | undefined): value is Inert {
  return isKind(value, "inert") && part(value, "_parameters") !== null && part(value, "_modules") !== null;
}

/** What state_dict() lists: parameters, then buffers, then those of the children. @throws ModelError where a module stands twice. */
export function moduleEntries(root: Inert, source: string): Map<string, Value> {
  const entries = new Map<string, Value>();
  const seen = new Map<Inert, string>();
  const visit = (module: Inert, prefix: string): void => {
    const before = seen.get(module);
    if (before !== undefined) {
      // An activation may stand twice, a PReLU too, whose slopes are constants; what has weights may not.
      if (module.className !== PRELU && hasEntries(module)) {
        throw new ModelError(
          `${source}: found one module as ${named(before)} and ${named(prefix)}: shared weights, which the inequality does not cover; expected each layer its own`,
        );
      }
      if (module.className !== PRELU) return;
    }
    seen.set(module, prefix);
    for (const name of ["_parameters", "_buffers"]) {
      for (const [key, value] of part(module, name)?.entries ?? []) {
        if (typeof key === "string" && value !== null) entries.set(prefix + key, value);
      }
    }
    for (const [key, child] of part(module, "_modules")?.entries ?? []) {
      if (typeof key === "string" && isModule(child)) visit(child, `${prefix}${key}.`);
    }
  };
  visit(root, "");
  return entries;
}

/** "net.0" of the prefix "net.0.". */
function named(prefix: string): string {
  return prefix === "" ? "the whole" : printable(prefix.slice(0, -1));
}

function hasEntries(module: Inert): boolean {
  const filled = (name: string): boolean => [...(part(module, name)?.entries.values() ?? [])].some((v) => v !== null);
  return filled("_parameters") || filled("_buffers") || (part(module, "_modules")?.entries.size ?? 0) > 0;
}

const PRELU = "torch.nn.modules.activation.PReLU";
const SEQUENTIAL = "torch.nn.modules.container.Sequential";
const LINEAR = "torch.nn.modules.linear.Linear";
const PASSING = ["dropout.Dropout", "linear.Identity", "flatten.Flatten"].map((name) => `torch.nn.modules.${name}`);

type Attribute = (name: string) => Value | undefined;

/** As `--activation` takes it; null where the object has no such number. */
function withParameter(name: ParametricName, value: Value | undefined): string | null {
  return typeof value === "number" ? `${name}(${String(value)})` : null;
}

/** Our activation for one of torch.nn.modules.activation, where its arguments are the ones that ours has. */
const ACTIVATIONS: Readonly<Record<string, string | ((attribute: Attribute) => string | null)>> = {
  ReLU: "relu",
  ReLU6: "relu6",
  Tanh: "tanh",
  Sigmoid: "sigmoid",
  SiLU: "silu",
  Mish: "mish",
  SELU: "selu",
  Softsign: "softsign",
  Hardswish: "hard-swish",
  LeakyReLU: (attribute) => withParameter("leaky-relu", attribute("negative_slope")),
  ELU: (attribute) => withParameter("elu", attribute("alpha")),
  // Beyond its threshold torch takes z itself: at 20 and more that is softplus to all digits of f32.
  Softplus: (attribute) =>
    Number(attribute("threshold") ?? 20) >= 20 ? withParameter("softplus", attribute("beta")) : null,
  // In inference, and at α = 1.
  RReLU: (attribute) => {
    const ends = [attribute("lower"), attribute("upper")].map(Number);
    return withParameter("leaky-relu", ((ends[0] ?? NaN) + (ends[1] ?? NaN)) / 2);
  },
  CELU: (attribute) => (attribute("alpha") === 1 ? "elu" : null),
  PReLU: "prelu",
  GELU: (attribute) => (attribute("approximate") === "tanh" ? "gelu-tanh" : "gelu"),
};

/** What a whole module says of its activations. */
export interface SaidActivations {
  /** "tanh,tanh,identity" of a Sequential of Linear layers with an activation or none after each; null for any other module. */
  readonly activations: string | null;
  /** The class of a last Softmax or LogSoftmax, which is left out: the head speaks of logits. */
  readonly dropped: string | null;
}

const UNSAID: SaidActivations = { activations: null, dropped: null };
const PARALLEL = /^torch\.nn\.parallel\..*DataParallel$/;
const OF_TORCH = /^torch\.nn\.modules\.activation\./;

/** @throws ModelError for an activation of torch.nn that is none of ours, whatever `--activation` says. */
export function sequentialActivations(module: Inert, source: string): SaidActivations {
  const inner = PARALLEL.test(module.className) ? part(module, "_modules")?.entries.get("module") : undefined;
  const root = isModule(inner) ? inner : module;
  if (root.className !== SEQUENTIAL) return UNSAID;
  const names: (string | null)[] = [];
  const all = leaves(root, 0).filter(({ className }) => !PASSING.includes(className));
  const last = all.at(-1)?.className.replace(OF_TORCH, "") ?? "";
  const dropped = last === "Softmax" || last === "LogSoftmax" ? last : null;
  for (const leaf of dropped === null ? all : all.slice(0, -1)) {
    if (leaf.className === LINEAR) {
      names.push(null);
      continue;
    }
    const own = leaf.className.replace(OF_TORCH, "");
    const known = Object.hasOwn(ACTIVATIONS, own) ? ACTIVATIONS[own] : undefined;
    const attribute: Attribute = (name) => (isKind(leaf.state, "dict") ? leaf.state.entries.get(name) : undefined);
    const name = typeof known === "function" ? known(attribute) : known;
    if (typeof name !== "string" && OF_TORCH.test(leaf.className)) {
      throw new ModelError(
        `${source}: found ${printable(own)} after layer ${String(names.length)}${known === undefined ? "" : ", with other arguments than ours"}, expected one of the activations that are covered: ${ACTIVATION_NAMES.join(", ")}`,
      );
    }
    if (typeof name !== "string" || names.length === 0 || names.at(-1) !== null) return UNSAID;
    names[names.length - 1] = name;
  }
  return names.length === 0 ? UNSAID : { activations: names.map((name) => name ?? "identity").join(","), dropped };
}

const DEEPEST = 32;

function leaves(module: Inert, depth: number): Inert[] {
  if (module.className !== SEQUENTIAL || depth > DEEPEST) return [module];
  const children = [...(part(module, "_modules")?.entries.values() ?? [])].filter(isModule);
  return children.flatMap((child) => leaves(child, depth + 1));
}
