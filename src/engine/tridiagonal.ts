/**
 * Eigenvalues of a symmetric tridiagonal matrix with the last row or all rows of its eigenvectors, by implicit QL (the classical tql2;
 * Parlett, The Symmetric Eigenvalue Problem, ch. 8): in WebAssembly (assembly/tridiagonal.ts), or where that is missing by the loops
 * below, the same bits.
 */
import type { Workspace } from "./wasm/workspace.ts";
import { threadWorkspace, wholeLines } from "./wasm/workspace.ts";

export interface TridiagonalEigen {
  /** Unsorted. */
  readonly values: Float64Array;
  /** Entry r of eigenvector k stands at k · pitch + r; of the last entries alone at k · pitch. */
  readonly vectors: Float64Array;
  readonly pitch: number;
}

/** @param alpha the diagonal α_1 … α_n, @param beta the off-diagonal β_1 … β_{n−1}; each may be longer. */
export function tridiagonalEigen(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): TridiagonalEigen {
  const workspace = threadWorkspace(8 * n * (n + 3) + 128);
  return workspace === null
    ? tridiagonalInLoops(alpha, beta, n, wanted)
    : tridiagonalInKernel(workspace, alpha, beta, n, wanted);
}

export function tridiagonalInKernel(
  { kernels, room, write, read }: Workspace,
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): TridiagonalEigen {
  const { values, off, vectors, pitch } = startOf(alpha, beta, n, wanted);
  const line = wholeLines(8 * n);
  const d = room();
  write(d, values);
  write(d + line, off);
  write(d + 2 * line, vectors);
  kernels.tridiagonal(d, d + line, d + 2 * line, n, pitch);
  read(d, values);
  read(d + 2 * line, vectors);
  return { values, vectors, pitch };
}

export function tridiagonalInLoops(
  alpha: ArrayLike<number>,
  beta: ArrayLike<number>,
  n: number,
  wanted: "last" | "all",
): TridiagonalEigen {
  const { values: d, off: e, vectors, pitch } = startOf(alpha, beta, n, wanted);
  for (let low = 0; low < n; low++) {
    for (let sweep = 0; sweep < 60; sweep++) {
      let m = low;
      while (m < n - 1) {
        const scale = Math.abs(d[m] as number) + Math.abs(d[m + 1] as number);
        if (!(Math.abs(e[m] as number) > 2 ** -53 * scale)) break;
        m++;
      }
      if (m === low) break;
      const half = ((d[low + 1] as number) - (d[low] as number)) / (2 * (e[low] as number));
      let r = Math.sqrt(half * half + 1);
      let g = (d[m] as number) - (d[low] as number) + (e[low] as number) / (half + (half >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= low; i--) {
        const f = s * (e[i] as number);
        const b = c * (e[i] as number);
        r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] = (d[i + 1] as number) - p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = (d[i + 1] as number) - p;
        r = ((d[i] as number) - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        for (let left = i * pitch, right = left + pitch; left < (i + 1) * pitch; left++, right++) {
          const x = vectors[left] as number;
          const y = vectors[right] as number;
          vectors[right] = s * x + c * y;
          vectors[left] = c * x - s * y;
        }
      }
      if (r === 0 && i >= low) continue;
      d[low] = (d[low] as number) - p;
      e[low] = g;
      e[m] = 0;
    }
  }
  return { values: d, vectors, pitch };
}

/** The matrix, and the rows of the identity filled up to an even number, which the kernel takes two at a time. */
function startOf(alpha: ArrayLike<number>, beta: ArrayLike<number>, n: number, wanted: "last" | "all") {
  const values = new Float64Array(n);
  const off = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    values[i] = alpha[i] as number;
    if (i < n - 1) off[i] = beta[i] as number;
  }
  const pitch = wanted === "last" ? 2 : n + (n % 2);
  const vectors = new Float64Array(n * pitch);
  if (wanted === "last") vectors[(n - 1) * pitch] = 1;
  else for (let i = 0; i < n; i++) vectors[i * pitch + i] = 1;
  return { values, off, vectors, pitch };
}
