/** The syntax of `--activation` and of the metadata key "activations". */
import type { ActivationName } from "../network/activations.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import { UsageError } from "../network/errors.ts";

/**
 * One name: the hidden layers' (the output layer is then identity; with one layer it is that layer's). Or one name per layer.
 * @param place names the option or key in the message. @throws UsageError
 */
export function parseActivations(text: string, layers: number, place: string): ActivationName[] {
  const names = text.split(",").map((s) => s.trim());
  const known = names.map((name): ActivationName => {
    const found = ACTIVATION_NAMES.find((a) => a === name);
    if (found === undefined)
      throw new UsageError(`${place}: found "${name}", expected one of ${ACTIVATION_NAMES.join(" ")}`);
    return found;
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
