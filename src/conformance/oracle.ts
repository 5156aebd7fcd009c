/** Which oracle judges which kernel. */
import type { KernelCall, KernelKey, Words } from "./call.ts";
import type { Comparison, Expected, Oracle } from "./expected.ts";
import { compare } from "./expected.ts";
import {
  dotOracle,
  gatherOracle,
  leastOracle,
  normaliseOracle,
  normOracle,
  philoxOracle,
  spreadOracle,
  unitVectorsOracle,
} from "./oracles/columns.ts";
import { packOracle } from "./oracles/pack.ts";
import { headOracle } from "./oracles/head.ts";
import { krylovOracle } from "./oracles/krylov.ts";
import { backwardOracle, combineOracle, forwardOracle, maskOracle, tangentOracle } from "./oracles/products.ts";

const ORACLES: Readonly<Record<KernelKey, Oracle>> = {
  forward: forwardOracle,
  head: headOracle,
  vectorJacobianProduct: backwardOracle,
  jacobianVectorProduct: tangentOracle,
  vectorJacobianProductTall: backwardOracle,
  jacobianVectorProductTall: tangentOracle,
  mask: maskOracle,
  columnNorm: normOracle,
  columnLeast: leastOracle,
  columnDot: dotOracle,
  columnNormShared: normOracle,
  columnLeastShared: leastOracle,
  columnDotShared: dotOracle,
  normalise: normaliseOracle,
  krylovStep: krylovOracle,
  krylovStepShared: krylovOracle,
  pack: packOracle,
  gather: gatherOracle,
  spread: spreadOracle,
  unitVectors: unitVectorsOracle,
  combine: combineOracle,
  philoxUniform: philoxOracle,
};

/** What must come out of a call, by the call alone or (tighter) with what was found. */
export function expectedOf(call: KernelCall, read: readonly Words[] | null): Expected[] {
  return ORACLES[call.kernel](call, read);
}

/** An answer against its oracle. */
export function judge(call: KernelCall, read: readonly Words[]): Comparison {
  return compare(expectedOf(call, read), call, read);
}
