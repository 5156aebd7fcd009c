/** Single kernels on a device: the peak of its arithmetic and of its memory, and the products of the batch program beside them. */
import { readFileSync } from "node:fs";
import type { OpenDevice } from "../../src/engine/gpu/device.ts";
import { openDevice } from "../../src/engine/gpu/device.ts";
import { createWorkspace } from "../../src/engine/gpu/dispatch.ts";
import { createProfile } from "../../src/engine/gpu/profile.ts";
import { variantOf } from "../../src/engine/gpu/variants.ts";
import { beginSubmission } from "../../src/engine/gpu/submission.ts";
import type { ShaderSources } from "../../src/engine/gpu/sources.ts";
import type { Kernel, Sizes } from "../../src/engine/program/kernels.ts";
import { KERNELS, KRYLOV_STATE } from "../../src/engine/program/kernels.ts";

export interface KernelFigures {
  readonly adapter: string;
  readonly hardware: boolean;
  /** By what the times were taken. */
  readonly method: string;
  readonly peak: { readonly gigaflops: number; readonly gigabytes: number };
  readonly products: readonly ProductFigure[];
  readonly columns: readonly ColumnFigure[];
}

/** A kernel that goes down columns, in one of its layouts. */
export interface ColumnFigure {
  readonly kernel: string;
  readonly rows: number;
  readonly columns: number;
  /** Each matrix counted once. */
  readonly gigabytes: number;
  /** Of what is copied. */
  readonly share: number;
}

export interface ProductFigure {
  readonly kernel: string;
  /** Rows and terms of the matrix. */
  readonly size: number;
  readonly columns: number;
  readonly gigaflops: number;
  /** Of the peak. */
  readonly share: number;
}

const bare = { results: [], overrides: [], iterations: null };
const FMA: Kernel = {
  ...{ ...bare, name: "fma", shader: "bench/fma.wgsl", buffers: ["result"], sizes: ["invocations", "rounds"] },
  grid: (sizes) => [sizes["invocations"] as number, 1],
};
const COPY: Kernel = {
  ...{ ...bare, name: "copy", shader: "bench/copy.wgsl", buffers: ["operand", "result"], sizes: ["vectors"] },
  grid: (sizes) => [64 * 4096, Math.ceil((sizes["vectors"] as number) / (64 * 4096))],
};
const SOURCES = {
  "bench/fma.wgsl": readFileSync("bench/gpu/fma.wgsl", "utf8"),
  "bench/copy.wgsl": readFileSync("bench/gpu/copy.wgsl", "utf8"),
};

/** Products that are timed. */
const PRODUCTS = ["forward", "vectorJacobianProduct", "jacobianVectorProduct"] as const;
const SIZES = [64, 128, 256, 512, 1024, 2048, 4096] as const;
/** Of one kernel's repetitions: what a hardware adapter does in a tenth of a second, and a software one in a second. */
const FLOPS = { hardware: 2 ** 40, software: 2 ** 31 };

/** Rows of what goes down columns. */
const ROWS = [32, 256, 1024] as const;

