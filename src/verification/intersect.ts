/** Two findings of one layer, the engine's and an f64 replay's: both are proven, so that the truth lies in both. */
import type { Interval } from "../engine/interval.ts";
import type { Evidence } from "./evidence.ts";
import type { Findings, LayerFinding } from "./findings.ts";
import { findingAt, putFinding } from "./findings.ts";
import { judgeBracket } from "./verdict.ts";

/**
 * What was known of these samples, with what is found of them again.
 * @param evidence that it was found by: the layers that it leaves out stay as they were. @param places of the samples among the known.
 */
export function intersectFindings(known: Findings, again: Findings, { layers }: Evidence, places: Int32Array): void {
  layers.forEach((layer, i) => {
    if (layer === null) return;
    places.forEach((at, k) => {
      putFinding(known, i, at, intersectLayer(findingAt(known, i, at), findingAt(again, i, k), i + 1));
    });
  });
}

/** Both findings speak of the same stored numbers: the intersection of their brackets, or the news that it is empty. */
export function intersectLayer(a: LayerFinding, b: LayerFinding, t: number): LayerFinding {
  const tightness = intersection(a.tightness, b.tightness);
  const statement = intersection(a.jacobian.statement, b.jacobian.statement);
  const spectral = intersection(a.jacobian.spectral, b.jacobian.spectral);
  if (tightness === null || statement === null || spectral === null) {
    const [name, own, other] =
      tightness === null
        ? (["κ", a.tightness, b.tightness] as const)
        : statement === null
          ? ([`‖J_${String(t)}‖`, a.jacobian.statement, b.jacobian.statement] as const)
          : ([`‖J_${String(t)}‖₂`, a.jacobian.spectral, b.jacobian.spectral] as const);
    const detail = `the engine's bracket and the f64 replay's do not meet: ${name} in [${String(own.lower)}, ${String(own.upper)}] and in [${String(other.lower)}, ${String(other.upper)}]`;
    // Both hold the number: no lower end may lie above an upper one.
    const numbers = { found: Math.max(own.lower, other.lower), right: Math.min(own.upper, other.upper), bound: 0 };
    return { ...b, verdict: { kind: "violated", check: "replay", layer: t, detail, numbers } };
  }
  const kind = a.jacobian.statement.upper < b.jacobian.statement.upper ? a.jacobian.kind : b.jacobian.kind;
  const verdict =
    a.verdict.kind === "violated"
      ? a.verdict
      : b.verdict.kind === "violated" || (b.verdict.kind === "holds" && b.verdict.trivial)
        ? b.verdict
        : judgeBracket(tightness, t);
  return {
    verdict,
    tightness,
    jacobian: { spectral, statement, kind, contradiction: a.jacobian.contradiction ?? b.jacobian.contradiction },
    restartError: Math.min(a.restartError, b.restartError),
  };
}

function intersection(a: Interval, b: Interval): Interval | null {
  const lower = Math.max(a.lower, b.lower);
  const upper = Math.min(a.upper, b.upper);
  return lower <= upper ? { lower, upper } : null;
}
