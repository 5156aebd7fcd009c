/** docs/faults.md from the campaign's figures. */
import type { CampaignFigures } from "./all.ts";
import type { FaultFigures } from "./campaign.ts";
import { chanceOfRun, isFound } from "./campaign.ts";

interface CleanSummary {
  readonly samples: number;
  readonly architectures: number;
  readonly falseAlarms: number;
}

export function faultsPage(campaigns: readonly CampaignFigures[], clean: CleanSummary): string {
  const all = campaigns.flatMap((c) => c.faults);
  const short = all.filter((f) => !isFound(f) || chanceOfRun(f) < 0.99);
  const first = all[0];
  return [
    "# Planted faults, and which check finds them",
    "",
    "Written by `npm run faults`; do not edit.",
    "",
    "Each fault changes one thing in a kernel or on the host; no check can read which one is on. A fault *affects* a sample if a reported",
    "number moves by more than 1e-3 relatively against the clean run of the same sample (the three smallest faults of engine cpu, in f64:",
    "by more than 1e-9). The columns give the share of affected samples that each check finds with every sample audited (`--audit 1`);",
    "*inequality* is the inequality alone, *all* the whole set. *Runs* counts the runs of",
    `${thousands(first?.runSamples ?? 0)} samples at the default audit (1 %) in which something was found, each with samples of its own drawn for the audit;`,
    "*chance* is that of such a run by the shares found with every sample audited, 1 − (1 − s)ⁿ with s the share of samples in which a check",
    "that looks at every sample finds it, and a hundredth of the others in which the audit does.",
    "",
    "The checks: *inequality*: left > right; *cut*: two directional derivatives read off at every layer; *local*: each stored value against",
    "the formula that it was made by; *norms*: each norm and reported number against the vectors that it speaks of, and proven brackets",
    "against each other; *identity*: sampled entries of the three identities.",
    ...campaigns.flatMap(({ engine, faults }) => ["", `## ${engine}`, "", ...table(faults)]),
    "",
    "## Clean runs",
    "",
    `${thousands(clean.samples)} clean samples of ${thousands(clean.architectures)} architectures: ${thousands(clean.falseAlarms)} false alarms.`,
    ...campaigns.flatMap(({ flushing }) =>
      flushing === null
        ? []
        : [
            `Among them ${thousands(flushing.samples)} whose weights and inputs lead through f32's subnormal numbers, every product and activation flushed`,
            `to 0 there, as WGSL allows, all audited: ${thousands(flushing.falseAlarms)} false alarms.`,
          ],
    ),
    "",
    "## What falls short",
    "",
    ...(short.length === 0
      ? [
          "Nothing above: every fault is found in at least 99 % of the samples that it affects, and in at least 99 % of the runs.",
        ]
      : short.map(
          (f) =>
            `- \`${f.name}\` (${f.engine}): ${percent(f.detected.all, f.affected)} of its samples, ${String(f.runsFlagged)} of ${String(f.runs)} runs, chance ${chance(chanceOfRun(f))}.`,
        )),
    "",
    "No check looks for an iteration that stops too early: its witness is shorter, and still a proven lower bound, so every statement stays",
    "true; the estimate of ‖J_t‖ is then less accurate than asked for. `npm run evidence -- agreement` compares it with an SVD.",
    "At the default audit a fault that affects few samples of a run can be missed: the report says what share would have been seen.",
    "",
  ].join("\n");
}

function table(faults: readonly FaultFigures[]): string[] {
  return [
    "| fault | what it changes | affected | inequality | cut | local | norms | identity | all | runs | chance |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...faults.map((figures) => {
      const { name, changes, samples, affected, detected: d, runs, runsFlagged } = figures;
      const share = (n: number): string => percent(n, affected);
      const counts = [d.inequality, d.cut, d.local, d.norms, d.identity, d.all].map(share).join(" | ");
      return `| \`${name}\` | ${changes} | ${thousands(affected)} of ${thousands(samples)} | ${counts} | ${String(runsFlagged)} of ${String(runs)} | ${chance(chanceOfRun(figures))} |`;
    }),
  ];
}

function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  // Rounded down: 100 % means every one.
  return part === whole ? "100 %" : `${(Math.floor((1000 * part) / whole) / 10).toFixed(1)} %`;
}

/** Rounded down, so that 99.99 % means at least that. */
function chance(p: number): string {
  return p > 1 - 1e-4 ? "> 99.99 %" : `${(Math.floor(1e4 * p) / 100).toFixed(2)} %`;
}

function thousands(n: number): string {
  return n.toLocaleString("en-US");
}
