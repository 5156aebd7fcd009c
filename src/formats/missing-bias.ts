/** A layer whose file holds no bias: zeros for the arithmetic, and no parameters (MATH.md §1). The one place that says what becomes of it. */
import type { Layer } from "../network/network.ts";

export function missingBias(outputs: number): Pick<Layer, "bias" | "biased"> {
  return { bias: new Float64Array(outputs), biased: false };
}

/** @param layers as the file names them. */
export function missingBiasNote(source: string, layers: readonly string[]): string {
  return `${source}: found no bias of ${layers.length === 1 ? "layer" : "layers"} ${layers.join(", ")}: none is counted, the term is ‖h‖² in place of 1 + ‖h‖²`;
}
