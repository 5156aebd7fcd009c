/** The scalar half of one layer's iteration, the same on every engine: each sample's coefficients, and when it stops (krylov.ts). */
import type { FaultName } from "../faults.ts";
import { converged, exhausted, isCheckpoint, ritzVector } from "../krylov.ts";

export class KrylovState {
  private readonly alpha: readonly number[][];
  private readonly beta: readonly number[][];
  private readonly running: Uint8Array;
  private readonly dimension: number;
  private readonly accuracy: number;
  private readonly unitRoundoff: number;
  private readonly fault: FaultName | undefined;

  /** @param dimension n_t; @param unitRoundoff of the arithmetic that makes the vectors. */
  constructor(samples: number, dimension: number, accuracy: number, unitRoundoff: number, fault?: FaultName) {
    this.alpha = Array.from({ length: samples }, () => []);
    this.beta = Array.from({ length: samples }, () => []);
    this.running = new Uint8Array(samples).fill(1);
    this.dimension = dimension;
    this.accuracy = accuracy;
    this.unitRoundoff = unitRoundoff;
    this.fault = fault;
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
    const alpha = this.alpha[sample] as number[];
    const beta = this.beta[sample] as number[];
    const steps = alpha.push(a);
    beta.push(b);
    const stop =
      this.fault === "iteration-one-step" ||
      (this.fault === "iteration-loose" && steps === 4) ||
      exhausted(alpha, beta, steps, this.unitRoundoff) ||
      (isCheckpoint(steps, this.dimension) && converged(alpha, beta, steps, this.dimension, this.accuracy));
    if (stop) this.running[sample] = 0;
  }

  /** Steps that each sample took. */
  steps(): Int32Array {
    return Int32Array.from(this.alpha, (own) => own.length);
  }

  /** s of û = Σ_j s_j q_j, one a step of the sample. */
  ritzCoefficients(sample: number): Float64Array {
    const alpha = this.alpha[sample] as number[];
    if (this.fault === "iteration-vector-flat") return new Float64Array(alpha.length).fill(1 / Math.sqrt(alpha.length));
    if (this.fault === "iteration-vector-first") return Float64Array.from(alpha, (_, j) => (j === 0 ? 1 : 0));
    return ritzVector(alpha, this.beta[sample] as number[], alpha.length);
  }
}
