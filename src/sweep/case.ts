/**
 * One case of a sweep by its address SEED:STREAM:INDEX: STREAM is the network's number in the grid, INDEX the sample's number. Network,
 * input, label and head are functions of that address and the grid alone, whatever the number of inputs a network.
 */
import { drawnDifference } from "../verification/audit/drawn-inputs.ts";
import type { VerifyRequest } from "../pipeline/verify.ts";
import { drawnActivation } from "../network/activation-names.ts";
import { UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { headByName, labelRange, labelUse } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { fillInputs, fillLabels } from "../sampling/inputs.ts";
import { normalsAt } from "../sampling/normal.ts";
import { wordsAt } from "../sampling/philox.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import { HEAD_STREAM, NETWORK_STREAM } from "../sampling/streams.ts";
import type { Cell } from "./grid.ts";

export interface CaseAddress {
  readonly seed: number;
  /** Number of the network in the grid. */
  readonly network: number;
  /** Number of the sample. */
  readonly sample: number;
}

export function formatAddress({ seed, network, sample }: CaseAddress): string {
  return `${String(seed)}:${String(network)}:${String(sample)}`;
}

/** Undoes formatAddress. @throws UsageError */
export function parseAddress(text: string): CaseAddress {
  const numbers = text.split(":").map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  const [seed = NaN, network = NaN, sample = NaN] = numbers;
  if (numbers.length !== 3 || !numbers.every(Number.isSafeInteger)) {
    throw new UsageError("expected SEED:STREAM:INDEX, three integers ≥ 0, as a sweep reports it");
  }
  return { seed, network, sample };
}

/** The seed of everything that belongs to one network of a sweep: 53 bits of Philox at (seed, NETWORK_STREAM, number). */
export function networkSeed(seed: number, number: number): number {
  const [high = 0, low = 0] = wordsAt(seed, NETWORK_STREAM, number, 2);
  return (high >>> 11) * 2 ** 32 + low;
}

/** What verify() is asked for samples first … first + samples − 1 of one network. */
export type CaseRequest = Pick<VerifyRequest, "network" | "head" | "source" | "norm" | "seed" | "firstIndex">;

export function caseRequest(cell: Cell, seed: number, number: number, first: number, samples: number): CaseRequest {
  const own = networkSeed(seed, number);
  const [width = 0] = cell.widths;
  const outputs = cell.widths.at(-1) ?? 0;
  const head = caseHead(cell.head, own, outputs);
  const labelled = labelUse(head) !== "none";
  const classes = labelled ? labelRange(head, outputs).most + 1 : null;
  const inputs = { distribution: cell.distribution, scale: cell.inputScale, seed: own };
  const address = { inputs, first, mean: 0, std: 1 };
  return {
    network: caseNetwork(cell, own),
    head,
    norm: cell.norm,
    seed: own,
    firstIndex: first,
    source: {
      samples,
      width,
      drawn: labelled ? null : inputs,
      drawnAgain: (index, row, label) => drawnDifference({ ...address, classes }, index, row, label),
      read: (from, count) => ({
        inputs: fillInputs(inputs, first + from, count, width),
        labels: classes === null ? null : fillLabels(own, first + from, count, classes),
      }),
    },
  };
}

function caseNetwork(cell: Cell, own: number): Network {
  const activation = drawnActivation(cell.activation);
  return randomNetwork({
    seed: own,
    index: 0,
    widths: cell.widths,
    activations: Array.from({ length: cell.depth }, (_, i) =>
      i + 1 < cell.depth || cell.depth === 1 ? activation : "identity",
    ),
    initialiser: cell.initialiser,
    scale: cell.scale,
    biasScale: cell.bias,
  });
}

/** Coefficients and targets that a head of the grid needs are drawn with the network: standard normals. */
function caseHead(name: string, own: number, outputs: number): Head {
  const numbers = (): Float64Array => normalsAt(own, HEAD_STREAM, 0, outputs).map(Math.fround);
  if (name === "linear") return { kind: "linear", coefficients: numbers() };
  if (name === "squared-error") return { kind: "squared-error", targets: numbers(), rows: 1 };
  const head = headByName(name);
  if (head === null) throw new RangeError(`head ${name} of a grid that was not checked`);
  return head;
}
