/**
 * The largest eigenvalue and its vector of a symmetric tridiagonal matrix, by implicit QL (the classical tql2;
 * Parlett, The Symmetric Eigenvalue Problem, ch. 8): in WebAssembly (assembly/tridiagonal.ts), or where that is missing by the loops
 * below, the same bits.
 */
import type { Workspace } from "./wasm/workspace.ts";
import { threadWorkspace } from "./wasm/workspace.ts";

/** The largest eigenvalue, the next one (at least 0), and of the first one's eigenvector the last entry or all, in that order. */
export interface LargestPair {
  readonly value: number;
  readonly secondValue: number;
  readonly vector: Float64Array;
}

/** @param alpha the diagonal α_1 … α_n, @param beta the off-diagonal β_1 … β_{n−1}; each may be longer. */
export function largestPair(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): LargestPair {
  const workspace = threadWorkspace(8 * workOf(n));
  return workspace === null
    ? largestPairInLoops(alpha, beta, n, wanted)
    : largestPairInKernel(workspace, alpha, beta, n, wanted);
}

export function largestPairInKernel(
  { kernels, room, numbers }: Workspace,
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): LargestPair {
  const work = numbers();
  const at = room() / 8;
  const layout = begin(work, at, alpha, beta, n, wanted);
  const { e, v, pitch } = layout;
  kernels.tridiagonal(8 * at, 8 * e, 8 * v, n, pitch);
  return pairOf(work, layout);
}

export function largestPairInLoops(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): LargestPair {
  const work = new Float64Array(workOf(n));
  const layout = begin(work, 0, alpha, beta, n, wanted);
  const { d, e, v, pitch } = layout;
  for (let low = 0; low < n; low++) {
    for (let sweep = 0; sweep < 60; sweep++) {
      let m = low;
      while (m < n - 1) {
        const scale = Math.abs(work[d + m] as number) + Math.abs(work[d + m + 1] as number);
        if (!(Math.abs(work[e + m] as number) > 2 ** -53 * scale)) break;
        m++;
      }
      if (m === low) break;
      const half = ((work[d + low + 1] as number) - (work[d + low] as number)) / (2 * (work[e + low] as number));
      let r = Math.sqrt(half * half + 1);
      let g =
        (work[d + m] as number) - (work[d + low] as number) + (work[e + low] as number) / (half + (half >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= low; i--) {
        const f = s * (work[e + i] as number);
        const b = c * (work[e + i] as number);
        r = Math.sqrt(f * f + g * g);
        work[e + i + 1] = r;
        if (r === 0) {
          work[d + i + 1] = (work[d + i + 1] as number) - p;
          work[e + m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = (work[d + i + 1] as number) - p;
        r = ((work[d + i] as number) - g) * s + 2 * c * b;
        p = s * r;
        work[d + i + 1] = g + p;
        g = c * r - b;
        for (let left = v + i * pitch, right = left + pitch; left < v + (i + 1) * pitch; left++, right++) {
          const x = work[left] as number;
          const y = work[right] as number;
          work[right] = s * x + c * y;
          work[left] = c * x - s * y;
        }
      }
      if (r === 0 && i >= low) continue;
      work[d + low] = (work[d + low] as number) - p;
      work[e + low] = g;
      work[e + m] = 0;
    }
  }
  return pairOf(work, layout);
}

/** Where the working memory holds diagonal, off-diagonal and, column by column, the wanted rows of the eigenvectors. */
interface Layout {
  readonly d: number;
  readonly e: number;
  readonly v: number;
  readonly n: number;
  /** Rows wanted, filled up to an even number: the kernel takes two at a time. */
  readonly rows: number;
  readonly pitch: number;
}

function even(n: number): number {
  return n + (n % 2);
}

/** Numbers of working memory. */
function workOf(n: number): number {
  return even(n) * (n + 3);
}

/** The matrix, and the wanted rows of the identity. */
function begin(
  work: Float64Array,
  d: number,
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): Layout {
  const e = d + even(n);
  const v = e + even(n);
  const rows = wanted === "last" ? 1 : n;
  const pitch = even(rows);
  work.fill(0, d, v + n * pitch);
  for (let i = 0; i < n; i++) {
    work[d + i] = alpha[i] as number;
    if (i < n - 1) work[e + i] = beta[i] as number;
    if (i >= n - rows) work[v + i * pitch + (i - n + rows)] = 1;
  }
  return { d, e, v, n, rows, pitch };
}

function pairOf(work: Float64Array, { d, v, n, rows, pitch }: Layout): LargestPair {
  let first = 0;
  for (let i = 1; i < n; i++) if ((work[d + i] as number) > (work[d + first] as number)) first = i;
  let secondValue = 0;
  for (let i = 0; i < n; i++) if (i !== first) secondValue = Math.max(secondValue, work[d + i] as number);
  const at = v + first * pitch;
  return { value: work[d + first] as number, secondValue, vector: work.slice(at, at + rows) };
}
