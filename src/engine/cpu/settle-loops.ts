/** The loops of PanelKernels.settle, where WebAssembly SIMD is missing: the same bits as assembly/ritz.ts. */
import { largestPair } from "../tridiagonal.ts";
import { stops } from "../krylov.ts";
import type { PanelKernels } from "./panel-kernels.ts";

export function settleInLoops(numbers: Float32Array, ...asked: Parameters<PanelKernels["settle"]>): void {
  const [coefficients, columns, steps, cap, last, noise, twice, safety, least, greatest, taken, weights] = asked;
  const words = new Int32Array(numbers.buffer, taken, columns);
  const [alpha, beta] = [new Float64Array(steps), new Float64Array(steps)];
  for (let i = 0; i < columns; i++) {
    let most = 0;
    let length = 0;
    let runs = true;
    for (let k = 0, at = coefficients / 4 + i; k < steps; k++, at += 2 * columns) {
      const [a, b] = [numbers[at] as number, numbers[at + columns] as number];
      if (runs) {
        length = k + 1;
        most = Math.max(most, a);
      }
      // Behind the end of the space there is nothing.
      alpha[k] = runs ? a : 0;
      runs = runs && b > noise * most && k + 1 !== cap;
      beta[k] = runs ? b : 0;
    }
    const pair = largestPair(alpha, beta, steps);
    const ended = !runs || last === 1 || stops(pair, alpha, beta, steps, twice, safety);
    const isFinite = Number.isFinite(pair.value) && pair.vector.subarray(0, steps).every((s) => s - s === 0);
    const fits = most >= least && most <= greatest && isFinite;
    words[i] = !ended ? 0 : fits ? length : -length;
    for (let k = 0; k < steps; k++) {
      numbers[weights / 4 + k * columns + i] = ended && fits && k < length ? (pair.vector[k] as number) : 0;
    }
  }
}
