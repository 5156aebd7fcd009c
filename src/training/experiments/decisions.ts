/** The rules of docs/experiments/protocol.md by which intervals become words. Factors and ratios come as logarithms. */
import type { Interval } from "./statistics.ts";

export type Decision = "holds" | "does not hold" | "no test" | "undecided";
export type Change = "lower" | "higher" | "equal" | "undecided";

/** What "little" is, and what the penalties must move by for it to be a test. */
export const [LITTLE, MUCH] = [2, 10];
/** What follows must correlate above. */
export const FOLLOWS = 0.5;
/** Changes smaller than 5 % are none. */
export const NONE = Math.log(1.05);
/** Elasticities that count as 1. */
export const [LEAST_ELASTICITY, MOST_ELASTICITY] = [0.8, 1.25];

/** Claim 2a. @param norms log factors of every norm that can move. @param penalties those of P_x and P_θ. */
export function little(norms: readonly Interval[], penalties: readonly Interval[]): Decision {
  const areLittle = norms.every(({ upper }) => upper < Math.log(LITTLE));
  if (areLittle && penalties.every(({ lower }) => lower > Math.log(MUCH))) return "holds";
  if (norms.some(({ lower }) => lower > Math.log(LITTLE))) return "does not hold";
  return penalties.some(({ upper }) => upper < Math.log(MUCH)) ? "no test" : "undecided";
}

/** Claim 2b. @param ratio log factor of P_θ/P_x. @param r correlation of first differences. */
export function follows(ratio: Interval, r: Interval): Decision {
  if (ratio.upper < Math.log(LITTLE) && r.lower > FOLLOWS) return "holds";
  return ratio.lower > Math.log(LITTLE) || r.upper < FOLLOWS ? "does not hold" : "undecided";
}

/** Whose the drift is. @param share C's. */
export function reason(share: Interval): "C" | "ρ" | "undecided" {
  if (share.lower > 0.5) return "C";
  return share.upper < 0.5 ? "ρ" : "undecided";
}

/** Claim 3a, of the log of an arm's quantity over the flow's. */
export function change({ mean, lower, upper }: Interval): Change {
  if (mean <= Math.log(0.95) && upper < 0) return "lower";
  if (mean >= -Math.log(0.95) && lower > 0) return "higher";
  return lower >= -NONE && upper <= NONE ? "equal" : "undecided";
}

/** Claim 3a of one network. @param tops at the lowest level, the top rate of each batch size. */
export function prefersLess(tops: readonly Change[]): "holds" | "does not hold" | "holds where" {
  const lower = tops.filter((one) => one === "lower").length;
  if (lower === tops.length) return "holds";
  return lower === 0 ? "does not hold" : "holds where";
}

/** Claim 3b, of Spearman's correlation between pressure and quantity. */
export function orderOf({ lower, upper }: Interval): "as the account says" | "opposite" | "no order" {
  if (upper < 0) return "as the account says";
  return lower > 0 ? "opposite" : "no order";
}

/** Claim 3c. */
export function alignment({ lower }: Interval): "aligned" | "weakly" | "not" {
  if (lower > 0.5) return "aligned";
  return lower > 0 ? "weakly" : "not";
}

/** Claim 3d, of (mean b)/(mean a). */
export function response({ lower, upper }: Interval): "as much" | "less" | "more" | "undecided" {
  if (lower >= LEAST_ELASTICITY && upper <= MOST_ELASTICITY) return "as much";
  if (upper < LEAST_ELASTICITY) return "less";
  return lower > MOST_ELASTICITY ? "more" : "undecided";
}

/** A claim over networks: of each the decision that is good, that is good in part, or another. */
export function overall(decisions: readonly string[]): "holds" | "does not hold" | "holds where" | "no test" {
  if (decisions.length === 0) return "no test";
  if (decisions.every((one) => one === "holds")) return "holds";
  return decisions.some((one) => one.startsWith("holds")) ? "holds where" : "does not hold";
}
