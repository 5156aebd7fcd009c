/** docs/faults.md from the campaign's figures. */
import type { CampaignFigures } from "./all.ts";
import type { FaultFigures } from "./campaign.ts";
import { COLUMNS, isFound } from "./campaign.ts";
import type { RunFigures } from "./runs.ts";
import { agrees, likelihood } from "./runs.ts";

interface CleanSummary {
  readonly samples: number;
  readonly architectures: number;
  readonly falseAlarms: number;
}

export function faultsPage(campaigns: readonly CampaignFigures[], clean: CleanSummary): string {
  const all = campaigns.flatMap((c) => c.faults);
  const short = all.filter((f) => !isFound(f) || (f.run !== null && !agrees(f.run)));
  const runs = all.flatMap((f) => f.run ?? []);
  const first = runs[0];
  const whole = runs.filter((run) => run.whole.runs > 0);
  const least = runs.reduce((lowest, run) => Math.min(lowest, likelihood(run)), 1);
  return [
    "# Planted faults, and which check finds them",
    "",
    "Written by `npm run faults`; do not edit.",
    "",
    "Each fault changes one thing in a kernel or on the host; no check can read which one is on. A fault *affects* a sample if a reported",
    "number moves by more than 1e-3 relatively against the clean run of the same sample (the three smallest faults of engine cpu, in f64:",
    "by more than 1e-9; the looser stop rule: by more than 1e-6). The columns give the share of affected samples that each check finds with every sample audited (`--audit 1`);",
    "*inequality* is the inequality alone, *all* the whole set.",
    "",
    `*Runs*: how many of ${thousands(first?.runs ?? 0)} runs of ${thousands(first?.samples ?? 0)} samples at the default audit (1 %, and each batch's first and last) find the`,
    "fault, each with samples of its own drawn for the audit: which samples it catches is measured with every sample audited, which are",
    "drawn by the very function that draws them in a run. *Claimed* is the chance of that: 1 where it is found without a draw, else",
    "1 − 0.99ⁿ, n the samples of the run that the audit catches. By a binomial test no count is farther from its claim than",
    `${least.toExponential(1)} of such tables would have it. ${wholeWords(whole)}`,
    "",
    "The checks: *inequality*: left > right; *cut*: two directional derivatives read off at every layer; *local*: each stored value against",
    "the formula that it was made by; *norms*: each norm and reported number against the vectors that it speaks of, and proven brackets",
    "against each other; *identity*: sampled entries of the three identities; *iteration*: the residual of a witness, its stop rule and its steps;",
    "*accuracy*: the run says that more estimates of ‖J_t‖ miss what was asked than a sound iteration does (no violation of a sample);",
    "*run*: weights of the plan against the network's, inputs and labels read or drawn again, the report counted again.",
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
            `- \`${f.name}\` (${f.engine}): ${percent(f.detected.all, f.affected)} of its samples, ${runWords(f.run)}.`,
        )),
    "",
    "An estimate of ‖J_t‖ that is less accurate than was asked for is no violation, since every statement stays true: the report counts such",
    "estimates among those that the audit held against a converged norm (`accuracy`), and says so where there are more than a sound iteration has.",
    "At the default audit a fault that touches few samples of a run can be missed: the report says which. Here those are",
    "`one-in-500-turned` and `one-in-1000-turned`, of which a run is not promised to see more than its share.",
    "",
  ].join("\n");
}

function table(faults: readonly FaultFigures[]): string[] {
  return [
    `| fault | what it changes | affected | ${COLUMNS.join(" | ")} | all | runs | claimed |`,
    `|---|---|---:|${COLUMNS.map(() => "---:|").join("")}---:|---:|---:|`,
    ...faults.map(({ name, changes, samples, affected, detected: d, run }) => {
      const share = (n: number): string => percent(n, affected);
      const counts = [...COLUMNS, "all" as const].map((column) => share(d[column])).join(" | ");
      const runs = run === null ? "– | –" : `${String(run.flagged)} of ${String(run.runs)} | ${chance(run.claimed)}`;
      return `| \`${name}\` | ${changes} | ${thousands(affected)} of ${thousands(samples)} | ${counts} | ${runs} |`;
    }),
  ];
}

function runWords(run: RunFigures | null): string {
  if (run === null) return "no runs";
  return `${String(run.flagged)} of ${String(run.runs)} runs, claimed ${chance(run.claimed)}`;
}

/** "600 whole runs were made besides …". */
function wholeWords(runs: readonly RunFigures[]): string {
  const sum = (of: (run: RunFigures["whole"]) => number): string =>
    thousands(runs.reduce((total, run) => total + of(run.whole), 0));
  if (runs.length === 0) return "";
  return `${sum((run) => run.runs)} runs were made whole besides, of three faults on each engine: ${sum((run) => run.agreeing)} found just what their draw says.`;
}

function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  // Rounded down: 100 % means every one.
  return part === whole ? "100 %" : `${(Math.floor((1000 * part) / whole) / 10).toFixed(1)} %`;
}

/** Rounded down, so that 99.99 % means at least that. */
function chance(p: number): string {
  return p === 1 ? "certain" : p > 1 - 1e-4 ? "> 99.99 %" : `${(Math.floor(1e4 * p) / 100).toFixed(2)} %`;
}

function thousands(n: number): string {
  return n.toLocaleString("en-US");
}
