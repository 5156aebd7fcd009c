/**
 * Networks and inputs for the whole engine, by address. Widths are ragged, every activation and head takes its turn, some inputs and weights
 * are tiny or large; each network's samples make several batches, the last of them not full, two in flight.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import type { SampleRow } from "../records/sample.ts";
import { verify } from "../pipeline/verify.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import type { Head } from "../network/heads.ts";
import { labelUse } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { fillInputs, fillLabels } from "../sampling/inputs.ts";
import { wordsAt } from "../sampling/philox.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import { CONFORMANCE_STREAM } from "../sampling/streams.ts";
import { drawer } from "./cases/numbers.ts";
import { HEAD_KINDS } from "./oracles/head.ts";

export interface NetworkCase {
  readonly seed: number;
  readonly index: number;
  readonly name: string;
  readonly network: Network;
  readonly head: Head;
  readonly norm: "spectral" | "frobenius";
  /** Standard deviation of the inputs. */
  readonly scale: number;
}

/** Heads of one f a sample. */
const ONE_F = HEAD_KINDS.filter((kind) => kind !== "each-logit");

export const SAMPLES = 13;
const BATCH = 5;

/** Kernel cases and networks draw from one stream: a network's index counts from here. */
const FIRST_NETWORK = 2 ** 32;

const INITIALISERS = ["he", "orthogonal", "glorot", "lecun"] as const;
const WEIGHT_SCALES = [1, 1, 0.3, 3] as const;
const INPUT_SCALES = [1, 1, 1e-3, 30, 1e-20, 1e8] as const;

export function networkCase(seed: number, index: number): NetworkCase {
  const words = wordsAt(seed, CONFORMANCE_STREAM, FIRST_NETWORK + index, 16);
  const below = (k: number, n: number): number => Math.floor(((words[k] as number) * n) / 2 ** 32);
  const turn = <T>(list: readonly T[], by = 0): T => list[(index + by) % list.length] as T;
  const depth = 1 + below(0, 6);
  const widths = Array.from({ length: depth + 1 }, (_, t) => 1 + below(1 + t, 40));
  const activations = Array.from({ length: depth }, (_, t) => turn(ACTIVATION_NAMES, t));
  const initialiser = turn(INITIALISERS);
  const network = randomNetwork({
    ...{ seed, index, widths, activations, initialiser },
    scale: WEIGHT_SCALES[below(9, WEIGHT_SCALES.length)] as number,
    biasScale: 0.3,
  });
  const outputs = widths.at(-1) as number;
  const scale = INPUT_SCALES[below(10, INPUT_SCALES.length)] as number;
  const norm = index % 4 === 3 ? "frobenius" : "spectral";
  const kind = turn(ONE_F);
  const chain = `${widths.join("-")}, ${activations.join(" ")}`;
  return {
    ...{ seed, index, network, norm, scale },
    name: `${chain}, ${initialiser}, f = ${kind}, ${norm}, inputs × ${String(scale)}`,
    head: headOf(kind, outputs, seed, FIRST_NETWORK + index),
  };
}

function headOf(kind: Head["kind"], outputs: number, seed: number, index: number): Head {
  const draw = drawer(seed, index);
  if (kind === "logit") return { kind, index: outputs - 1 };
  if (kind === "linear") return { kind, coefficients: Float64Array.from(draw("ordinary", outputs)) };
  if (kind === "squared-error") {
    return { kind, targets: Float64Array.from(draw("ordinary", outputs * SAMPLES)), rows: SAMPLES };
  }
  return { kind };
}

/** The case's rows, every sample audited and its intervals proven again in f64 from what the engine stored. */
export async function runNetwork(
  { seed, index, network, head, norm, scale }: NetworkCase,
  engine: Engine,
  host: CpuEngine,
  fault: FaultName | undefined,
): Promise<SampleRow[]> {
  const width = network.layers[0]?.inputs ?? 0;
  const outputs = network.layers.at(-1)?.outputs ?? 0;
  const labelled = labelUse(head) !== "none";
  const rows: SampleRow[] = [];
  const { failure } = await verify({
    ...{ network, head, norm, engine, host, seed },
    source: {
      samples: SAMPLES,
      width,
      read: (first, count) => ({
        inputs: fillInputs({ distribution: "normal", scale, seed }, SAMPLES * index + first, count, width),
        labels: labelled ? fillLabels(seed, SAMPLES * index + first, count, outputs) : null,
      }),
    },
    accuracy: 1e-3,
    certify: 1e-6,
    audit: 1,
    batchSize: BATCH,
    plant: fault ?? null,
    onRow: (row) => rows.push(row),
  });
  if (failure !== null) throw failure;
  return rows;
}
