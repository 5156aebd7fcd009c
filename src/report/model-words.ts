/** What a report says of its model in words. */
import type { Report } from "../records/report.ts";

/** Which layers have no bias, as a sentence; null where each has one. */
export function withoutBias(layers: Report["model"]["layers"]): string | null {
  const bare = layers.filter(({ biased }) => biased === false).map(({ layer }) => String(layer));
  if (bare.length === 0) return null;
  const which =
    bare.length === layers.length
      ? "No layer has a bias"
      : `No bias in layer${bare.length === 1 ? "" : "s"} ${bare.join(", ")}`;
  return `${which}: there ‖h_t‖² stands in place of 1 + ‖h_t‖².`;
}
