/** What the audit works out of a plan once, for all of its samples: row and column norms for the bounds of products, and scratch memory. */
import type { Arithmetic } from "../../engine/engine.ts";
import type { Plan } from "../../engine/plan.ts";
import type { UnitActivation } from "../../network/parametric.ts";
import type { LayerBounds } from "../rounding.ts";
import type { OwnActivation } from "./activation-formulas.ts";
import { kinkPlaces, ownActivation, unitActivations } from "./activation-formulas.ts";
import type { StepErrors } from "./error-sums.ts";
import { stepErrors } from "./error-sums.ts";
import type { DenseMatrix, Products } from "./products.ts";
import { createProducts } from "./products.ts";
import type { RitzWorkspace } from "./tridiagonal.ts";
import { ritzWorkspace } from "./tridiagonal.ts";
import { euclidean, gramOfRows } from "./vectors.ts";

export interface PreparedLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** W_t and b_t, and W′_t = 2^−k_t W_t. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly scaled: Float64Array;
  readonly exponent: number;
  /** Σ_{s<t} k_s, Σ_{s≤t} k_s and Σ_{s>t} k_s. */
  readonly below: number;
  readonly through: number;
  readonly above: number;
  readonly biased: boolean;
  /** Upper bounds of the norms of W′_t's rows and columns: |Σ w_k x_k| and Σ|w_k x_k| are at most these times ‖x‖. */
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  /** One for all units, or one for each: as the layer holds them, and as the audit evaluates them. */
  readonly units: readonly UnitActivation[];
  readonly own: readonly OwnActivation[];
  /** Where a unit's slope may jump. */
  readonly kinks: readonly number[];
}

export interface Prepared {
  readonly plan: Plan;
  readonly layers: readonly PreparedLayer[];
  /** The widest layer, n_1 included. */
  readonly widest: number;
  /** Vectors of `widest` numbers that a check may use while it runs. */
  readonly scratch: readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  /** For the steps of a search, `STEP_LIMIT` at most. */
  readonly ritz: RitzWorkspace;
  /** W′_1W′_1ᵀ by the audit's own products, made when it is first asked for; null where products with W′_1 are the cheaper operator. */
  readonly firstGram: () => Float64Array | null;
  /** With W′_t at t − 1, with W_t at `unscaled` + t − 1; and with W′_1W′_1ᵀ at `gram`, null where there is none. */
  readonly products: Products;
  readonly unscaled: number;
  readonly gram: number | null;
  /** The layers' rounding in an arithmetic, and in the audit's own. */
  readonly errorsIn: (arithmetic: Arithmetic) => StepErrors;
}

/** The engine's promise: most steps of a search. */
export const STEP_LIMIT = 96;

/** Multiplications that the Gram of the first layer may take. */
const GRAM_WORK = 2 ** 27;

/** Norms are within n·2⁻⁵³ of themselves. */
const UP = 1 + 2 ** -30;

export function prepareAudit(plan: Plan, bounds: readonly LayerBounds[]): Prepared {
  const exponents = plan.layers.map((l) => l.scaleExponent);
  const sum = (from: number, to: number): number => exponents.slice(from, to).reduce((a, b) => a + b, 0);
  const layers = plan.network.layers.map(({ inputs, outputs, weight, bias, activation, biased }, i): PreparedLayer => {
    const { scaledWeight, scaleExponent } = plan.layers[i] as Plan["layers"][number];
    const units = unitActivations(activation);
    const own = units.map(ownActivation);
    return {
      ...{ inputs, outputs, weight, bias, scaled: scaledWeight, exponent: scaleExponent },
      ...{ below: sum(0, i), through: sum(0, i + 1), above: sum(i + 1, exponents.length), biased: biased !== false },
      rows: rowNorms(scaledWeight, outputs, inputs),
      columns: columnNorms(scaledWeight, outputs, inputs),
      ...{ units, own },
      kinks: [...new Set(own.flatMap(kinkPlaces))],
    };
  });
  const widest = layers.reduce((most, l) => Math.max(most, l.inputs, l.outputs), 1);
  const vector = (): Float64Array => new Float64Array(widest);
  const first = layers[0] as PreparedLayer;
  const isWanted = layers.length > 1 && isGramWanted(first);
  let made: Float64Array | null = null;
  const firstGram = (): Float64Array | null => {
    if (isWanted) made ??= gramOfRows(first.scaled, first.outputs, first.inputs);
    return made;
  };
  const scaled = layers.map((l) => matrix(l.outputs, l.inputs, () => l.scaled));
  const whole = layers.map((l) => ({ ...matrix(l.outputs, l.inputs, () => l.weight), bothWays: false }));
  const matrices = [...scaled, ...whole];
  const isIterated = plan.norm === "spectral" && plan.accuracy !== "verdict";
  const ofGram = matrix(first.outputs, first.outputs, () => firstGram() as Float64Array);
  const hasGram = isWanted && isIterated;
  const errors: StepErrors[] = [];
  return {
    ...{ plan, layers, widest },
    scratch: [vector(), vector(), vector(), vector()],
    ritz: ritzWorkspace(STEP_LIMIT),
    firstGram,
    products: createProducts(hasGram ? [...matrices, ofGram] : matrices),
    unscaled: layers.length,
    gram: hasGram ? matrices.length : null,
    errorsIn: (arithmetic) => {
      const { unitRoundoff, flush } = arithmetic;
      const known = errors.find(({ arithmetic: own }) => own.unitRoundoff === unitRoundoff && own.flush === flush);
      if (known !== undefined) return known;
      const own = stepErrors(bounds, arithmetic);
      errors.push(own);
      return own;
    },
  };
}

function matrix(rows: number, columns: number, values: () => Float64Array): DenseMatrix {
  return { rows, columns, values };
}

function isGramWanted({ inputs, outputs }: PreparedLayer): boolean {
  return outputs < 2 * inputs && outputs * outputs * inputs <= GRAM_WORK;
}

function rowNorms(w: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => euclidean(w.subarray(i * columns, (i + 1) * columns)) * UP);
}

function columnNorms(w: Float64Array, rows: number, columns: number): Float64Array {
  const column = new Float64Array(rows);
  return Float64Array.from({ length: columns }, (_, j) => {
    for (let i = 0; i < rows; i++) column[i] = w[i * columns + j] as number;
    return euclidean(column) * UP;
  });
}
