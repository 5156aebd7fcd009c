/** The grids that come with the program. Their numbers are part of every address: a change makes other cases. */
import type { Grid } from "./grid.ts";
import { parseGrids } from "./grid.ts";

export const PRESET_NAMES = ["smoke", "standard", "soak"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export interface Preset {
  readonly grids: readonly Grid[];
  readonly inputsPerNetwork: number;
  /** Share of audited samples where --audit is not given: a short hunt looks closer. */
  readonly audit: number;
}

const HEADS = [
  ...["sum", "mean", "logit:0", "logit:argmax", "linear", "half-squared-norm", "log-sum-exp", "cross-entropy"],
  ...["squared-error", "margin"],
];
const SMOOTH = ["elu", "selu", "gelu", "gelu-tanh", "silu", "mish", "softplus", "sigmoid", "sin", "softsign"];
const KINKED = ["identity", "leaky-relu", "hard-swish", "relu6", "abs"];

/** Every activation and head, ragged shapes, more than one workgroup, both norms, the sharp cases: 60 architectures, under a minute. */
const SMOKE = [
  {
    depth: [1, 2, 4],
    width: [
      [3, 5, 1],
      [17, 33, 6],
    ],
    activation: ["relu", "tanh"],
    initialiser: ["he", "orthogonal"],
  },
  { depth: [3], width: [[9, 14, 5]], activation: [...SMOOTH, ...KINKED], initialiser: ["glorot"] },
  { depth: [2], width: [[12, 21, 7]], activation: ["silu"], head: HEADS, distribution: ["uniform"] },
  { depth: [2, 3], width: [16], activation: ["identity"], initialiser: ["hadamard"], bias: [0] },
  { depth: [8], width: [6], activation: ["relu"], initialiser: ["he"], distribution: ["sphere"] },
  { depth: [2], width: [[70, 130, 10]], activation: ["relu", "gelu"], initialiser: ["lecun"], head: ["cross-entropy"] },
  { depth: [3], width: [[8, 12, 4]], activation: ["relu", "softplus"], norm: ["frobenius"] },
  { depth: [2], width: [[10, 20, 4]], activation: ["relu", "sin"], scale: [1e-6, 1e6] },
];

/** Depth, width, activation and initialiser in all combinations, and every head. */
const STANDARD = [
  {
    depth: [1, 2, 3, 6, 12],
    width: [2, 8, 32, 96, [100, 50, 10]],
    activation: ["relu", "leaky-relu", "tanh", "gelu", "softplus"],
    initialiser: ["orthogonal", "glorot", "he", "lecun"],
  },
  { depth: [3], width: [24], activation: [...SMOOTH, ...KINKED], head: HEADS, distribution: ["normal", "sphere"] },
  { depth: [2, 4], width: [16, 64], activation: ["identity", "relu"], initialiser: ["hadamard"], bias: [0] },
  { depth: [2, 4], width: [[20, 30, 6]], activation: ["relu", "tanh"], norm: ["frobenius"], scale: [0.1, 1, 10] },
];

/** Millions of samples of small and middling networks: a hunt for what is rare. */
const SOAK = [
  {
    depth: [1, 2, 3, 5],
    width: [2, [4, 8, 1], [8, 16, 4], 24],
    activation: ["relu", "leaky-relu", "tanh", "gelu", "sigmoid"],
    initialiser: ["orthogonal", "he", "lecun"],
    head: ["logit:argmax", "cross-entropy"],
    networks: 8,
  },
  { depth: [32], width: [4], activation: ["relu", "tanh"], initialiser: ["orthogonal"], networks: 8 },
  { depth: [2], width: [128], activation: ["relu", "silu"], networks: 2 },
];

const TABLE: Readonly<Record<PresetName, { raw: unknown; inputsPerNetwork: number; audit: number }>> = {
  smoke: { raw: SMOKE, inputsPerNetwork: 32, audit: 0.25 },
  standard: { raw: STANDARD, inputsPerNetwork: 256, audit: 0.01 },
  soak: { raw: SOAK, inputsPerNetwork: 2048, audit: 0.01 },
};

export function preset(name: PresetName): Preset {
  const { raw, ...rest } = TABLE[name];
  return { grids: parseGrids(raw, `preset ${name}`), ...rest };
}
