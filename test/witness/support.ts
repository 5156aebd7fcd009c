/** Witnesses of small networks, made by the product's own pipeline. */
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import { withPlanFault } from "../../src/engine/plan-faults.ts";
import type { CaughtSample } from "../../src/pipeline/catch.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { makeWitness } from "../../src/witness/witness.ts";

export const host = createCpuEngine({ threads: 0, runtime: "test" });

export function network(widths: readonly number[], activation: ActivationName, seed = 12): Network {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : activation));
  return randomNetwork({ seed, index: 0, widths, activations, initialiser: "he", biasScale: 0.2 });
}

/** The witness of sample 0, whatever its verdict, with every sample audited. */
export async function witnessOf(
  net: Network,
  options: {
    fault?: FaultName;
    head?: Head;
    label?: number;
    inputs?: Float64Array;
    norm?: "spectral" | "frobenius";
  } = {},
): Promise<Witness> {
  const { fault, head = { kind: "sum" }, label = -1, norm = "spectral" } = options;
  const engine = createCpuEngine({ threads: 0, runtime: "test", ...(fault === undefined ? {} : { fault }) });
  const width = inputWidth(net);
  const inputs = options.inputs ?? fillInputs({ distribution: "normal", scale: 1, seed: 6 }, 0, 1, width);
  const all: CaughtSample[] = [];
  await verify({
    network: net,
    head,
    source: { samples: 1, width, read: () => ({ inputs: inputs.slice(), labels: Int32Array.of(label) }) },
    engine,
    host,
    norm,
    accuracy: 1e-3,
    audit: 1,
    seed: 7,
    adjustPlan: (plan) => withPlanFault(plan, fault),
    catch: { wants: () => true, take: (caught) => void all.push(caught) },
  });
  return makeWitness(all[0] as CaughtSample, {
    tool: { name: "gradient-penalty-verifier", version: "test" },
    engine: engine.description,
    settings: { norm, accuracy: 1e-3, certify: null, seed: 7, plant: fault ?? null },
    address: null,
  });
}

/** The witness as if its sample had been given another verdict. */
export function forged(witness: Witness, row: Partial<Witness["row"]>): Witness {
  return { ...witness, row: { ...witness.row, ...row } };
}
