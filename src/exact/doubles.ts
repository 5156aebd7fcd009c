/**
 * Two plain f64 routines on small symmetric matrices, n × n, row-major. They only propose (a direction, a factor); what they propose
 * is judged in exact arithmetic, so nothing here has to be accurate for a bracket to be valid.
 */

/** An eigenvector of the largest eigenvalue, of norm 1, by Jacobi's rotations (Golub & Van Loan, Matrix Computations, §8.5). */
export function topEigenvector(symmetric: Float64Array, n: number): { vector: Float64Array; eigenvalue: number } {
  const a = symmetric.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < 40; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotated = rotate(a, v, n, p, q) || rotated;
    if (!rotated) break;
  }
  let top = 0;
  for (let i = 1; i < n; i++) if ((a[i * n + i] as number) > (a[top * n + top] as number)) top = i;
  return { vector: v.filter((_, i) => i % n === top), eigenvalue: a[top * n + top] as number };
}

/** Makes a_pq zero; false where it is negligible beside the diagonal already. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): boolean {
  const [off, pp, qq] = [a[p * n + q] as number, a[p * n + p] as number, a[q * n + q] as number];
  if (!(Math.abs(off) > 2 ** -60 * Math.sqrt(Math.abs(pp * qq)))) return false;
  const theta = (qq - pp) / (2 * off);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  turn(a, p, q, n, n, cosine, sine);
  turn(a, p * n, q * n, 1, n, cosine, sine);
  turn(v, p, q, n, n, cosine, sine);
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  return true;
}

/** (x, y) ← (cx − sy, sx + cy) along two rows or columns that start at p and q. */
function turn(a: Float64Array, p: number, q: number, step: number, count: number, c: number, s: number): void {
  for (let k = 0; k < count * step; k += step) {
    const [x, y] = [a[p + k] as number, a[q + k] as number];
    a[p + k] = c * x - s * y;
    a[q + k] = s * x + c * y;
  }
}

/** Lower triangular L with L Lᵀ ≈ the matrix, or undefined where a pivot is not positive. */
export function choleskyFactor(symmetric: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = symmetric[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
      if (i > j) l[i * n + j] = sum / (l[j * n + j] as number);
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return l;
}
