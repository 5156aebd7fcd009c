/** `--explain`: what was chosen and why, as lines of at most 80 columns for a terminal. */
import { baseFlops, normChoices } from "../engine/cost.ts";
import type { NormChoice } from "../engine/cost.ts";
import { DEFAULT_AUDIT } from "../pipeline/drawn.ts";
import type { Decisions } from "../pipeline/verify.ts";
import { grouped } from "../report/numbers.ts";
import { wrapped } from "./help.ts";

/** Layers that are listed; those between the first and the last of them are one line. */
const LISTED = 24;

/**
 * @param why the engine's line, which says its reason. @param threads of the host's engine.
 */
export function explainLines(decided: Decisions, why: string, threads: number): string[] {
  const { plan, hostAccuracy } = decided;
  const choices = normChoices(hostAccuracy === null ? plan : { ...plan, accuracy: hostAccuracy });
  const base = baseFlops(plan);
  const sum = (k: 0 | 1): number => choices.reduce((total, { flops }) => total + flops[k], base);
  return [
    "gpv: explained:",
    ...said("engine", why.replace(/^engine /, "")),
    ...said("rule", RULE),
    ...said("precision", precisionWords(decided)),
    ...said("threads", threadWords(decided, threads)),
    ...said("batches", `of ${grouped(decided.batch)} samples, ${String(decided.ahead)} under way at once`),
    ...said("accuracy", accuracyWords(decided)),
    ...said("audit", auditWords(decided.audit)),
    "  ‖J_t‖, by the cost model of src/engine/cost.ts (flops a sample):",
    ...layerLines(choices),
    `     all of a sample, forward, backward and tangents too: ${range([sum(0), sum(1)])}`,
  ];
}

const RULE =
  "--engine auto takes a hardware GPU where there is one, webgpu in f32; else engine cpu in f64, which without a GPU is faster than webgpu in software. --adapter asks for webgpu, --precision f64 for cpu. Nothing is timed: the same machine always chooses the same.";

const INDENT = 14;

function said(name: string, text: string): string[] {
  return wrapped(text, INDENT).map((line, i) => (i === 0 ? `  ${name}`.padEnd(INDENT) + line.slice(INDENT) : line));
}

function precisionWords({ plan, hostAccuracy }: Decisions): string {
  if (plan.precision === "f32") {
    const own = "f32 on the device; what it leaves open, and what it cannot hold, in f64 on the host";
    return hostAccuracy === null
      ? own
      : `${own}; --accuracy is beyond f32, so that the host's f64 iterates every sample`;
  }
  const search = plan.method === "power" ? "" : "; the search for û in f32 where --accuracy is 1e-5 or coarser";
  return `f64 throughout${search}: û is an exact vector however it was found, and what is measured of it is f64`;
}

function threadWords({ plan }: Decisions, threads: number): string {
  if (threads === 0) return "the calling one";
  const count = threads === 1 ? "one" : String(threads);
  return plan.precision === "f64"
    ? `${count}, each measures, settles and audits whole batches`
    : `${count} on the host`;
}

function accuracyWords({ plan, hostAccuracy, certify }: Decisions): string {
  const asked = hostAccuracy ?? plan.accuracy;
  const own =
    asked === "verdict"
      ? "verdict: the screen decides by ∇ₓf alone, and iterates only what it leaves open"
      : `${String(asked)} of each ‖J_t‖ by the iteration's stop rule, min(ρ, ρ²/gap) ≤ 2e-4 of that`;
  return certify === null ? own : `${own}; every proven interval narrower than ${String(certify)}`;
}

function auditWords(share: number | null): string {
  const own =
    share === null
      ? `${percent(DEFAULT_AUDIT.first)} of samples below ${grouped(DEFAULT_AUDIT.until)}, ${percent(DEFAULT_AUDIT.beyond)} from there on`
      : `${percent(share)} of samples`;
  return share === 0 ? "none" : `${own}, and the first and last of each batch`;
}

const percent = (share: number): string => `${String(Number((100 * share).toPrecision(3)))} %`;

function layerLines(choices: readonly NormChoice[]): string[] {
  const lines = choices.map((choice) => {
    const steps = choice.steps[1] === 0 ? "" : `, ${span(choice.steps[0], choice.steps[1], String)} steps`;
    return `  ${String(choice.layer).padStart(5)}  ${`${how(choice)}${steps}`.padEnd(48)} ${range(choice.flops)}`;
  });
  if (lines.length <= LISTED) return lines;
  const left = lines.length - LISTED;
  return [...lines.slice(0, LISTED - 1), `      …  ${String(left)} more`, ...lines.slice(-1)];
}

const NAMES = { lanczos: "Lanczos", power: "power method" } as const;

function how({ kind, dimension, isGram }: NormChoice): string {
  switch (kind) {
    case "identity":
      return "exact, J_1 = I";
    case "screen":
      return "screened by ∇ₓf, not iterated";
    case "explicit":
      return `explicit, ${String(dimension)} rows`;
    case "lanczos":
    case "power":
      return `${NAMES[kind]} in R^${String(dimension)}${isGram ? " through W₁W₁ᵀ" : ""}`;
  }
}

const range = ([least, most]: readonly [number, number]): string => span(least, most, flops);

function span(least: number, most: number, text: (n: number) => string): string {
  return least === most ? text(least) : `${text(least)} to ${text(most)}`;
}

/** 66 k, 8.7 M. */
function flops(n: number): string {
  const units = ["", " k", " M", " G", " T"];
  let [value, unit] = [n, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${String(Number(value.toPrecision(3)))}${units[unit] ?? ""}`;
}
