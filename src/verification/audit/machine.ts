/** WebAssembly of the audit's own (assembly/audit-product.ts): one module and memory a thread; null where the runtime has none of it. */
import { AUDIT_PRODUCT_WASM } from "./product-wasm.ts";

/** Pointers are byte offsets in the memory. */
export interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly pull: (a: number, rows: number, pitch: number, y: number, x: number) => void;
  readonly outerSquares: (x: number, m: number, y: number, n: number) => number;
  readonly contract: (h: number, n: number, d: number, w: number, m: number) => number;
  readonly drawn: (
    low: number,
    high: number,
    stream: number,
    key0: number,
    key1: number,
    count: number,
    share: number,
  ) => number;
  /** Whose numbers it holds. */
  owner: object | null;
  numbers: Float64Array;
}

let known: Machine | null | undefined;

export function machine(): Machine | null {
  if (known === undefined) known = openMachine();
  return known;
}

function openMachine(): Machine | null {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(atob(AUDIT_PRODUCT_WASM), (c) => c.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const { pull, outerSquares, contract, drawn } = exports as unknown as Machine;
    return { memory, pull, outerSquares, contract, drawn, owner: null, numbers: new Float64Array(memory.buffer) };
  } catch {
    return null;
  }
}
