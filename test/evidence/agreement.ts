/**
 * An engine held against the oracle, case by case, from what the engine stored (slopes, hidden vectors, adjoints):
 *
 * - each z within γ_{n+2}(|W||h| + |b|) of its formula on the stored h, in the engine's arithmetic;
 * - ‖J_t‖ of the stored slopes, by a library's SVD, within [jacobianNormLower, jacobianNormUpper];
 * - κ_t of the stored δ̂_t within its bracket, and the total ratio within what the brackets allow;
 * - the witness at least (1 − accuracy) of the truth (counted, as the iteration's stopping rule is no proof);
 * - the upper end at most 1.01 times the product of norms or, where explicit, the Frobenius norm and its error;
 * - nothing violated.
 */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine, StoredSample } from "../../src/engine/engine.ts";
import type { CaughtSample } from "../../src/pipeline/catch.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import type { Matrix } from "../../src/reference/matrix.ts";
import { applyTransposed, norm } from "../../src/reference/matrix.ts";
import { jacobians, weights } from "../../src/reference/oracle.ts";
import { gamma } from "../../src/verification/rounding.ts";
import { largestSingularValue, spectralNorm, svdError } from "../support/svd.ts";
import type { Case } from "./cases.ts";
import { drawCase } from "./cases.ts";
import { drawStructured } from "./structured-cases.ts";

export interface AgreementFigures {
  readonly cases: number;
  readonly samples: number;
  /** (sample, layer) that went through the SVD. */
  readonly brackets: number;
  /** Of those, witnesses below (1 − accuracy) of the truth. */
  readonly early: number;
  readonly verdicts: Record<string, number>;
  /** One line each; empty when all agree. */
  readonly failures: string[];
  /** Median of upper/lower − 1 of ‖J_t‖ and of κ_t's bracket width, t ≥ 2. */
  readonly jacobianWidth: number;
  readonly tightnessWidth: number;
}

export const ACCURACY = 1e-3;

/** How far a reported ‖W_t‖ may be from the truth, relatively. */
const WEIGHT_ERROR = 1e-9;

/** Where the cases come from, and the SVD that judges them. */
export interface Source {
  readonly draw: (seed: number, index: number, budget: number) => Case;
  readonly svd: (matrix: Matrix) => number;
}

const DRAWN: Source = { draw: drawCase, svd: spectralNorm };
export const STRUCTURED: Source = { draw: drawStructured, svd: largestSingularValue };

