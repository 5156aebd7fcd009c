/** How activations are spelt: "relu", "ReLU", "leaky_relu", "nn.Tanh", "leaky-relu(0.2)", "ELU(alpha=0.5)", "prelu(0.25)". */
import type { ActivationName } from "./activations.ts";
import { ACTIVATION_NAMES } from "./activations.ts";
import { UsageError } from "./errors.ts";
import type { UnitActivation, Prelu } from "./parametric.ts";
import { isParametricName, parametric, prelu } from "./parametric.ts";

/** What a person may have said: "prelu" alone leaves the slopes to the file. */
export type NamedActivation = UnitActivation | Prelu | "prelu";

/** What PyTorch, Keras and others call them, without capitals and marks. */
const OTHER_NAMES: Readonly<Record<string, ActivationName>> = { swish: "silu", linear: "identity", none: "identity" };

const NUMBER = /^(?:(?:negative_slope|alpha|beta|init|slope)\s*=\s*)?([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

/** What formatActivation writes, as a regular expression. */
export const ACTIVATION_PATTERN = `^(${ACTIVATION_NAMES.join("|")}|prelu|(leaky-relu|elu|softplus|prelu)\\(-?[0-9.]+(e[+-]?[0-9]+)?\\))$`;

/** Every name, for a message. */
export const SPELLINGS = [
  ...ACTIVATION_NAMES,
  "leaky-relu(SLOPE)",
  "elu(ALPHA)",
  "softplus(BETA)",
  "prelu",
  "prelu(SLOPE)",
].join(" ");

/**
 * The activation of a name however it is spelt. Null for an unknown name.
 * @throws UsageError that says what was expected, for a parameter that is none.
 */
export function activationNamed(text: string): NamedActivation | null {
  const [, spelt = text, inside] = /^([^()]*)\(([^()]*)\)$/.exec(text.trim()) ?? [];
  const key = plain(spelt);
  const other = Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : undefined;
  const found = key === "prelu" ? key : (other ?? ACTIVATION_NAMES.find((name) => plain(name) === key) ?? null);
  // nn.ReLU() has no parameter either.
  if (found === null || inside === undefined || inside.trim() === "") return found;
  const parameter = Number(NUMBER.exec(inside.trim())?.[1] ?? NaN);
  if (found === "prelu") return prelu([parameter]);
  if (isParametricName(found)) return parametric(found, parameter);
  throw new UsageError(`expected ${found}, which has no parameter`);
}

/** An activation of one number z by its text: for networks that are drawn, whose units have no slopes of their own. @throws UsageError */
export function drawnActivation(text: string): UnitActivation | Prelu {
  const found = activationNamed(text);
  if (found === "prelu")
    throw new UsageError("expected prelu(SLOPE): a network that is drawn has no slopes of its own");
  if (found === null) throw new UsageError(`expected one of ${SPELLINGS}`);
  return found;
}

function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^(torch\.)?nn\./, "")
    .replace(/[-_ ]/g, "");
}
