/** The syntax of `--activation` and of the metadata key "activations". */
import type { ActivationName } from "../network/activations.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";

/** What PyTorch, Keras and others call them, without capitals and marks. */
const OTHER_NAMES: Readonly<Record<string, ActivationName>> = { swish: "silu", linear: "identity", none: "identity" };

/** Activations with a parameter, and the one value of it that this program has. */
const PARAMETERS: Readonly<Partial<Record<ActivationName, number>>> = { "leaky-relu": 0.01, elu: 1, softplus: 1 };

/**
 * The activation of a name however it is spelt: ReLU, leaky_relu, hardswish, nn.Tanh, leaky-relu(0.01). Null for an unknown name.
 * @throws UsageError that says what was expected, for a parameter that is not ours.
 */
export function activationNamed(text: string): ActivationName | null {
  const [, spelt = text, parameter] = /^([^()]*)\(([^()]*)\)$/.exec(text) ?? [];
  const key = plain(spelt);
  const other = Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : undefined;
  const found = other ?? ACTIVATION_NAMES.find((name) => plain(name) === key) ?? null;
  // nn.ReLU() has no parameter either.
  if (found === null || parameter === undefined || parameter.trim() === "") return found;
  const own = PARAMETERS[found];
  if (own === undefined) throw new UsageError(`expected ${found}, which has no parameter`);
  if (Number(parameter) !== own) throw new UsageError(`expected ${found}(${String(own)}): this version has no other`);
  return found;
}

function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^(torch\.)?nn\./, "")
    .replace(/[-_ ]/g, "");
}

/**
 * One name: the hidden layers' (the output layer is then identity; with one layer it is that layer's). Or one name per layer.
 * @param place names the option or key in the message. @throws UsageError
 */
export function parseActivations(text: string, layers: number, place: string): ActivationName[] {
  const names = text.split(",").map((s) => s.trim());
  const known = names.map((name): ActivationName => {
    const found = `${place}: found "${printable(name)}"`;
    let activation: ActivationName | null;
    try {
      activation = activationNamed(name);
    } catch (cause) {
      throw cause instanceof UsageError ? new UsageError(`${found}, ${cause.message}`, { cause }) : cause;
    }
    if (activation === null) throw new UsageError(`${found}, expected one of ${ACTIVATION_NAMES.join(" ")}`);
    return activation;
  });
  if (known.length === layers) return known;
  const [only] = known;
  if (known.length === 1 && only !== undefined) {
    return Array.from({ length: layers }, (_, i) => (i < layers - 1 ? only : "identity"));
  }
  throw new UsageError(
    `${place}: found ${String(known.length)} activations, expected 1 or ${String(layers)}, one for each layer`,
  );
}
