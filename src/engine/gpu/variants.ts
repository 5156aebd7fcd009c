/**
 * Kernels that make the same bits in another layout, each in a file of its own, and when a device takes which: by the shape and the kind
 * of the adapter alone, so that the same device always takes the same.
 *
 * The tall tiles (16 rows × 8 columns an invocation, four terms at a time) load a quarter of the weights and half of the vectors. On
 * SwiftShader they are 1.25 to 1.5 times as fast from 32 × 32 on. A hardware adapter has to be filled first: there are half as
 * many invocations, or a quarter.
 */
import type { KernelName, Sizes } from "../program/kernels.ts";

const TALL = {
  jacobianVectorProduct: "jacobianVectorProductTall",
  vectorJacobianProduct: "vectorJacobianProductTall",
} as const;

/**
 * Eight invocations share a column, by workgroup memory and barriers: eight times the invocations, of which a hardware adapter has too few
 * where each goes down columns of its own. On SwiftShader a barrier costs more than that gains: of processor time at 512 columns,
 * krylov-step takes 5.3 ms instead of 3.0 with 256 rows, 2.0 instead of 0.45 with 32.
 */
const SHARED = {
  krylovStep: "krylovStepShared",
  columnNorm: "columnNormShared",
  columnLeast: "columnLeastShared",
  columnDot: "columnDotShared",
} as const;

/** Below these a longer compilation is not earned back. */
const LEAST = { rows: 32, inner: 32, columns: 256 };

/** Invocations that fill a large GPU: some 130 multiprocessors of 2,048 threads, an eighth of them. */
const FILLED = 2 ** 15;

/** Entries of a tall tile. */
const TALL_ENTRIES = 128;

/** Entries of a product that do so in tall tiles. */
export const FILLED_ENTRIES = FILLED * TALL_ENTRIES;

export function variantOf(kernel: KernelName, sizes: Sizes, hardware: boolean): KernelName {
  if (kernel in SHARED) return hardware ? SHARED[kernel as keyof typeof SHARED] : kernel;
  if (kernel !== "jacobianVectorProduct" && kernel !== "vectorJacobianProduct") return kernel;
  const { rows = 0, inner = 0, columns = 0 } = sizes;
  const contiguous = kernel === "jacobianVectorProduct" || rows % 4 === 0;
  const large = rows >= LEAST.rows && inner >= LEAST.inner && columns >= LEAST.columns;
  const fills = !hardware || rows * columns >= FILLED_ENTRIES;
  return contiguous && inner % 4 === 0 && large && fills ? TALL[kernel] : kernel;
}
