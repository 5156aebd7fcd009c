/** The networks that are timed: what people verify, from small to wide and deep, and the shipped digits. */
import type { ActivationName } from "../network/activations.ts";
import type { Network } from "../network/network.ts";
import { inputWidth } from "../network/network.ts";
import type { SampleSource } from "../pipeline/source.ts";
import { fillInputs } from "../sampling/inputs.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import { digits } from "./digits.ts";
import type { Reading } from "./files.ts";

export interface Shape {
  readonly widths: readonly number[];
  readonly activation: ActivationName;
}

/** By their letters. F is the digits' own network. */
export const SHAPES = {
  A: { widths: [784, 256, 256, 10], activation: "tanh" },
  B: { widths: [64, 64, 64, 64, 10], activation: "relu" },
  C: { widths: [32, 512, 512, 512, 10], activation: "relu" },
  D: { widths: [16, 32, 32, 4], activation: "tanh" },
  E: { widths: [64, 64, 64, 64, 64, 64, 64, 64, 10], activation: "gelu" },
  F: { widths: [784, 64, 32, 10], activation: "relu" },
  G: { widths: [3072, 1024, 1024, 1024, 10], activation: "relu" },
} as const satisfies Readonly<Record<string, Shape>>;

export type WorkloadName = keyof typeof SHAPES;
export const WORKLOAD_NAMES = Object.keys(SHAPES) as WorkloadName[];

export interface BenchWorkload {
  readonly name: WorkloadName;
  readonly network: Network;
  /** So many samples: drawn, or the digits over and over. */
  readonly source: (samples: number) => SampleSource;
}

/** @param own reads the digits' files. */
export async function openWorkload(name: WorkloadName, own: Reading): Promise<BenchWorkload> {
  if (name === "F") {
    const { network, source } = await digits(own);
    return { name, network, source: (samples) => repeated(source, samples) };
  }
  const network = drawnNetwork(SHAPES[name]);
  const width = inputWidth(network);
  const drawn = { distribution: "normal", scale: 1, seed: 8 } as const;
  const read: SampleSource["read"] = (first, count) => ({
    inputs: fillInputs(drawn, first, count, width),
    labels: null,
  });
  return { name, network, source: (samples) => ({ samples, width, drawn, read }) };
}

/** He's weights under relu and its kin, Glorot's under tanh; biases of a tenth. */
export function drawnNetwork({ widths, activation }: Shape): Network {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : activation));
  const initialiser = activation === "tanh" ? "glorot" : "he";
  return randomNetwork({ seed: 8, index: 0, widths, activations, initialiser, biasScale: 0.1 });
}

function repeated(source: SampleSource, samples: number): SampleSource {
  const { samples: own, width } = source;
  const all = source.read(0, own).inputs;
  return {
    samples,
    width,
    read(first, count) {
      const inputs = new Float64Array(count * width);
      for (let k = 0; k < count; k++) {
        const row = (first + k) % own;
        inputs.set(all.subarray(row * width, (row + 1) * width), k * width);
      }
      return { inputs, labels: null };
    },
  };
}
