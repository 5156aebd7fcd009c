/**
 * The three identities of every layer (MATH.md §1), each side computed by its own route: the gradient ∇_{W_t}f is materialised as
 * δ_t h_tᵀ, W_t J_t is a product of matrices from the forward accumulation, and g_x comes from the backward pass.
 * In exact arithmetic every residual is 0, and a residual that is not is a fault of the code.
 */
import type { ExactChain } from "./chain.ts";
import type { Dyadic } from "./dyadic.ts";
import { compare, isZero, ZERO } from "./dyadic.ts";
import type { ExactMatrix } from "./matrix.ts";
import { largestMagnitude, product, rows, scale, subtract, sumOfSquares, transpose } from "./matrix.ts";

/** Rows of the matrix identity that are held at once. */
const BLOCK = 128;

/** The largest |left − right| of an entry, for the chain's multiple of f. */
export interface IdentityResiduals {
  /** t, from 1. */
  readonly layer: number;
  /** h_t g_xᵀ = (∇_{W_t}f)ᵀ W_t J_t. */
  readonly matrix: Dyadic;
  /** ‖h_t‖² g_xᵀ = h_tᵀ (∇_{W_t}f)ᵀ W_t J_t. */
  readonly contracted: Dyadic;
  /** g_xᵀ = (∇_{b_t}f)ᵀ W_t J_t; null for a layer without a bias. */
  readonly bias: Dyadic | null;
}

/** The residuals of layers 1 … l. */
export function identityResiduals(chain: ExactChain): IdentityResiduals[] {
  const gradientRow = transpose(chain.inputGradient);
  return chain.weights.map((weight, i) => {
    const h = chain.hidden[i] as ExactMatrix;
    const delta = chain.adjoints[i] as ExactMatrix;
    const weightGradient = product(delta, transpose(h));
    // J_1 is the identity as a matrix; the product is taken all the same.
    const forward = product(weight, chain.jacobians[i] as ExactMatrix);
    return {
      layer: i + 1,
      matrix: matrixResidual(h, gradientRow, transpose(weightGradient), forward),
      contracted: apart(scale(sumOfSquares(h), gradientRow), product(transpose(product(weightGradient, h)), forward)),
      bias: chain.biased[i] === true ? apart(gradientRow, product(transpose(delta), forward)) : null,
    };
  });
}

/** Whether all residuals are 0. */
export function identitiesHold(residuals: readonly IdentityResiduals[]): boolean {
  return residuals.every((r) => isZero(r.matrix) && isZero(r.contracted) && (r.bias === null || isZero(r.bias)));
}

/** The largest |h gᵀ − Gᵀ·WJ|, by blocks of rows: of 1,000 inputs there are a million entries. */
function matrixResidual(h: ExactMatrix, g: ExactMatrix, weightGradient: ExactMatrix, forward: ExactMatrix): Dyadic {
  let largest = ZERO;
  for (let from = 0; from < h.rows; from += BLOCK) {
    const to = Math.min(from + BLOCK, h.rows);
    const residual = apart(product(rows(h, from, to), g), product(rows(weightGradient, from, to), forward));
    if (compare(residual, largest) > 0) largest = residual;
  }
  return largest;
}

function apart(left: ExactMatrix, right: ExactMatrix): Dyadic {
  return largestMagnitude(subtract(left, right));
}
