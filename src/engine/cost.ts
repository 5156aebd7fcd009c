/**
 * The cost model: for each ‖J_t‖ how it is found, in which space, and about how many flops a sample that takes. A product of an m × n matrix with a
 * vector counts 2mn; what is O(n), slopes and norms, is left out.
 *
 *     one step q ↦ J_tJ_tᵀq    Σ_{s<t} 4 n_s n_{s+1};   with the plan's W_1W_1ᵀ, 2 n_2² in the place of 4 n_1 n_2
 *     the pullback of û        Σ_{s<t} 2 n_s n_{s+1}
 *     explicit J_t             n_t pullbacks
 *
 * W_1W_1ᵀ is the cheaper operator where n_2 < 2 n_1 (plan.ts). A sample takes 12 steps at least (krylov.ts), 8 where f32
 * searches on engine cpu, where its space has so many.
 */
import { CHECKPOINTS, EARLY_CHECKPOINTS, SINGLE_ACCURACY, STEP_LIMIT } from "./krylov.ts";
import type { NormMethod } from "./krylov.ts";
import type { Plan } from "./plan.ts";

/** How ‖J_t‖ is found. */
export interface NormChoice {
  readonly layer: number;
  /** identity: J_1 = I; screen: by ∇ₓf alone, nothing is iterated. */
  readonly kind: NormMethod | "identity" | "screen" | "explicit";
  /** Of the space of the iteration, n_t. */
  readonly dimension: number;
  /** Whether the iteration goes through W_1W_1ᵀ instead of W_1 and its transpose. */
  readonly isGram: boolean;
  /** Fewest and most; 0 where nothing is iterated. */
  readonly steps: readonly [least: number, most: number];
  readonly flopsAStep: number;
  /** Of all that finds the norm of one sample, with the fewest and with the most steps. */
  readonly flops: readonly [least: number, most: number];
}

/** Of layers 1 … l. */
export function normChoices(plan: Plan): NormChoice[] {
  const { network, norm, accuracy, method, firstGram, precision } = plan;
  const sizes = network.layers.map(({ inputs, outputs }) => inputs * outputs);
  let pullback = 0;
  return network.layers.map(({ inputs: dimension }, i): NormChoice => {
    if (i > 0) pullback += 2 * (sizes[i - 1] as number);
    const common = { layer: i + 1, dimension, isGram: false, steps: [0, 0], flopsAStep: 0, flops: [0, 0] } as const;
    if (i === 0) return { ...common, kind: "identity" };
    const explicit = norm === "frobenius" ? dimension * pullback : 0;
    if (accuracy === "verdict")
      return { ...common, kind: explicit > 0 ? "explicit" : "screen", flops: [explicit, explicit] };
    const first = network.layers[0] as (typeof network.layers)[number];
    const saved = firstGram === null ? 0 : 4 * (sizes[0] as number) - 2 * first.outputs ** 2;
    const flopsAStep = 2 * pullback - saved;
    const most = Math.min(dimension, STEP_LIMIT);
    const isEarly = precision === "f64" && method === "lanczos" && accuracy >= SINGLE_ACCURACY;
    const steps = [Math.min((isEarly ? EARLY_CHECKPOINTS : CHECKPOINTS)[0] ?? 1, most), most] as const;
    const cost = (count: number): number => count * flopsAStep + pullback + explicit;
    return {
      ...{ ...common, kind: explicit > 0 ? "explicit" : method, isGram: firstGram !== null, steps, flopsAStep },
      flops: [cost(steps[0]), cost(steps[1])],
    };
  });
}

/** Flops of everything else of a sample: forward and backward pass, and the tangents of two directions. */
export function baseFlops({ network: { layers } }: Pick<Plan, "network">): number {
  return 4 * 2 * layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
}
