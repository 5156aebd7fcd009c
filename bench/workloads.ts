/** The networks that `gpv bench` times, with what a core does of them in about a second. */
import { drawnNetwork, SHAPES } from "../src/cli/bench-workloads.ts";
import { digits } from "../src/cli/digits.ts";
import { reading } from "../src/cli/files.ts";
import { processIo } from "../src/cli/io.ts";
import type { Network } from "../src/network/network.ts";
import { inputWidth } from "../src/network/network.ts";
import { fillInputs } from "../src/sampling/inputs.ts";

export interface Workload {
  readonly name: string;
  readonly network: Network;
  /** Samples of one timing: about a second of one core. */
  readonly samples: number;
  /** So many, row-major; the digits over and over. */
  readonly inputs: (samples: number) => Float64Array;
}

const drawn = (network: Network) => (samples: number) =>
  fillInputs({ distribution: "normal", scale: 1, seed: 8 }, 0, samples, inputWidth(network));

const shipped = await digits(reading(processIo(), 2 ** 28));
const repeated = (samples: number): Float64Array => {
  const { samples: own, width } = shipped.source;
  const all = shipped.source.read(0, own).inputs;
  return Float64Array.from({ length: samples * width }, (_, i) => all[i % all.length] as number);
};

export const WORKLOADS: readonly Workload[] = (
  [
    ["A", 256],
    ["B", 2048],
    ["C", 128],
    ["D", 8192],
    ["E", 512],
    ["F", 2048],
    ["G", 64],
  ] as const
).map(([letter, samples]) => {
  const { widths, activation } = SHAPES[letter];
  const network = letter === "F" ? shipped.network : drawnNetwork(SHAPES[letter]);
  const inputs = letter === "F" ? repeated : drawn(network);
  return { name: `${letter} ${widths.join("-")} ${activation}`, network, samples, inputs };
});
