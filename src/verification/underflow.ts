/**
 * Whether a sample's stored numbers reach so far down that flushes and subnormal rounding, not the unit roundoff, decide them. What is
 * proven of them stays proven, the bounds carry the flushes; but a number reported of them need not be near the formula's.
 */
import type { Measurements } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Layer } from "../network/network.ts";
import type { LayerBounds } from "./rounding.ts";
import { backwardStepError } from "./rounding.ts";
import type { CertainZeros } from "./zeros.ts";

/** The largest share of a stored vector's norm that the flushes of the step that made it may be. */
const SHARE = 2 ** -10;

/**
 * Which of the sample's numbers is too small to be believed, in words, or null where none is; certain zeros (a dead layer) are none.
 * @param zeros null where no measured number is 0.
 */
export function underflowRisk(
  layers: readonly LayerBounds[],
  m: Measurements,
  at: number,
  zeros: CertainZeros | null,
  network: readonly Pick<Layer, "biased" | "inputs">[],
): string | null {
  const flushes = { ...m.arithmetic, unitRoundoff: 0 };
  for (let i = layers.length - 1; i >= 0; i--) {
    // What flushes of one step cost at most, the step's operand being no longer than 1.
    const least = backwardStepError(layers[i] as LayerBounds, 1, flushes) / SHARE;
    if (isSmall(m, i, at, least, zeros?.adjoint[i] === true)) return smallest(m, i, at, least);
    const hidden = shortHidden(m, i, at, network[i] as Layer);
    if (hidden !== null) return hidden;
  }
  return null;
}

/** Without a bias ‖h_t‖² stands alone, and its norm's flushes, 2√n_t each a least number, count. ĥ_t = 0 is what it is. */
function shortHidden(m: Measurements, i: number, at: number, { biased, inputs }: Pick<Layer, "biased" | "inputs">) {
  const norm = own(m.hiddenNorm[i], at);
  const least = (2 * Math.sqrt(inputs) * m.arithmetic.flush) / SHARE;
  return biased === false && norm > 0 && norm < least ? `‖h_${String(i + 1)}‖ is ${norm.toPrecision(2)}` : null;
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

/** @param dead whether the layer's adjoint is certainly 0. */
function isSmall(m: Measurements, i: number, at: number, least: number, dead: boolean): boolean {
  const small = (norms: Float64Array | undefined): boolean => {
    const norm = own(norms, at);
    return norm > 0 && norm < least;
  };
  const witness = m.witnesses[i] ?? null;
  return (
    small(m.adjointNorm[i]) ||
    small(m.pullbackNorm[i]) ||
    small(m.slopeMax[i]) ||
    small(m.directions[0].tangentNorm[i]) ||
    (witness !== null && (small(witness.pullbackNorm) || witness.stageNorm.some(small))) ||
    (!dead && vanished(m, i, at, least)) ||
    squareOf(m, i, at, least) > 0
  );
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
