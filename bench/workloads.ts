/** The networks that are timed: what people verify, from a small one to a wide one. */
import type { ActivationName } from "../src/network/activations.ts";
import type { Network } from "../src/network/network.ts";
import { randomNetwork } from "../src/sampling/random-network.ts";

export interface Workload {
  readonly name: string;
  readonly network: Network;
  /** Samples of one timing: about a second of one core. */
  readonly samples: number;
}

export const WORKLOADS: readonly Workload[] = [
  workload("A", [784, 256, 256, 10], "tanh", 256),
  workload("B", [64, 64, 64, 64, 10], "relu", 2048),
  workload("C", [32, 512, 512, 512, 10], "relu", 128),
  workload("D", [16, 32, 32, 4], "tanh", 8192),
];

function workload(name: string, widths: readonly number[], hidden: ActivationName, samples: number): Workload {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : hidden));
  const initialiser = hidden === "relu" ? "he" : "glorot";
  const network = randomNetwork({ seed: 8, index: 0, widths, activations, initialiser, biasScale: 0.1 });
  return { name: `${name} ${widths.join("-")} ${hidden}`, network, samples };
}
