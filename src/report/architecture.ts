/** An architecture of a sweep in words, and its samples that went wrong. Pure functions. */
import type { Architecture, ReportedArchitecture } from "../records/sweep.ts";
import { grouped } from "./numbers.ts";

/** "16-64-64-10"; long chains keep their ends. */
export function chain(widths: readonly number[]): string {
  return (widths.length <= 8 ? widths : [...widths.slice(0, 4), "…", ...widths.slice(-3)]).join("-");
}

/** "#5 16-64-64-10 relu, he × 1, f logit:argmax, spectral norm, normal inputs of scale 1". */
export function architectureName(a: Architecture): string {
  return `#${String(a.architecture)} ${chain(a.widths)} ${a.activation}, ${a.initialiser} × ${String(a.scale)}, f ${a.head}, ${a.norm} norm, ${a.distribution} inputs of scale ${String(a.inputScale)}`;
}

/** "3 violated, 1 invalid"; empty where nothing went wrong. */
export function wentWrong({ verdicts }: Pick<ReportedArchitecture, "verdicts">): string {
  return (["violated", "unresolved", "invalid"] as const)
    .filter((name) => verdicts[name] > 0)
    .map((name) => `${grouped(verdicts[name])} ${name}`)
    .join(", ");
}