export async function agreement(
  engine: Engine,
  host: CpuEngine,
  seed: number,
  from: number,
  to: number,
  budget: number,
  { draw, svd } = DRAWN,
): Promise<AgreementFigures> {
  const failures: string[] = [];
  const verdicts: Record<string, number> = {};
  const jacobianWidths: number[] = [];
  const tightnessWidths: number[] = [];
  let samples = 0;
  let brackets = 0;
  let early = 0;
  for (let index = from; index < to; index++) {
    const drawn = draw(seed, index, budget);
    const { rows, caught } = await rowsOf(engine, host, drawn, verdicts);
    samples += rows.length;
    for (const row of rows) {
      if (row.verdict === "violated") failures.push(`${drawn.name}: sample ${String(row.index)}: ${row.reason ?? ""}`);
    }
    for (const at of new Set([0, rows.length - 1])) {
      const row = rows[at] as SampleRow;
      if (row.verdict === "invalid") continue;
      // What the row was made of: the engine's stored values, or f64's where the sample was measured again.
      const own = caught.get(at);
      if (own === undefined) throw new Error(`${drawn.name}: sample ${String(at)} was not handed over`);
      const stored = own.traced;
      const fail = (what: string): void => void failures.push(`${drawn.name}: sample ${String(at)}: ${what}`);
      checkForward(own, fail);
      const dense = jacobians(
        drawn.network,
        stored.slopes.map((d) => Array.from(d)),
      );
      const all = weights(drawn.network);
      row.layers.forEach((layer, i) => {
        const matrix = dense[i] as Matrix;
        const size = Math.max(matrix.length, matrix[0]?.length ?? 0);
        const slack = 4 * svdError(size, size) * (i + 1);
        const measure = drawn.norm === "spectral" ? svd : (m: Matrix): number => norm(m.flat());
        const truth = measure(matrix);
        const [lower, upper] = [layer.jacobianNormLower ?? NaN, layer.jacobianNormUpper ?? NaN];
        brackets++;
        // ‖W‖ is an estimate from below of a proven bracket whose ends meet.
        const weight = measure(all[i] as Matrix);
        if (!(Math.abs((layer.weightNorm ?? NaN) - weight) <= (WEIGHT_ERROR + slack) * weight)) {
          fail(`layer ${String(i + 1)}: ‖W‖ is reported as ${String(layer.weightNorm)}, and is ${String(weight)}`);
        }
        if (!(lower <= truth * (1 + slack) && truth * (1 - slack) <= upper)) {
          fail(`layer ${String(i + 1)}: ‖J‖ = ${String(truth)} is not in [${String(lower)}, ${String(upper)}]`);
        }
        if ((layer.jacobianNorm ?? NaN) < (1 - ACCURACY) * truth * (1 - slack)) early++;
        if (!(upper <= 1.01 * looseUpper(drawn, stored, i, svd) || layer.tightnessUpper === 0)) {
          fail(`layer ${String(i + 1)}: the upper end ${String(upper)} is above 1.01 times the product of norms`);
        }
        const delta = Array.from(stored.adjoints[i] as Float64Array);
        const gradient = norm(applyTransposed(dense[i] as Matrix, applyTransposed(all[i] as Matrix, delta)));
        // The oracle's weights are unscaled and the stored adjoint is scaled: κ does not see either factor.
        const kappa = truth > 0 && norm(delta) > 0 ? gradient / (norm(delta) * measure(all[i] as Matrix) * truth) : 0;
        const [low, high] = [layer.tightnessLower ?? NaN, layer.tightnessUpper ?? Infinity];
        // The oracle's own rounding is a share of ‖δ‖‖W‖‖J‖, which is 1 here.
        if (!(low <= kappa + slack && kappa - slack <= high)) {
          fail(`layer ${String(i + 1)}: κ = ${String(kappa)} is not in [${String(low)}, ${String(high)}]`);
        }
        if (i > 0 && lower > 0) jacobianWidths.push(upper / lower - 1);
        if (i > 0) tightnessWidths.push(high - low);
      });
    }
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  return {
    cases: to - from,
    samples,
    brackets,
    early,
    verdicts,
    failures,
    jacobianWidth: median(jacobianWidths),
    tightnessWidth: median(tightnessWidths),
  };
}

async function rowsOf(
  engine: Engine,
  host: CpuEngine,
  drawn: Case,
  verdicts: Record<string, number>,
): Promise<{ rows: SampleRow[]; caught: ReadonlyMap<number, CaughtSample> }> {
  const rows: SampleRow[] = [];
  const caught = new Map<number, CaughtSample>();
  const { report, failure } = await verify({
    network: drawn.network,
    head: drawn.head,
    source: { samples: drawn.samples, width: drawn.width, read: drawn.read },
    engine,
    host,
    norm: drawn.norm,
    accuracy: ACCURACY,
    seed: 7,
    onRow: (row) => void rows.push(row),
    catch: {
      wants: ({ index, verdict }) => (index === 0 || index === drawn.samples - 1) && verdict !== "invalid",
      take: (sample) => void caught.set(sample.row.index, sample),
    },
  });
  if (failure !== null) throw failure;
  for (const [kind, count] of Object.entries(report.verdicts)) verdicts[kind] = (verdicts[kind] ?? 0) + count;
  return { rows, caught };
}

function checkForward({ plan, traced: stored }: CaughtSample, fail: (what: string) => void): void {
  const { network, precision } = plan;
  const f32 = precision === "f32";
  const arithmetic = { unitRoundoff: f32 ? 2 ** -23 : 2 ** -53, flush: f32 ? 2 ** -126 : 2 ** -1022, largest: 0 };
  network.layers.forEach((layer, i) => {
    const h = stored.hidden[i] as Float64Array;
    const z = stored.preactivation[i] as Float64Array;
    for (let row = 0; row < layer.outputs; row++) {
      let sum = layer.bias[row] as number;
      let size = Math.abs(sum);
      for (let k = 0; k < layer.inputs; k++) {
        const term = (layer.weight[row * layer.inputs + k] as number) * (h[k] as number);
        sum += term;
        size += Math.abs(term);
      }
      // The engine's rounding and this loop's own.
      const g =
        gamma(layer.inputs + 2, arithmetic) + gamma(layer.inputs + 2, { ...arithmetic, unitRoundoff: 2 ** -53 });
      const flushed = layer.inputs * arithmetic.flush * (2 + size);
      if (!(Math.abs((z[row] as number) - sum) <= g * size + flushed)) {
        fail(`layer ${String(i + 1)}: z[${String(row)}] = ${String(z[row])}, expected ${String(sum)}`);
      }
    }
  });
}

/** Π ‖W_s‖ max|D_s| below layer i + 1, in the run's norm (Frobenius: times the root of the narrowest width). */
function looseUpper(
  { network, norm: statement }: Case,
  stored: StoredSample,
  i: number,
  svd: (matrix: Matrix) => number,
): number {
  let product = 1;
  let narrowest = (network.layers[0] as Case["network"]["layers"][number]).inputs;
  weights(network)
    .slice(0, i)
    .forEach((weight, s) => {
      narrowest = Math.min(narrowest, weight.length);
      product *= svd(weight) * (stored.slopes[s] as Float64Array).reduce((m, d) => Math.max(m, Math.abs(d)), 0);
    });
  return statement === "spectral" ? product : product * Math.sqrt(narrowest);
}
