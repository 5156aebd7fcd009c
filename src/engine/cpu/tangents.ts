/**
 * The two tangents of the cut test (MATH.md §2): along v₀ = ĝ_x/‖ĝ_x‖ of each sample and along a random v, which the samples of a
 * block of addresses share (philox.ts), so that W′_1v is made once a block.
 */
import { DIRECTION_BLOCK, directionBlock, directionVector } from "../../sampling/philox.ts";
import type { Batch, DirectionMeasurement } from "../engine.ts";
import type { Plan } from "../plan.ts";
import { columnDot, columnNorm, fromColumns, pickColumns, unitColumns } from "./columns.ts";
import type { Operators } from "./operators.ts";

/** One direction's tangents: τ_t, n_t × B, and ζ_t, n_{t+1} × B. */
export interface TangentBlock {
  readonly tangents: readonly Float64Array[];
  readonly pushed: readonly Float64Array[];
}

/** What a block's cut test starts from: D̂_t and δ̂_t, n_{t+1} × B; ĝ_x, n_1 × B, and its norms. */
export interface CutSubject {
  readonly slopes: readonly Float64Array[];
  readonly adjoints: readonly Float64Array[];
  readonly inputGradient: Float64Array;
  readonly gradientNorm: Float64Array;
}

type TangentPass = TangentBlock & { readonly measurement: DirectionMeasurement };

/** The passes along v₀ and along the random direction. */
export function cutTangents(
  plan: Plan,
  operators: Operators,
  { first, samples }: Batch,
  subject: CutSubject,
): readonly [TangentPass, TangentPass] {
  const { inputGradient, gradientNorm } = subject;
  const along = unitColumns(inputGradient, gradientNorm);
  const lowest = directionBlock(first);
  // The planted fault takes ζ_1 of the next block, and τ_1 of its own: along one direction throughout any direction would do.
  const shift = operators.fault === "random-direction-shifted" ? 1 : 0;
  const blocks = directionBlock(first + samples - 1) - lowest + 1 + shift;
  const width = inputGradient.length / samples;
  const shared = fromColumns(
    Array.from({ length: blocks }, (_, i) => directionVector(plan.seed, (lowest + i) * DIRECTION_BLOCK, width)),
  );
  const own = Int32Array.from({ length: samples }, (_, i) => directionBlock(first + i) - lowest);
  return [
    tangentPass(operators, subject, samples, along, operators.apply(1, along, samples)),
    tangentPass(
      operators,
      subject,
      samples,
      pickColumns(shared, blocks, own),
      pickColumns(
        operators.apply(1, shared, blocks),
        blocks,
        own.map((block) => block + shift),
      ),
    ),
  ];
}

/** τ_1 = v, ζ_t = W′_tτ_t (ζ_1 given), τ_{t+1} = D_tζ_t, with S_0 = ĝ_x·v and S_t = δ̂_t·ζ_t. */
function tangentPass(
  operators: Operators,
  { slopes, adjoints, inputGradient }: CutSubject,
  columns: number,
  direction: Float64Array,
  firstPushed: Float64Array,
): TangentPass {
  const tangents = [direction];
  const pushed = [firstPushed];
  for (let t = 1; t < operators.depth; t++) {
    const next = operators.maskForward(slopes[t - 1] as Float64Array, pushed[t - 1] as Float64Array);
    tangents.push(next);
    pushed.push(operators.apply(t + 1, next, columns));
  }
  const products = [
    columnDot(inputGradient, direction, columns),
    ...pushed.map((zeta, i) => columnDot(adjoints[i] as Float64Array, zeta, columns)),
  ];
  return { measurement: { tangentNorm: tangents.map((v) => columnNorm(v, columns)), products }, tangents, pushed };
}
