/**
 * Extreme numbers: weights scaled by 1e±12, inputs by 1e±15, dead and saturated networks, subnormal numbers, 1 × 1 networks, 64 layers.
 * The verdict must be right, or `invalid` or `unresolved` with the reason. Every sample is audited.
 *
 * Right means: never `violated` (the inequality is a theorem); `invalid` only where a number of the network itself leaves f64's range;
 * and where rational arithmetic can follow (exact/), its left/right lies in what the verdict claims: at least (1 − 1e-3)² for `tight`,
 * and every κ_t within its proven bracket where the stored slopes are the exact ones.
 */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { CaughtSample } from "../../src/escalation/settle.ts";
import type { SampleRow } from "../../src/escalation/results.ts";
import { verify } from "../../src/escalation/verify.ts";
import { exactVerdict } from "../../src/exact/verdict.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { InitialiserName } from "../../src/network/initialisers.ts";
import type { Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { TIGHT } from "../../src/verification/verdict.ts";

export interface ExtremeFigures {
  readonly cases: number;
  readonly samples: number;
  readonly verdicts: Record<string, number>;
  /** Samples that rational arithmetic followed. */
  readonly exact: number;
  readonly failures: string[];
}

interface Extreme {
  readonly name: string;
  readonly network: Network;
  readonly head: Head;
  /** Factor of normal inputs. */
  readonly inputs: number;
  /** The network's own numbers leave f64. */
  readonly overflows?: boolean;
}

const SAMPLES = 4;

/** @param deepest layers of the deep networks: 64 in full. */
export async function extremes(engine: Engine, host: CpuEngine, deepest: number): Promise<ExtremeFigures> {
  const verdicts: Record<string, number> = {};
  const failures: string[] = [];
  let exact = 0;
  const all = cases(deepest);
  for (const extreme of all) {
    for (const { row, caught } of await judge(engine, host, extreme)) {
      verdicts[row.verdict] = (verdicts[row.verdict] ?? 0) + 1;
      const place = `${extreme.name}, sample ${String(row.index)}: ${row.verdict} (${row.reason ?? ""})`;
      if (row.verdict === "violated" || (row.verdict === "invalid") !== (extreme.overflows === true))
        failures.push(place);
      if (row.verdict === "unresolved" && row.reason === undefined) failures.push(`${place}: no reason`);
      if (caught === null || !isPiecewiseLinear(extreme.network)) continue;
      exact++;
      failures.push(...againstExact(row, caught, extreme).map((what) => `${place}: ${what}`));
    }
  }
  return { cases: all.length, samples: all.length * SAMPLES, verdicts, exact, failures };
}

async function judge(
  engine: Engine,
  host: CpuEngine,
  { network, head, inputs }: Extreme,
): Promise<{ row: SampleRow; caught: CaughtSample | null }[]> {
  const found: { row: SampleRow; caught: CaughtSample | null }[] = [];
  const width = inputWidth(network);
  const { failure } = await verify({
    network,
    head,
    source: {
      samples: SAMPLES,
      width,
      read: (first, count) => ({
        inputs: fillInputs({ distribution: "normal", scale: 1, seed: 5 }, first, count, width).map((v) =>
          Math.fround(v * inputs),
        ),
        labels: null,
      }),
    },
    engine,
    host,
    norm: "spectral",
    accuracy: 1e-3,
    audit: 1,
    seed: 2,
    onRow: (row) => found.push({ row, caught: null }),
    catch: {
      wants: (row) => row.verdict !== "invalid",
      take: (caught) => {
        const last = found.at(-1);
        if (last !== undefined) found[found.length - 1] = { ...last, caught };
      },
    },
  });
  if (failure !== null) throw failure;
  return found;
}

function againstExact(row: SampleRow, { plan, input, label, traced }: CaughtSample, { head }: Extreme): string[] {
  const truth = exactVerdict(plan.network, head, input, label, 0, "spectral");
  const wrong: string[] = [];
  if (!truth.identitiesHold) wrong.push("an identity's exact residual is not 0");
  if (truth.total.outcome.kind === "violated") wrong.push("rational arithmetic finds left > right");
  if (row.verdict === "tight" && truth.total.ratio.upper < (1 - TIGHT) ** 2) {
    wrong.push(`left/right is at most ${String(truth.total.ratio.upper)}`);
  }
  // Rounded values may fall on the other side of a kink, and an f32 forward pass makes other slopes; δ̂ is compared through κ only where
  // the activations cannot have moved: linear networks.
  if (plan.network.layers.some((l) => l.activation !== "identity") || head.kind !== "sum") return wrong;
  truth.layers.forEach(({ tightness }, i) => {
    const layer = row.layers[i];
    const slack = plan.precision === "f32" ? 1e-4 : 1e-12;
    const lower = (layer?.tightnessLower ?? NaN) * (1 - slack);
    const upper = (layer?.tightnessUpper ?? NaN) * (1 + slack);
    const dead = traced.adjoints.some((d) => d.every((v) => v === 0));
    if (!dead && !(tightness.upper >= lower && tightness.lower <= upper)) {
      wrong.push(`κ_${String(i + 1)} is ${String(tightness.lower)}, outside [${String(lower)}, ${String(upper)}]`);
    }
  });
  return wrong;
}

function isPiecewiseLinear({ layers }: Network): boolean {
  const known: readonly ActivationName[] = ["identity", "relu", "leaky-relu", "relu6", "abs"];
  const weights = layers.reduce((sum, l) => sum + l.weight.length, 0);
  return layers.every((l) => known.includes(l.activation)) && weights <= 400 && layers.length <= 8;
}

function drawn(widths: readonly number[], activation: ActivationName, initialiser: InitialiserName = "he"): Network {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : activation));
  const network = randomNetwork({ seed: 31, index: depth, widths, activations, initialiser, biasScale: 0.1 });
  return scaled(network, 1, 1);
}

