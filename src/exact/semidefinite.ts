/**
 * Whether a symmetric matrix of integers is positive semidefinite, decided without rounding by fraction-free elimination.
 *
 * Bareiss, Sylvester's identity and multistep integer-preserving Gaussian elimination (1968): after step k the entries are minors
 * of order k + 1, so the division by the last pivot leaves no remainder, and numbers grow linearly with the order.
 * A Schur complement of a semidefinite matrix is semidefinite, and there a zero on the diagonal means a row of zeros: such a row
 * is left out and elimination goes on with the rest. The entries then are minors of the rows that were kept.
 */

import { bitLength } from "./dyadic.ts";

export type Definiteness = "definite" | "semidefinite" | "indefinite";

/**
 * Word multiplications that {@link definiteness} needs at most, about: three products of minors for each entry and step, where the
 * minors of order k have k times the bits of the entries. One takes 1 to 3 ns.
 */
export function eliminationWork(entries: readonly bigint[], n: number): number {
  const bits = entries.reduce((most, x) => Math.max(most, bitLength(x)), 0);
  let work = 0;
  for (let k = 1; k < n; k++) work += 1.5 * (n - k) * (n - k + 1) * Math.ceil((k * bits) / 64) ** 2;
  return work;
}

/**
 * "definite": xᵀAx > 0 for every x ≠ 0; "semidefinite": ≥ 0 and A is singular; "indefinite": < 0 for some x.
 * @param entries n × n, row-major, symmetric; only the lower triangle is read.
 */
export function definiteness(entries: readonly bigint[], n: number): Definiteness {
  const a = entries.slice();
  const get = (i: number, j: number): bigint => a[i * n + j] as bigint;
  let previous = 1n;
  let singular = false;
  for (let k = 0; k < n; k++) {
    for (let i = k; i < n; i++) if (get(i, i) < 0n) return "indefinite";
    const pivot = get(k, k);
    if (pivot === 0n) {
      for (let i = k + 1; i < n; i++) if (get(i, k) !== 0n) return "indefinite";
      singular = true;
      continue;
    }
    for (let i = k + 1; i < n; i++) {
      const left = get(i, k);
      for (let j = k + 1; j <= i; j++) {
        const above = get(j, k);
        const product = left === 0n || above === 0n ? 0n : left * above;
        a[i * n + j] = (pivot * get(i, j) - product) / previous;
      }
    }
    previous = pivot;
  }
  return singular ? "semidefinite" : "definite";
}
