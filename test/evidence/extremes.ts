/**
 * Extreme numbers: weights scaled by 1e±12, inputs by 1e±15, dead and saturated networks, subnormal numbers, 1 × 1 networks, 64 layers.
 * The verdict must be right, or `invalid` or `unresolved` with the reason. Every sample is audited.
 *
 * Right means: never `violated` (the inequality is a theorem); `invalid` only where a number of the network itself leaves f64's range;
 * where rational arithmetic can follow (exact/), its left/right lies in what the verdict claims: at least (1 − 1e-3)² for `tight`,
 * and every κ_t within its proven bracket where the stored slopes are the exact ones; every proven interval of ‖J_t‖ has the norm that an
 * SVD finds for the stored slopes, each factor scaled on the way; and where the verdict vouches for the numbers, each κ_t that is reported
 * lies within its own proven bracket.
 */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { exponentOf, timesPowerOfTwo } from "../../src/engine/powers.ts";
import type { CaughtSample } from "../../src/pipeline/catch.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { exactVerdict } from "../../src/exact/verdict.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { absolute, frobeniusNorm, largest, multiply } from "../../src/reference/matrix.ts";
import { TIGHT } from "../../src/verification/verdict.ts";
import { spectralNorm, svdError } from "../support/svd.ts";
import type { Extreme } from "./extreme-cases.ts";
import { cases, drawnCase } from "./extreme-cases.ts";

export interface ExtremeFigures {
  readonly cases: number;
  readonly samples: number;
  readonly verdicts: Record<string, number>;
  /** Samples that rational arithmetic followed. */
  readonly exact: number;
  readonly failures: string[];
}

const SAMPLES = 4;

/** @param deepest layers of the deep networks: 64 in full. @param count drawn networks beside the chosen ones. */
export async function extremes(
  engine: Engine,
  host: CpuEngine,
  deepest: number,
  count: number,
): Promise<ExtremeFigures> {
  const verdicts: Record<string, number> = {};
  const failures: string[] = [];
  let exact = 0;
  const all = [...cases(deepest), ...Array.from({ length: count }, (_, i) => drawnCase(i))];
  for (const extreme of all) {
    for (const { row, caught } of await judge(engine, host, extreme)) {
      verdicts[row.verdict] = (verdicts[row.verdict] ?? 0) + 1;
      const place = `${extreme.name}, sample ${String(row.index)}: ${row.verdict} (${row.reason ?? ""})`;
      const unexpected = extreme.anything !== true && (row.verdict === "invalid") !== (extreme.overflows === true);
      if (row.verdict === "violated" || unexpected) failures.push(place);
      if (row.verdict === "unresolved" && row.reason === undefined) failures.push(`${place}: no reason`);
      failures.push(...outsideItsBracket(row).map((what) => `${place}: ${what}`));
      if (caught === null) continue;
      failures.push(...againstSvd(row, caught).map((what) => `${place}: ${what}`));
      if (extreme.anything === true || !isPiecewiseLinear(extreme.network)) continue;
      exact++;
      failures.push(...againstExact(row, caught, extreme).map((what) => `${place}: ${what}`));
    }
  }
  return { cases: all.length, samples: all.length * SAMPLES, verdicts, exact, failures };
}

async function judge(
  engine: Engine,
  host: CpuEngine,
  { network, head, inputs, certify }: Extreme,
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
    ...(certify === undefined ? {} : { certify }),
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

/** Where the sample is settled: κ_t as reported, within its proven bracket up to the rounding of its own norms. */
function outsideItsBracket(row: SampleRow): string[] {
  if (row.verdict === "unresolved" || row.verdict === "invalid") return [];
  return row.layers.flatMap(({ layer, tightness: k, tightnessLower: lower, tightnessUpper: upper }) => {
    if (k === null || lower === null || upper === null) return [];
    // The weight's and the Jacobian's norms are estimates from below; ‖J_t‖'s is within the accuracy asked for.
    const within = k >= lower * (1 - 1e-5) && k <= upper * (1 + 2e-3) + 1e-300;
    return within
      ? []
      : [`κ_${String(layer)} is reported as ${String(k)}, proven in [${String(lower)}, ${String(upper)}]`];
  });
}

/**
 * ‖J_t‖ of the stored slopes by an SVD, brought near 1 after every factor so that nothing leaves f64's range on the way. Its error: each of
 * the t − 1 products and masks adds γ_{n+1} of the same product of absolute values, which is made beside it.
 */
function againstSvd(row: SampleRow, { plan, traced }: CaughtSample): string[] {
  const wrong: string[] = [];
  let jacobian: Scaled | null = null;
  let magnitude: Scaled | null = null;
  let roundings = 0;
  plan.network.layers.forEach(({ weight, inputs, outputs }, i) => {
    const layer = row.layers[i];
    if (jacobian !== null && magnitude !== null && layer !== undefined) {
      const { matrix, exponent } = jacobian;
      const found = spectralNorm(matrix);
      const size = timesPowerOfTwo(frobeniusNorm(magnitude.matrix), magnitude.exponent - exponent);
      const slack = roundings * 2 ** -53 * size + svdError(matrix.length, matrix[0]?.length ?? 0) * found;
      // Beyond these the row's own numbers are subnormal, or infinite.
      const scaled = (v: number | null): number =>
        v !== null && v > 1e-290 && v < 1e290 ? timesPowerOfTwo(v, -exponent) : NaN;
      const [lower, upper] = [layer.jacobianNormLower, layer.jacobianNormUpper];
      if (scaled(lower) > found + slack || scaled(upper) < found - slack) {
        const truth = `${String(found)}·2^${String(exponent)}`;
        wrong.push(`‖J_${String(i + 1)}‖ is ${truth}, proven in [${String(lower)}, ${String(upper)}]`);
      }
    }
    const slopes = Array.from(traced.slopes[i] as Float64Array);
    const rows = Array.from({ length: outputs }, (_, r) => Array.from(weight.subarray(r * inputs, (r + 1) * inputs)));
    jacobian = through(rows, slopes, jacobian);
    magnitude = through(absolute(rows), slopes.map(Math.abs), magnitude);
    roundings += inputs + 2;
  });
  return wrong;
}

/** matrix · 2^exponent. */
interface Scaled {
  readonly matrix: number[][];
  readonly exponent: number;
}

/** D W J, scaled anew. */
function through(weight: number[][], slopes: number[], before: Scaled | null): Scaled {
  const product = before === null ? weight : multiply(weight, before.matrix);
  const [size, steep] = [exponentOfLargest(product.flat()), exponentOfLargest(slopes)];
  return {
    matrix: product.map((r, k) =>
      r.map((v) => timesPowerOfTwo(v, -size) * timesPowerOfTwo(slopes[k] as number, -steep)),
    ),
    exponent: (before?.exponent ?? 0) + size + steep,
  };
}

function exponentOfLargest(values: readonly number[]): number {
  const most = largest(values);
  return most > 0 ? exponentOf(most) : 0;
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
  return layers.every((l) => known.some((name) => name === l.activation)) && weights <= 400 && layers.length <= 8;
}