export async function kernelFigures(
  gpu: GPU,
  adapterPreference: string,
  shaders: ShaderSources,
): Promise<KernelFigures> {
  const profile = createProfile();
  const open = await openDevice(gpu, adapterPreference, { ...shaders, ...SOURCES }, undefined, profile);
  const { hardware } = open.adapter;
  const flops = hardware ? FLOPS.hardware : FLOPS.software;
  /** Seconds of one call, the best of three times some. */
  const timed = async (
    kernel: Kernel,
    overrides: Sizes,
    sizes: Sizes,
    words: readonly number[],
    count: number,
  ): Promise<number> => {
    const workspace = createWorkspace(open);
    try {
      const buffers = words.map((n) => filled(open, workspace.buffer(kernel.name, 4 * n), n));
      const dispatch = await workspace.dispatch(kernel, overrides, sizes, buffers);
      let best = Infinity;
      for (let round = 0; round < 3; round++) {
        profile.stages.clear();
        const work = beginSubmission(open, kernel.name);
        work.pass(
          kernel.name,
          Array.from({ length: count }, () => dispatch),
        );
        await work.read([{ buffer: buffers.at(-1) as GPUBuffer, bytes: 4 }]);
        const [stage] = [...profile.stages.values()];
        best = Math.min(best, (stage?.seconds ?? NaN) / count);
      }
      return best;
    } finally {
      workspace.destroy();
    }
  };

  const invocations = hardware ? 2 ** 20 : 2 ** 12;
  const rounds = flops / 4 / 256 / invocations;
  const arithmetic = (256 * rounds * invocations) / (await timed(FMA, {}, { invocations, rounds }, [invocations], 1));
  const vectors = hardware ? 2 ** 24 : 2 ** 20;
  const memory = (32 * vectors) / (await timed(COPY, {}, { vectors }, [4 * vectors, 4 * vectors], 4));
  const products: ProductFigure[] = [];
  for (const size of SIZES) {
    const columns = hardware ? 8192 : 512;
    const one = 2 * size * size * columns;
    if (one > 4 * flops) continue;
    const count = Math.max(1, Math.min(64, Math.floor(flops / one)));
    for (const key of PRODUCTS) {
      const [square, block] = [size * size, size * columns];
      const sizes = { rows: size, inner: size, columns, ...(key === "forward" ? {} : { samples: columns }) };
      const kernel = KERNELS[variantOf(key, sizes, hardware)];
      const [overrides, words] =
        key === "forward"
          ? [{ ACTIVATION: 1 }, [square, size, size, block, block, block, block]]
          : [
              { MASKED: 1, ...(key === "vectorJacobianProduct" ? { FACTOR: 1 } : {}) },
              [square, block, block, block, block],
            ];
      const rate = one / (await timed(kernel, overrides, sizes, words, count));
      products.push({ kernel: kernel.name, size, columns, gigaflops: rate / 1e9, share: rate / arithmetic });
    }
  }
  const columnFigures: ColumnFigure[] = [];
  for (const rows of ROWS) {
    const columns = hardware ? 8192 : 512;
    const size = rows * columns;
    const count = Math.ceil((hardware ? 2 ** 28 : 2 ** 22) / size);
    for (const { keys, overrides, sizes, words, passes } of columnCalls(rows, columns)) {
      for (const key of keys) {
        const bytes = (4 * passes * size) / (await timed(KERNELS[key], overrides, sizes, words, count));
        columnFigures.push({ kernel: KERNELS[key].name, rows, columns, gigabytes: bytes / 1e9, share: bytes / memory });
      }
    }
  }
  open.device.destroy();
  const peak = { gigaflops: arithmetic / 1e9, gigabytes: memory / 1e9 };
  return { adapter: open.adapter.name, hardware, method: profile.method ?? "", peak, products, columns: columnFigures };
}

/** The kernels in both layouts, with the words of their buffers and how many matrices they go through. */
function columnCalls(rows: number, columns: number) {
  const size = rows * columns;
  return [
    {
      keys: ["krylovStep", "krylovStepShared"],
      overrides: { MASKED: 1 },
      sizes: { rows, columns, block: 1, first: 0, at: 1 },
      // Aq, D, q₋ and q are read; q₊, its mask and the basis's q are written.
      words: [size, size, 3 * size, size, size, 4 * columns, KRYLOV_STATE * columns],
      passes: 7,
    },
    {
      keys: ["columnNorm", "columnNormShared"],
      overrides: {},
      sizes: { rows, columns, offset: 0 },
      words: [size, 2 * columns],
      passes: 1,
    },
    {
      keys: ["columnDot", "columnDotShared"],
      overrides: {},
      sizes: { rows, columns, samples: columns, left_norm: 0, right_norm: columns, offset: 2 * columns },
      words: [size, size, 6 * columns],
      passes: 2,
    },
  ] as const;
}

/** Numbers of no particular kind, none of them 0. */
function filled({ device }: OpenDevice, buffer: GPUBuffer, n: number): GPUBuffer {
  device.queue.writeBuffer(
    buffer,
    0,
    Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 101 - 0.4),
  );
  return buffer;
}
