/**
 * How activations are spelt: "relu", "ReLU", "leaky_relu", "nn.Tanh", "leaky-relu(0.2)", "ELU(alpha=0.5)", "prelu(0.25)", and as PyTorch
 * prints its modules: "ReLU(inplace=True)", "Softplus(beta=10, threshold=20)", "GELU(approximate='tanh')".
 */
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
  if (found === null || inside === undefined) return found;
  const said = inside
    .split(",")
    .map((argument) => argument.trim())
    .filter((argument) => argument !== "" && !IN_PLACE.test(argument) && !isLargeThreshold(found, argument));
  const [only] = said;
  // nn.ReLU() has no parameter either.
  if (only === undefined) return found;
  if (found === "gelu" && said.length === 1) {
    const [, how] = APPROXIMATE.exec(only) ?? [];
    if (how !== undefined) return how === "tanh" ? "gelu-tanh" : "gelu";
  }
  const parameter = said.length === 1 ? Number(NUMBER.exec(only)?.[1] ?? NaN) : NaN;
  if (found === "prelu") return prelu([parameter]);
  if (isParametricName(found)) return parametric(found, parameter);
  throw new UsageError(`expected ${found}${found === "gelu" ? " or gelu-tanh" : ""}, which has no parameter`);
}

/** Changes where the result is written, not what it is. */
const IN_PLACE = /^inplace(\s*=\s*(true|false))?$/i;
const APPROXIMATE = /^(?:approximate\s*=\s*)?["']?(tanh|none)["']?$/;

/** Beyond its threshold torch's softplus is z itself: at 20 and more that is softplus to all digits of f32. */
function isLargeThreshold(name: string, argument: string): boolean {
  const [, threshold] = /^threshold\s*=\s*(\d+(?:\.\d*)?)$/.exec(argument) ?? [];
  return name === "softplus" && Number(threshold ?? NaN) >= 20;
}

/** Names of a list, apart at the commas that stand in no parentheses. */
export function activationList(text: string): string[] {
  return text.split(/,(?![^(]*\))/).map((name) => name.trim());
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