function scaled({ layers }: Network, weight: number, bias: number): Network {
  return {
    layers: layers.map((l) => ({
      ...l,
      weight: l.weight.map((v) => Math.fround(v * weight)),
      bias: l.bias.map((v) => Math.fround(v * bias)),
    })),
  };
}

function chain(values: readonly number[], activation: ActivationName): Network {
  return {
    layers: values.map((v) => ({
      inputs: 1,
      outputs: 1,
      weight: Float64Array.of(Math.fround(v)),
      bias: new Float64Array(1),
      activation,
    })),
  };
}

const SUM: Head = { kind: "sum" };
const TOP: Head = { kind: "logit-argmax" };

function cases(deepest: number): Extreme[] {
  const list: Extreme[] = [];
  const add = (name: string, network: Network, inputs = 1, head: Head = SUM, overflows = false): void => {
    list.push({ name: `${name} ${network.layers.map((l) => l.outputs).join("-")}`, network, head, inputs, overflows });
  };
  for (const activation of ["identity", "relu", "leaky-relu", "abs", "tanh", "gelu", "softsign"] as const) {
    const base = drawn([5, 7, 6, 3], activation);
    for (const factor of [1e12, 1e-12]) add(`${activation}, weights × ${String(factor)}`, scaled(base, factor, factor));
    for (const factor of [1e15, 1e-15]) add(`${activation}, inputs × ${String(factor)}`, base, factor, TOP);
    add(`${activation}, weights × 1e12, inputs × 1e15`, scaled(base, 1e12, 1), 1e15);
    add(`${activation}, weights × 1e-12, inputs × 1e-15`, scaled(base, 1e-12, 0), 1e-15);
    add(`${activation}, input 0`, base, 0);
    add(`${activation}, weights 0`, scaled(base, 0, 1));
  }
  for (const activation of ["tanh", "sigmoid", "silu", "softplus"] as const) {
    add(`${activation}, saturated`, scaled(drawn([5, 7, 6, 3], activation), 1e4, 1));
    add(`${activation}, saturated softly`, scaled(drawn([5, 7, 6, 3], activation), 20, 1));
  }
  const dead = drawn([5, 7, 6, 3], "relu");
  add("relu, dead", { layers: dead.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map(() => -1e9) } : l)) });
  add("relu, one unit alive", {
    layers: dead.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map((_, k) => (k === 0 ? 1e3 : -1e9)) } : l)),
  });
  for (const activation of ["identity", "leaky-relu", "tanh"] as const) {
    add(`${activation}, subnormal weights`, scaled(drawn([5, 7, 3], activation), 2 ** -135, 0));
    add(`${activation}, subnormal products`, scaled(drawn([5, 7, 6, 3], activation), 2 ** -50, 2 ** -140), 2 ** -30);
    for (const v of [1, -3, 1e-30, 1e30, 2 ** -149]) {
      add(`${activation}, 1 × 1 of ${String(v)}`, chain([v], activation));
      add(`${activation}, 1 × 1 twice of ${String(v)}`, chain([v, 0.5], activation));
    }
  }
  for (const initialiser of ["he", "orthogonal"] as const) {
    const widths = Array.from({ length: deepest + 1 }, () => 6);
    for (const activation of ["relu", "tanh", "identity"] as const) {
      add(`${activation}, ${String(deepest)} layers, ${initialiser}`, drawn(widths, activation, initialiser), 1, TOP);
    }
  }
  if (deepest < 64) return list;
  const widths = Array.from({ length: 65 }, () => 4);
  const long = drawn(widths, "identity");
  add("identity, 64 layers, weights × 1e-3", scaled(long, 1e-3, 1));
  add("identity, 64 layers, weights × 1e6: beyond f64", scaled(long, 1e6, 1), 1, SUM, true);
  return list;
}
