/**
 * The one heavy step of Gram matrices and of Cholesky: T ← T ± S Sᵀ, lower triangle, S a slice of some columns of a matrix.
 *
 * S is packed into WebAssembly's memory by panels of four rows; assembly/block-product.ts multiplies 64 × 64 entries at a time there
 * (about 20 GFLOP/s a core, ten times a loop in JavaScript), and each product is added to T here. The order of every sum is fixed:
 * the columns of a slice one after the other, then the slices one after the other.
 */
import { BLOCK_PRODUCT_WASM } from "./block-product-wasm.ts";

/** Rows of a block: a block of T and two of S fit the caches. */
const BLOCK = 64;
/** Rows of a panel, as assembly/block-product.ts reads them. */
const PANEL = 4;
const PAGE_BYTES = 2 ** 16;
/** Where S starts in the memory, in numbers: behind one block of the result. */
const PACKED = BLOCK * BLOCK;

/** The kernel and its memory, one a thread; nothing is kept there from one call to the next. */
interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly multiply: (a: number, b: number, c: number, depth: number, rowPanels: number, columnPanels: number) => void;
}

let kernel: Kernel | null = null;

function openKernel(numbers: number): { kernel: Kernel; scratch: Float64Array } {
  if (kernel === null) {
    const bytes = Uint8Array.from(atob(BLOCK_PRODUCT_WASM), (c) => c.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    kernel = { memory, multiply: exports["multiply"] as Kernel["multiply"] };
  }
  const missing = 8 * numbers - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
  return { kernel, scratch: new Float64Array(kernel.memory.buffer) };
}

/** What is added where: T's rows and columns `at` …, `rows` of them; S the columns `first` … first + depth − 1 of `source`. */
export interface RankUpdate {
  readonly target: Float64Array;
  readonly targetPitch: number;
  readonly at: number;
  readonly source: Float64Array;
  readonly sourcePitch: number;
  /** First row of S in `source`. */
  readonly from: number;
  readonly rows: number;
  readonly first: number;
  readonly depth: number;
  readonly sign: 1 | -1;
}

/**
 * T_ij ← T_ij ± fl(Σ_k s_ik s_jk) for j ≤ i (within a block on the diagonal also some of j > i). Each term of the sum meets at most
 * `depth` roundings, and the sum one more as it is added.
 */
export function rankUpdate(update: RankUpdate): void {
  const { target, targetPitch, at, source, sourcePitch, from, rows, first, depth, sign } = update;
  const panels = Math.ceil(rows / PANEL);
  const open = openKernel(PACKED + panels * PANEL * depth);
  const { scratch } = open;
  pack();
  const panelBytes = 8 * PANEL * depth;
  const blockPanels = BLOCK / PANEL;
  for (let i = 0; i < panels; i += blockPanels) {
    const rowPanels = Math.min(blockPanels, panels - i);
    for (let j = 0; j <= i; j += blockPanels) {
      const columnPanels = Math.min(blockPanels, panels - j);
      open.kernel.multiply(8 * PACKED + i * panelBytes, 8 * PACKED + j * panelBytes, 0, depth, rowPanels, columnPanels);
      addBlock(PANEL * i, PANEL * j, PANEL * rowPanels, PANEL * columnPanels);
    }
  }

  function addBlock(i0: number, j0: number, height: number, width: number): void {
    const most = Math.min(width, rows - j0);
    for (let i = 0; i < height && i0 + i < rows; i++) {
      const row = (at + i0 + i) * targetPitch + at + j0;
      for (let j = 0; j < most; j++) {
        target[row + j] = (target[row + j] as number) + sign * (scratch[i * width + j] as number);
      }
    }
  }

  function pack(): void {
    let o = PACKED;
    for (let panel = 0; panel < panels; panel++) {
      for (let r = 0; r < PANEL; r++) {
        const row = PANEL * panel + r;
        const start = (from + row) * sourcePitch + first;
        for (let k = 0; k < depth; k++) scratch[o + PANEL * k + r] = row < rows ? (source[start + k] as number) : 0;
      }
      o += PANEL * depth;
    }
  }
}
