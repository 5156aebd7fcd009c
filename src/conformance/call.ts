/** A kernel call as plain data: what is bound, how large, and which buffers are read afterwards. Everything in this room speaks of these. */
import type { Kernel } from "../engine/program/kernels.ts";
import { KERNELS } from "../engine/program/kernels.ts";

export type KernelKey = keyof typeof KERNELS;

export type Words = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

export interface KernelCall {
  readonly kernel: KernelKey;
  readonly overrides: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
  /** Bindings 1 …, with what they hold before the call. */
  readonly buffers: readonly Words[];
  /** Which of `buffers` are read back. */
  readonly read: readonly number[];
}

export const KERNEL_KEYS = Object.keys(KERNELS) as readonly KernelKey[];

export const kernelOf = (call: Pick<KernelCall, "kernel">): Kernel => KERNELS[call.kernel];

/** Buffer number `index` of a call as the f32 numbers that it holds. */
export function floatsOf({ buffers }: KernelCall, index: number): Float32Array {
  return asFloats(buffers[index] as Words);
}

export function asFloats(words: Words): Float32Array {
  return new Float32Array(words.buffer, words.byteOffset, words.length);
}

export const sizeOf = ({ sizes }: KernelCall, name: string): number => sizes[name] as number;
