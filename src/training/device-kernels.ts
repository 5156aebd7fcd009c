/** The host's declaration of the kernels in shaders/training/, as src/engine/program/kernels.ts has those of the batch program. */
import type { Kernel, Sizes } from "../engine/program/kernels.ts";
import type { UpdateRule } from "./optimiser.ts";

/** Workgroups along one dimension of a dispatch, and invocations of a workgroup. */
const MOST_WORKGROUPS = 65_535;
const WORKGROUP = 64;

const of = (sizes: Sizes, name: string): number => sizes[name] as number;

export const MEAN_SHARE: Kernel = {
  ...{ name: "mean-share", shader: "training/mean-share.wgsl" },
  ...{ buffers: ["adjoint", "values", "result"], results: [2] },
  ...{ sizes: ["rows", "columns", "samples"], overrides: [], iterations: null },
  grid: (sizes) => [of(sizes, "columns") / 4, of(sizes, "rows")],
};

export const OUTER_PRODUCT: Kernel = {
  ...{ name: "outer-product", shader: "training/outer-product.wgsl" },
  ...{ buffers: ["share", "hidden", "weight", "bias"], results: [2, 3] },
  ...{ sizes: ["rows", "width", "columns"], overrides: [], iterations: null },
  grid: (sizes) => [of(sizes, "width") + 1, Math.ceil(of(sizes, "rows") / 4)],
};

export const UPDATE: Kernel = {
  ...{ name: "update", shader: "training/update.wgsl" },
  buffers: ["theta", "gradient", "mean", "square", "next_theta", "next_mean", "next_square", "seen"],
  results: [4, 5, 6, 7],
  sizes: [
    ...["count", "line", "decay", "first", "second"],
    ...["first_correction", "second_correction", "epsilon", "rate"],
  ],
  ...{ overrides: ["ADAM"], iterations: null },
  grid: (sizes) => [Math.min(of(sizes, "count"), of(sizes, "line")), Math.ceil(of(sizes, "count") / of(sizes, "line"))],
};

export const TRAINING_KERNELS: readonly Kernel[] = [MEAN_SHARE, OUTER_PRODUCT, UPDATE];

/** The sizes of an update of so many numbers: its rule's as bits of f32. */
export function updateSizes(count: number, rule: UpdateRule, weightDecay: number): Sizes {
  const adam = rule.kind === "adam" ? rule : null;
  return {
    ...{ count, line: WORKGROUP * MOST_WORKGROUPS, decay: bits(weightDecay) },
    first: bits(rule.kind === "sgd" ? rule.momentum : rule.first),
    second: bits(adam?.second ?? 0),
    first_correction: bits(adam?.firstCorrection ?? 0),
    second_correction: bits(adam?.secondCorrection ?? 0),
    epsilon: bits(adam?.epsilon ?? 0),
    rate: bits(rule.rate),
  };
}

const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

function bits(x: number): number {
  single[0] = x;
  return word[0] as number;
}
