/** The syntax of `--activation` and of the metadata key "activations". */
import type { NamedActivation } from "../network/activation-names.ts";
import { activationList, activationNamed, SPELLINGS } from "../network/activation-names.ts";
import { UsageError } from "../network/errors.ts";
import type { Activation } from "../network/parametric.ts";
import { formatActivation, isPrelu, sameActivation } from "../network/parametric.ts";
import { printable } from "../network/printable.ts";

/** One name. @param place names the option or key in the message. @throws UsageError */
export function parseActivation(name: string, place: string): NamedActivation {
  const found = `${place}: found "${printable(name)}"`;
  let activation: NamedActivation | null;
  try {
    activation = activationNamed(name);
  } catch (cause) {
    throw cause instanceof UsageError ? new UsageError(`${found}, ${cause.message}`, { cause }) : cause;
  }
  if (activation === null) throw new UsageError(`${found}, expected one of ${SPELLINGS}`);
  return activation;
}

/**
 * One name: the hidden layers' (the output layer is then identity; with one layer it is that layer's). Or one name per layer. "prelu"
 * stands for slopes that the file has.
 * @param place names the option or key in the message. @throws UsageError
 */
export function parseActivations(text: string, layers: number, place: string): NamedActivation[] {
  const known = activationList(text).map((name) => parseActivation(name, place));
  if (known.length === layers) return known;
  const [only] = known;
  if (known.length === 1 && only !== undefined) {
    return Array.from({ length: layers }, (_, i) => (i < layers - 1 ? only : "identity"));
  }
  throw new UsageError(
    `${place}: found ${String(known.length)} activations, expected 1 or ${String(layers)}, one for each layer`,
  );
}

/** What is said once of a network that was read with PReLUs. */
export function preluNote(source: string, layers: readonly Activation[]): string | null {
  const own = layers.flatMap((a, i) => (typeof a === "object" && a.name === "prelu" ? [String(i + 1)] : []));
  if (own.length === 0) return null;
  const which = own.length === 1 ? `layer ${own.join()}` : `layers ${own.join(", ")}`;
  return `${source}: the slopes of the PReLU of ${which} are taken as constants: no parameters of θ, and the parameter penalty leaves them out`;
}

/**
 * For a file that says its activations itself: --activation may only repeat them; prelu leaves the slopes to the file.
 * @throws UsageError
 */
export function refuseOtherActivations(
  asked: string | undefined,
  layers: readonly { readonly activation: Activation }[],
  source: string,
): void {
  if (asked === undefined) return;
  const own = layers.map(({ activation }) => activation);
  const spoken = own.map(formatActivation);
  const named = parseActivations(asked, own.length, "--activation");
  const wrong = own.findIndex((activation, i) => !isSaid(named[i] as NamedActivation, activation));
  if (wrong >= 0) {
    throw new UsageError(
      `--activation ${printable(asked)}: found ${String(spoken[wrong])} in layer ${String(wrong + 1)} of ${source}, expected ${spoken.join(",")}, or no --activation`,
    );
  }
}

function isSaid(asked: NamedActivation, own: Activation): boolean {
  return asked === "prelu" ? isPrelu(own) : sameActivation(asked, own);
}
