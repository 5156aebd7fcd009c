/**
 * The batch program: what is called for a batch of one plan, in order, with every matrix that it takes. It is the one place that says so;
 * a device and the host run it, its memory is added up from it, what is stored is read back by its places, and a conformance run walks
 * it again to find the call that went wrong.
 */
import type { StoredSample, TracedSample, WitnessVectors } from "../engine.ts";
import type { Plan } from "../plan.ts";
import type { BasePass } from "./base.ts";
import { basePass } from "./base.ts";
import type { ExplicitJacobian } from "./explicit.ts";
import { explicitJacobians } from "./explicit.ts";
import type { Iteration } from "./iteration.ts";
import { iterationOf } from "./iteration.ts";
import { linearMaps } from "./linear-maps.ts";
import type { Narrower } from "./narrower.ts";
import { narrowerIterations } from "./narrower.ts";
import type { ProgramOptions } from "./network.ts";
import { programNetwork } from "./network.ts";
import type { Matrix, Place, Tree } from "./stage.ts";

export interface BatchProgram {
  readonly base: BasePass;
  /** Of layers 2 … l; none where the plan's accuracy is "verdict". */
  readonly iterations: readonly Iteration[];
  /** The same for fewer samples, narrower and narrower, made when they are first asked for. */
  readonly narrower: () => readonly (readonly Narrower[])[];
  /** Of layers 2 … l; none where the plan's norm is spectral. */
  readonly explicit: readonly ExplicitJacobian[];
  /** Where everything stands that is read back of a sample: what a replay needs, and all that the audit reads. */
  readonly stored: Tree<Vectors<StoredSample>, Place>;
  readonly traced: Tree<Vectors<TracedVectors>, Place>;
}

/** A traced sample but for how its witnesses were found, which no matrix holds. */
export type TracedVectors = Omit<TracedSample, "witnesses"> & {
  readonly witnesses: readonly (WitnessVectors | null)[];
};

/** A sample as it is read back, but for its two numbers, which stand in `base.values`. */
export type Vectors<T> = Omit<T, "value" | "topExponent">;

/** @param columns B, the samples of a batch. */
export function batchProgram(plan: Plan, columns: number, options: ProgramOptions): BatchProgram {
  const network = programNetwork(plan, options);
  const base = basePass(network, columns);
  const inner = network.layers.slice(1);
  const maps = linearMaps(network, base.slopes, columns, columns);
  const iterations =
    plan.accuracy === "verdict"
      ? []
      : inner.map((t) => iterationOf(network, maps, base.tangents[t - 1] as Matrix, base.slopes.slice(0, t - 1), t));
  let narrower: readonly (readonly Narrower[])[] | null = null;
  return {
    ...{ base, iterations },
    narrower: () => (narrower ??= narrowerIterations(network, iterations)),
    explicit: plan.norm === "spectral" || network.depth === 1 ? [] : explicitJacobians(network, base.slopes),
    stored: storedOf(base.vectors),
    traced: {
      ...base.vectors,
      witnesses: network.layers.map((t) => iterations.find((own) => own.t === t)?.vectors ?? null),
    },
  };
}

function storedOf(vectors: BasePass["vectors"]): BatchProgram["stored"] {
  const { topGradient, inputGradient, hidden, preactivation, slopes, adjoints } = vectors;
  return { topGradient, inputGradient, hidden, preactivation, slopes, adjoints };
}
