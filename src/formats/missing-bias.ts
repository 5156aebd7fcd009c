/**
 * A layer whose file holds no bias: the one place that says what becomes of it.
 *
 * It is taken as a bias of zeros. That computes the same output, but counts as a parameter: ‖∂f/∂b_t‖² is on the right side and the 1 of
 * 1 + ‖h_t‖² on the left, so the report speaks of a network that has this bias. Each reader says so by `missingBiasNote`.
 */
export function missingBias(outputs: number): Float64Array {
  return new Float64Array(outputs);
}

/** @param layers as the file names them. */
export function missingBiasNote(source: string, layers: readonly string[]): string {
  return `${source}: found no bias of ${layers.length === 1 ? "layer" : "layers"} ${layers.join(", ")}: zeros are taken, and their gradients are counted`;
}
