/** WebAssembly of the audit's own (assembly/audit-product.ts); null where the runtime has none of it. */
import { AUDIT_PRODUCT_WASM } from "./product-wasm.ts";

/** Pointers are byte offsets in the memory. */
interface Kernels {
  readonly pull: (a: number, rows: number, pitch: number, y: number, x: number) => void;
  readonly outerSquares: (x: number, m: number, y: number, n: number) => number;
  readonly contract: (h: number, n: number, d: number, w: number, m: number) => number;
  readonly orthogonalise: (basis: number, rows: number, bytes: number, r: number, parts: number) => void;
  readonly drawn: (
    low: number,
    high: number,
    stream: number,
    key0: number,
    key1: number,
    count: number,
    share: number,
  ) => number;
}

export interface Machine extends Kernels {
  readonly memory: WebAssembly.Memory;
  /** Whose numbers it holds. */
  owner: object | null;
  numbers: Float64Array;
}

let known: Machine | null | undefined;

/** The thread's. */
export function machine(): Machine | null {
  if (known === undefined) known = openMachine();
  return known;
}

/** One with a memory of its own. */
export function openMachine(): Machine | null {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(atob(AUDIT_PRODUCT_WASM), (c) => c.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const kernels = exports as unknown as Kernels;
    const { pull, outerSquares, contract, orthogonalise, drawn } = kernels;
    const numbers = new Float64Array(memory.buffer);
    return { memory, pull, outerSquares, contract, orthogonalise, drawn, owner: null, numbers };
  } catch {
    return null;
  }
}
