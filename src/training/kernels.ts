/** The stages of a training step in WebAssembly SIMD (assembly/training.ts), on a memory of their own. */
import type { Precision } from "./settings.ts";
import { TRAINING_WASM } from "./training-wasm.ts";

/** Of θ, its gradient and its moments, in `bytes`; what is returned is 0, or NaN where the new θ is not finite. */
export interface Kernels {
  readonly product: (
    a: number,
    rowStep: number,
    innerStep: number,
    x: number,
    y: number,
    mask: number,
    rows: number,
    inner: number,
    pitch: number,
    extent: number,
  ) => void;
  readonly activate: (
    kind: number,
    z: number,
    bias: number,
    h: number,
    slopes: number,
    rows: number,
    pitch: number,
    extent: number,
  ) => void;
  readonly transpose: (x: number, xPitch: number, y: number, yPitch: number, rows: number, columns: number) => void;
  readonly share: (
    delta: number,
    factors: number,
    out: number,
    bias: number,
    rows: number,
    samples: number,
    pitch: number,
    extent: number,
  ) => void;
  readonly head: (
    kind: number,
    h: number,
    slopes: number,
    labels: number,
    targets: number,
    values: number,
    adjoint: number,
    factors: number,
    scratch: number,
    width: number,
    samples: number,
    pitch: number,
  ) => void;
  readonly sgd: (
    theta: number,
    gradient: number,
    velocity: number,
    nextTheta: number,
    nextVelocity: number,
    bytes: number,
    decay: number,
    momentum: number,
    rate: number,
  ) => number;
  readonly adam: (
    theta: number,
    gradient: number,
    mean: number,
    square: number,
    nextTheta: number,
    nextMean: number,
    nextSquare: number,
    bytes: number,
    decay: number,
    first: number,
    second: number,
    firstCorrection: number,
    secondCorrection: number,
    epsilon: number,
    rate: number,
  ) => number;
}

export interface KernelMemory {
  readonly kernels: Kernels;
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 2 ** 16;

let compiled: WebAssembly.Module | null | undefined;

/** Kernels of this precision with so many bytes, all 0; null where the runtime has no WebAssembly with SIMD, or not so much memory. */
export function kernelMemory(precision: Precision, bytes: number): KernelMemory | null {
  try {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(TRAINING_WASM), (c) => c.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    const of = <Name extends keyof Kernels>(name: Name): Kernels[Name] =>
      exports[`${name}${precision.slice(1)}`] as unknown as Kernels[Name];
    const [product, activate, transpose, share] = [of("product"), of("activate"), of("transpose"), of("share")];
    const [head, sgd, adam] = [of("head"), of("sgd"), of("adam")];
    return { kernels: { product, activate, transpose, share, head, sgd, adam }, buffer: memory.buffer };
  } catch {
    return null;
  }
}
