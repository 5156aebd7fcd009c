/**
 * The power method on A = J_tJ_tᵀ, in the coefficients of Lanczos' steps (krylov.ts): with AQ = QT + β_k q_{k+1}e_kᵀ its iterate after k
 * products, less the last, is
 *
 *     A^{k−1} q_1 = Q T^{k−1} e_1
 *
 * whether or not the q_j have stayed orthogonal, since no power before the k-th reaches e_k. So every engine makes the same steps and keeps the
 * same vectors for either method. Where the space has ended, AQ = QT, further powers cost no product: it goes on to POWERS of them.
 *
 * T and e_1 have no negative entry, so that the powers are computed to a few units of each entry.
 */

/** Powers in a space that has ended. */
export const POWERS = 1000;

export interface PowerIterate {
  /** yᵀTy, ‖y‖ = 1: the Rayleigh quotient. */
  readonly value: number;
  readonly vector: Float64Array;
  /** ‖Ay − yᵀTy·y‖ of orthonormal q_j. */
  readonly residual: number;
}

/** @param hasEnded whether the Krylov space has no further dimension. */
export function powerIterate(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  steps: number,
  hasEnded: boolean,
): PowerIterate {
  let y = new Float64Array(steps);
  let image = new Float64Array(steps);
  y[0] = 1;
  /** Ty into `image`. */
  const multiply = (): void => {
    for (let j = 0; j < steps; j++) {
      const below = j > 0 ? (beta[j - 1] as number) * (y[j - 1] as number) : 0;
      const above = j < steps - 1 ? (beta[j] as number) * (y[j + 1] as number) : 0;
      image[j] = below + (alpha[j] as number) * (y[j] as number) + above;
    }
  };
  for (let power = 1; power < (hasEnded ? POWERS : steps); power++) {
    multiply();
    const sum = image.reduce((a, b) => a + b, 0);
    // 0 of a dead layer; what is not finite stays so.
    if (sum === 0) break;
    for (let j = 0; j < steps; j++) image[j] = (image[j] as number) / sum;
    [y, image] = [image, y];
  }
  const length = Math.sqrt(y.reduce((a, b) => a + b * b, 0));
  for (let j = 0; j < steps; j++) y[j] = (y[j] as number) / length;
  multiply();
  let value = 0;
  for (let j = 0; j < steps; j++) value += (y[j] as number) * (image[j] as number);
  const last = (beta[steps - 1] as number) * (y[steps - 1] as number);
  let square = last * last;
  for (let j = 0; j < steps; j++) square += ((image[j] as number) - value * (y[j] as number)) ** 2;
  return { value, vector: y, residual: Math.sqrt(square) };
}
