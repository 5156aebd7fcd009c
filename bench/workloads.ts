/** Four of the networks that `gpv bench` times, with what a core does of them in about a second. */
import { drawnNetwork, SHAPES } from "../src/cli/bench-workloads.ts";
import type { Network } from "../src/network/network.ts";

export interface Workload {
  readonly name: string;
  readonly network: Network;
  /** Samples of one timing: about a second of one core. */
  readonly samples: number;
}

export const WORKLOADS: readonly Workload[] = (
  [
    ["A", 256],
    ["B", 2048],
    ["C", 128],
    ["D", 8192],
  ] as const
).map(([name, samples]) => {
  const { widths, activation } = SHAPES[name];
  return { name: `${name} ${widths.join("-")} ${activation}`, network: drawnNetwork(SHAPES[name]), samples };
});
