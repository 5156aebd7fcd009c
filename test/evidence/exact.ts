/**
 * The f64 verdict against rational arithmetic, on drawn piecewise-linear networks and on every network at or near equality
 * (test/support/sharp.ts): `replay --exact` must bear each verdict out, or correct it with the reason.
 */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { CaughtSample } from "../../src/pipeline/catch.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { replayExactly } from "../../src/witness/exact.ts";
import { makeWitness } from "../../src/witness/witness.ts";
import { CASES } from "../support/sharp.ts";
import { drawer, normals } from "../support/stream.ts";

export interface ExactFigures {
  readonly networks: number;
  readonly samples: number;
  /** Verdict in f64 and outcome in rational arithmetic, "tight: equality" and the like. */
  readonly outcomes: Record<string, number>;
  /** Samples whose verdict exact arithmetic corrects, with its reason. */
  readonly corrected: string[];
  /** Layers whose proven interval was compared with the exact κ_t. */
  readonly layers: number;
  readonly failures: string[];
}

const ACTIVATIONS: readonly ActivationName[] = ["identity", "relu", "leaky-relu", "relu6", "abs"];

export async function exactly(host: CpuEngine, from: number, to: number, sharp: boolean): Promise<ExactFigures> {
  const outcomes: Record<string, number> = {};
  const corrected: string[] = [];
  const failures: string[] = [];
  let samples = 0;
  let layers = 0;
  const cases = [
    ...Array.from({ length: to - from }, (_, i) => draw(from + i)),
    ...(sharp ? CASES.filter((c) => isPractical(c.network)).map((c) => ({ ...c, labels: null })) : []),
  ];
  for (const { name, network, head, inputs, labels } of cases) {
    for (const caught of await catchAll(host, network, head, inputs, labels)) {
      samples++;
      const witness = makeWitness(caught, ORIGIN);
      const { exact, agrees, finding, otherSlopes } = replayExactly(witness);
      const place = `${name}, sample ${String(caught.row.index)}`;
      const key = `${caught.row.verdict}: ${exact.total.outcome.kind}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      if (!exact.identitiesHold || exact.total.outcome.kind === "violated") failures.push(`${place}: ${finding}`);
      if (caught.row.verdict === "violated") failures.push(`${place}: ${caught.row.reason ?? ""}`);
      if (!agrees) corrected.push(`${place}: ${caught.row.verdict}: ${finding}`);
      if (otherSlopes > 0) continue;
      exact.layers.forEach(({ layer, tightness }, i) => {
        layers++;
        const row = caught.row.layers[i];
        // δ̂_t is itself a rounded adjoint: its share of κ_t is within the widths' γ of the exact one.
        const slack = 1e-12 * network.layers.length;
        const lower = (row?.tightnessLower ?? NaN) * (1 - slack);
        const upper = (row?.tightnessUpper ?? NaN) * (1 + slack);
        if (!(tightness.upper >= lower && tightness.lower <= upper)) {
          failures.push(
            `${place}: κ_${String(layer)} = ${String(tightness.lower)} outside [${String(lower)}, ${String(upper)}]`,
          );
        }
      });
    }
  }
  return { networks: cases.length, samples, outcomes, corrected, layers, failures };
}

const ORIGIN = {
  tool: { name: "gradient-penalty-verifier", version: "test" },
  engine: { kind: "cpu", precision: "f64", adapter: "host", runtime: "test", hardware: false },
  settings: { norm: "spectral", accuracy: 1e-3, certify: null, seed: 4, plant: null },
  address: null,
} as const;

/** Samples a network. */
const SAMPLES = 2;

async function catchAll(
  host: CpuEngine,
  network: Network,
  head: Head,
  inputs: Float64Array,
  labels: Int32Array | null,
): Promise<CaughtSample[]> {
  const all: CaughtSample[] = [];
  const width = inputWidth(network);
  const { failure } = await verify({
    network,
    head,
    source: {
      samples: Math.min(SAMPLES, inputs.length / width),
      width,
      read: (first, count) => ({
        inputs: inputs.slice(first * width, (first + count) * width),
        labels: labels === null ? null : labels.slice(first, first + count),
      }),
    },
    engine: host,
    host,
    norm: "spectral",
    accuracy: 1e-3,
    seed: 4,
    catch: { wants: () => true, take: (caught) => void all.push(caught) },
  });
  if (failure !== null) throw failure;
  return all;
}

function isPractical({ layers }: Network): boolean {
  return layers.every((l) => ACTIVATIONS.some((name) => name === l.activation) && l.inputs <= 32 && l.outputs <= 32);
}

function draw(index: number): { name: string; network: Network; head: Head; inputs: Float64Array; labels: Int32Array } {
  const next = drawer(404, index);
  const depth = 1 + next(5);
  const widths = Array.from({ length: depth + 1 }, () => 1 + next(index % 25 === 0 ? 24 : 9));
  const activations = Array.from({ length: depth }, () => ACTIVATIONS[next(ACTIVATIONS.length)] ?? "relu");
  const initialiser = index % 5 === 0 ? "orthogonal" : "he";
  const network = randomNetwork({ seed: 404, index, widths, activations, initialiser, biasScale: 0.2 });
  const outputs = widths[depth] ?? 1;
  const heads: readonly Head[] = [
    { kind: "sum" },
    { kind: "mean" },
    { kind: "logit", index: index % outputs },
    { kind: "logit-argmax" },
    { kind: "linear", coefficients: Float64Array.from(normals(404, index, outputs), Math.fround) },
    { kind: "margin" },
    { kind: "half-squared-norm" },
    { kind: "squared-error", targets: Float64Array.from(normals(405, index, outputs), Math.fround), rows: 1 },
  ];
  const head = heads[index % heads.length] ?? { kind: "sum" };
  const width = widths[0] ?? 1;
  return {
    name: `network 404:${String(index)} ${widths.join("-")} ${activations.join(",")} ${head.kind}`,
    network: {
      layers: network.layers.map((l) => ({ ...l, weight: l.weight.map(Math.fround), bias: l.bias.map(Math.fround) })),
    },
    head,
    inputs: fillInputs({ distribution: "normal", scale: 1, seed: 404 }, SAMPLES * index, SAMPLES, width).map(
      Math.fround,
    ),
    labels: fillLabels(404, SAMPLES * index, SAMPLES, outputs),
  };
}
