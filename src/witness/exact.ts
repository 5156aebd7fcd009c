/**
 * `replay --exact`: the witness's network and input in rational arithmetic (exact/), and what that says of its verdict.
 *
 * Exact arithmetic runs the forward pass anew: at a unit whose z rounds to the other side of a kink its slope differs from the stored
 * one. Such units are counted, since the stored verdict speaks of the stored slopes (MATH.md §2).
 */
import { exactChain } from "../exact/chain.ts";
import { assertPractical } from "../exact/practical.ts";
import type { ExactVerdict } from "../exact/verdict.ts";
import { verdictOfChain } from "../exact/verdict.ts";
import { toNumber } from "../exact/dyadic.ts";
import { values } from "../exact/matrix.ts";
import { ModelError } from "../network/errors.ts";
import { TIGHT } from "../verification/verdict.ts";
import type { Witness } from "./witness.ts";

export interface ExactReplay {
  readonly exact: ExactVerdict;
  /** Whether exact arithmetic bears the witness's verdict out; for a violation it is the network's own that is looked at. */
  readonly agrees: boolean;
  readonly finding: string;
  /** Units whose stored slope is not the exact one. */
  readonly otherSlopes: number;
}

/** @throws ModelError for a network that is not piecewise linear, or too large to be practical. */
export function replayExactly(witness: Witness): ExactReplay {
  const { network, head, input, label, settings, stored, row } = witness;
  const bad = input.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new ModelError(`exact arithmetic: input[${String(bad)}] is ${String(input[bad])}, expected finite numbers`);
  }
  assertPractical(network, input);
  const chain = exactChain(network, head, input, label, 0);
  const exact = verdictOfChain(chain, settings.norm);
  const otherSlopes = chain.slopes.reduce((sum, slopes, i) => {
    const own = stored.slopes[i] as Float64Array;
    return sum + values(slopes).filter((d, k) => Math.fround(toNumber(d)) !== Math.fround(own[k] as number)).length;
  }, 0);
  return { exact, otherSlopes, ...conclude(row.verdict, exact) };
}

function conclude(verdict: Witness["row"]["verdict"], exact: ExactVerdict): Pick<ExactReplay, "agrees" | "finding"> {
  const { outcome, ratio } = exact.total;
  const proven = `in exact arithmetic ${MEANINGS[outcome.kind]}${exact.identitiesHold ? ", and every identity's residual is 0" : ""}`;
  if (!exact.identitiesHold || outcome.kind === "violated") {
    return { agrees: verdict === "violated", finding: `${proven}: this program's exact arithmetic is at fault` };
  }
  const open = outcome.kind === "undecided";
  switch (verdict) {
    case "holds":
      return { agrees: true, finding: open ? `${proven}; the witness's verdict stands by its own proof` : proven };
    case "tight": {
      const near = ratio.lower >= (1 - TIGHT) ** 2;
      const settled = near
        ? proven
        : `${proven}, with left/right at least ${String(ratio.lower)}: too far from 1 for "tight"`;
      return { agrees: near, finding: settled };
    }
    case "violated":
      return { agrees: false, finding: `${proven}: what was stored is not what network and input give` };
    case "unresolved":
      return { agrees: true, finding: open ? `${proven} too` : `settled: ${proven}` };
    case "invalid":
      return { agrees: true, finding: `${proven}; the engine's own numbers left their range` };
  }
}

const MEANINGS: Readonly<Record<ExactVerdict["total"]["outcome"]["kind"], string>> = {
  holds: "left < right",
  equality: "left = right",
  trivial: "both sides are 0",
  violated: "left > right",
  undecided: "the order of the two sides stays open",
};
