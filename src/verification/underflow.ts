/**
 * Whether a sample's stored numbers reach so far down that flushes and subnormal rounding, not the unit roundoff, decide them. What is
 * proven of them stays proven, the bounds carry the flushes; but a number reported of them need not be near the formula's.
 */
import type { Arithmetic, Measurements } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Layer } from "../network/network.ts";
import type { LayerBounds } from "./rounding.ts";
import { markBelow } from "./marks.ts";
import { backwardStepError } from "./rounding.ts";
import type { CertainZeros } from "./zeros.ts";

/** The largest share of a stored vector's norm that the flushes of the step that made it may be. */
const SHARE = 2 ** -10;

/** From which number on a layer's norms count: what flushes of one step cost at most, its operand being no longer than 1, over SHARE. */
export interface LeastNorms {
  readonly step: number;
  /** Of ‖h_t‖, where it stands alone: without a bias; its norm's flushes are 2√n_t least numbers. ĥ_t = 0 is what it is. */
  readonly hidden: number;
}

export function leastNorms(
  layers: readonly LayerBounds[],
  network: readonly Pick<Layer, "biased" | "inputs">[],
  arithmetic: Arithmetic,
): LeastNorms[] {
  const flushes = { ...arithmetic, unitRoundoff: 0 };
  return layers.map((layer, i) => {
    const { biased, inputs } = network[i] as Layer;
    return {
      step: backwardStepError(layer, 1, flushes) / SHARE,
      hidden: biased === false ? (2 * Math.sqrt(inputs) * arithmetic.flush) / SHARE : 0,
    };
  });
}

/** Marks the samples that have a small number or a 0, of which `underflowRisk` then says which it is. */
export function markSmall(least: readonly LeastNorms[], m: Measurements, marks: Uint8Array): void {
  least.forEach(({ step, hidden }, i) => {
    const witness = m.witnesses[i] ?? null;
    if (hidden > 0) markBelow([m.hiddenNorm[i] as Float64Array], hidden, marks);
    const own = [m.adjointNorm, m.pullbackNorm, m.slopeMax, m.directions[0].tangentNorm].map(
      (c) => c[i] as Float64Array,
    );
    markBelow([...own, ...(witness === null ? [] : [witness.pullbackNorm, ...witness.stageNorm])], step, marks);
    if (witness === null || m.arithmetic.flush === IEEE_F64.flush) return;
    for (let at = 0; at < marks.length; at++) if (squareOf(m, i, at, step) > 0) marks[at] = 1;
  });
}

/**
 * Which of the sample's numbers is too small to be believed, in words, or null where none is; certain zeros (a dead layer) are none.
 * @param zeros null where no measured number is 0.
 */
export function underflowRisk(
  least: readonly LeastNorms[],
  m: Measurements,
  at: number,
  zeros: CertainZeros | null,
): string | null {
  for (let i = least.length - 1; i >= 0; i--) {
    const { step, hidden } = least[i] as LeastNorms;
    if (isSmall(m, i, at, step, zeros?.adjoint[i] === true)) return smallest(m, i, at, step);
    const norm = own(m.hiddenNorm[i], at);
    if (norm > 0 && norm < hidden) return `‖h_${String(i + 1)}‖ is ${norm.toPrecision(2)}`;
  }
  return null;
}

const own = (norms: Float64Array | undefined, at: number): number => norms?.[at] ?? 0;

/**
 * A layer's slopes or adjoint that came out as 0 without being so for certain, in words, or null: an underflow, or a sum that cancelled.
 */
export function uncertainZero(m: Measurements, at: number, zeros: CertainZeros | null): string | null {
  if (zeros === null) return null;
  for (let i = m.adjointNorm.length - 1; i >= 0; i--) {
    const t = String(i + 1);
    if (own(m.slopeMax[i], at) === 0 && zeros.slopes[i] !== true) return `D_${t} came out as 0`;
    if (own(m.adjointNorm[i], at) === 0 && zeros.adjoint[i] !== true) return `δ_${t} came out as 0`;
  }
  return null;
}

/** A norm above 0 and below `least`. */
function small(norms: Float64Array | undefined, at: number, least: number): boolean {
  const norm = own(norms, at);
  return norm > 0 && norm < least;
}

/** @param dead whether the layer's adjoint is certainly 0. */
function isSmall(m: Measurements, i: number, at: number, least: number, dead: boolean): boolean {
  if (
    small(m.adjointNorm[i], at, least) ||
    small(m.pullbackNorm[i], at, least) ||
    small(m.slopeMax[i], at, least) ||
    small(m.directions[0].tangentNorm[i], at, least)
  )
    return true;
  const witness = m.witnesses[i] ?? null;
  if (witness !== null) {
    if (small(witness.pullbackNorm, at, least)) return true;
    for (let s = 0; s < witness.stageNorm.length; s++) if (small(witness.stageNorm[s], at, least)) return true;
  }
  return (!dead && vanished(m, i, at, least)) || squareOf(m, i, at, least) > 0;
}

/** From a number that counts to 0 in one step, not by an exact zero but past the whole range of small numbers. */
function vanished(m: Measurements, i: number, at: number, least: number): boolean {
  const above = i + 1 < m.adjointNorm.length ? own(m.pullbackNorm[i + 1], at) : 1;
  const slope = own(m.slopeMax[i], at);
  return own(m.adjointNorm[i], at) === 0 && slope > 0 && above > 0 && slope * above < least;
}

/**
 * ‖J_t‖² where it is small: the iteration works with J_tJ_tᵀ, whose norm is the square. From f32 the sample can go on to f64, where only
 * the iteration's accuracy suffers, which no proof needs; 0 where it is not small.
 */
function squareOf(m: Measurements, i: number, at: number, least: number): number {
  const witness = m.witnesses[i] ?? null;
  if (witness === null || m.arithmetic.flush === IEEE_F64.flush) return 0;
  const length = own(witness.vectorNorm, at);
  const square = length > 0 ? (own(witness.pullbackNorm, at) / length) ** 2 : 0;
  return square < least ? square : 0;
}

function smallest(m: Measurements, i: number, at: number, least: number): string {
  const t = String(i + 1);
  const witness = m.witnesses[i] ?? null;
  const named: [string, number][] = [
    [`‖δ_${t}‖`, own(m.adjointNorm[i], at)],
    [`‖W_${t}ᵀδ_${t}‖`, own(m.pullbackNorm[i], at)],
    [`max|D_${t}|`, own(m.slopeMax[i], at)],
    [`‖J_${t}v₀‖`, own(m.directions[0].tangentNorm[i], at)],
    ...(witness?.stageNorm ?? []).map((norms): [string, number] => [
      `a stage of the pullback to ‖J_${t}‖`,
      own(norms, at),
    ]),
    [`‖J_${t}ᵀû‖`, own(witness?.pullbackNorm, at)],
    [`‖J_${t}‖²`, squareOf(m, i, at, least)],
  ];
  const found = named.find(([, norm]) => norm > 0 && norm < least);
  return found === undefined ? `‖δ_${t}‖ came out as 0` : `${found[0]} is ${found[1].toPrecision(2)}`;
}
