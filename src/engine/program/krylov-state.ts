/** The scalar half of one layer's iteration, the same on every engine: each sample's coefficients, and when it stops (krylov.ts). */
import type { StoredSearch } from "../engine.ts";
import type { FaultName } from "../faults.ts";
import type { NormMethod } from "../krylov.ts";
import {
  exhausted,
  hasEnded,
  isCheckpoint,
  outOfDimensions,
  powerVector,
  ritzVector,
  settled,
  STEP_LIMIT,
} from "../krylov.ts";

export class KrylovState {
  /** α_1 …, of a sample one behind the other, with room for `pitch` of them each. */
  private alpha: Float64Array;
  private beta: Float64Array;
  /** s of those that have settled. */
  private weights: Float64Array;
  private readonly weighed: Uint8Array;
  private pitch: number;
  private readonly taken: Int32Array;
  private readonly most: Float64Array;
  private readonly running: Uint8Array;
  private readonly dimension: number;
  private readonly accuracy: number;
  private readonly unitRoundoff: number;
  private readonly fault: FaultName | undefined;
  private readonly method: NormMethod;
  /** Of one sample, as krylov.ts reads it. */
  private readonly own = { alpha: new Float64Array(STEP_LIMIT), beta: new Float64Array(STEP_LIMIT) };

  /** @param dimension n_t; @param unitRoundoff of the arithmetic that makes the vectors. */
  constructor(
    samples: number,
    dimension: number,
    accuracy: number,
    unitRoundoff: number,
    fault?: FaultName,
    method: NormMethod = "lanczos",
  ) {
    this.pitch = FIRST_ROOM;
    this.alpha = new Float64Array(samples * FIRST_ROOM);
    this.beta = new Float64Array(samples * FIRST_ROOM);
    this.weights = new Float64Array(samples * FIRST_ROOM);
    this.weighed = new Uint8Array(samples);
    this.taken = new Int32Array(samples);
    this.most = new Float64Array(samples);
    this.running = new Uint8Array(samples).fill(1);
    this.dimension = dimension;
    this.accuracy = accuracy;
    this.unitRoundoff = unitRoundoff;
    this.fault = fault;
    this.method = method;
  }

  runs(sample: number): boolean {
    return this.running[sample] === 1;
  }

  get anyRuns(): boolean {
    return this.running.includes(1);
  }

  /** One more step of a sample; steps of one that has stopped are not its own. */
  take(sample: number, a: number, b: number): void {
    if (!this.runs(sample)) return;
    const before = this.taken[sample] as number;
    if (before === this.pitch) this.grow();
    const at = sample * this.pitch + before;
    this.alpha[at] = a;
    this.beta[at] = b;
    const steps = (this.taken[sample] = before + 1);
    const largest = (this.most[sample] = Math.max(this.most[sample] as number, a));
    const isStopped = this.fault === "iteration-one-step" || (this.fault === "iteration-loose" && steps === 4);
    if (isStopped || exhausted(largest, b, this.unitRoundoff)) this.running[sample] = 0;
    else if (outOfDimensions(steps, this.dimension)) this.running[sample] = 0;
    else if (isCheckpoint(steps, this.dimension)) {
      const { alpha, beta } = this.of(sample);
      const loose = this.fault === "iteration-stop-loose" ? 1e4 : 1;
      const found = settled(alpha, beta, steps, loose * this.accuracy, this.method);
      if (found === null) return;
      this.running[sample] = 0;
      this.weighed[sample] = 1;
      for (let j = 0; j < steps; j++) this.weights[sample * this.pitch + j] = found[j] as number;
    }
  }

  /** β of the last step of a sample. */
  last(sample: number): number {
    return this.beta[sample * this.pitch + (this.taken[sample] as number) - 1] as number;
  }

  /** Steps that each sample took. */
  steps(): Int32Array {
    return this.taken;
  }

  /** s of û = Σ_j s_j q_j, one a step of the sample. */
  ritzCoefficients(sample: number): Float64Array {
    const from = sample * this.pitch;
    const steps = this.taken[sample] as number;
    if (this.fault === "iteration-vector-flat") return new Float64Array(steps).fill(1 / Math.sqrt(steps));
    if (this.fault === "iteration-vector-first")
      return Float64Array.from({ length: steps }, (_, j) => (j === 0 ? 1 : 0));
    if (this.weighed[sample] === 1) return this.weights.subarray(from, from + steps);
    if (this.method === "power") {
      const own = this.search(sample);
      return powerVector(own, hasEnded(own, this.dimension, this.unitRoundoff));
    }
    const { alpha, beta } = this.of(sample);
    return ritzVector(alpha, beta, steps);
  }

  /** What a sample's steps were, for those who look at them afterwards. */
  search(sample: number): StoredSearch {
    const from = sample * this.pitch;
    const to = from + (this.taken[sample] as number);
    return {
      alpha: this.alpha.slice(from, to),
      beta: this.beta.slice(from, to),
      unitRoundoff: this.unitRoundoff,
    };
  }

  private of(sample: number): { readonly alpha: Float64Array; readonly beta: Float64Array } {
    const from = sample * this.pitch;
    for (let j = 0; j < (this.taken[sample] as number); j++) {
      this.own.alpha[j] = this.alpha[from + j] as number;
      this.own.beta[j] = this.beta[from + j] as number;
    }
    return this.own;
  }

  private grow(): void {
    const pitch = 2 * this.pitch;
    const grown = (values: Float64Array): Float64Array => {
      const larger = new Float64Array(2 * values.length);
      for (let sample = 0; sample < this.taken.length; sample++)
        larger.set(values.subarray(sample * this.pitch, (sample + 1) * this.pitch), sample * pitch);
      return larger;
    };
    this.alpha = grown(this.alpha);
    this.beta = grown(this.beta);
    this.weights = grown(this.weights);
    this.pitch = pitch;
  }
}

const FIRST_ROOM = 16;
