/** docs/evidence/experiments.json → every number and decision that docs/experiments.md says, block by block. */
import type { Interval } from "../../../src/training/experiments/statistics.ts";
import { kindOf, most } from "./figures.ts";
import { MAIN_TASKS } from "./sets.ts";
import type { Summary } from "./summary.ts";

/** Three digits. */
const three = (x: number): string => (Number.isFinite(x) ? shown(Number(x.toPrecision(3))) : "–");

function shown(x: number): string {
  if (x !== 0 && (Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3)) return x.toExponential().replace("e+", "e");
  return String(x).replace("-", "−");
}

const spread = ({ mean, lower, upper }: Interval): string => `${three(mean)} (${three(lower)} … ${three(upper)})`;
/** Of a logarithm. */
const times = ({ mean, lower, upper }: Interval): string =>
  spread({ mean: Math.exp(mean), lower: Math.exp(lower), upper: Math.exp(upper), seeds: 0 });

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** "holds on base, relu; does not hold on gelu" */
export function sorted(decisions: readonly (readonly [task: string, decision: string])[]): string {
  const groups = new Map<string, string[]>();
  for (const [task, decision] of decisions) groups.set(decision, [...(groups.get(decision) ?? []), task]);
  return [...groups].map(([decision, tasks]) => `${decision}: ${tasks.join(", ")}`).join("; ");
}

const isMain = ([task]: readonly [string, unknown]): boolean => (MAIN_TASKS as readonly string[]).includes(task);

export function blocksOf(summary: Summary): Readonly<Record<string, string>> {
  return {
    runs: runsWords(summary),
    "claim-2": claimTwo(summary),
    "claim-3": claimThree(summary),
    norms: normsTable(summary),
    therefore: thereforeTable(summary),
    shares: sharesTable(summary),
    "equal-loss": equalLossTable(summary),
    order: orderTable(summary),
    doses: dosesTable(summary),
    corner: cornerWords(summary),
  };
}

function runsWords({ seeds, runs, missing, diverged, norms }: Summary): string {
  const whole = missing === 0 ? "all that the protocol has" : `${String(missing)} of the protocol's are not made yet`;
  const violated = Object.values(norms).reduce((sum, one) => sum + one.violated, 0);
  return (
    `Seeds: ${String(seeds)}. Runs: ${String(runs)}, ${whole}; diverged: ${String(diverged)}. ` +
    `Verdicts \`violated\` among the probes of grid A: ${String(violated)}.`
  );
}

function claimTwo({ norms, claims }: Summary): string {
  const main = Object.entries(norms).filter(isMain);
  const by = (of: (own: (typeof main)[number][1]) => string | undefined): string =>
    sorted(main.map(([task, own]) => [task, of(own) ?? "no test"]));
  const f = (name: string) => by(({ functions }) => functions[name]?.decision.all);
  return [
    `- **2a, the norms fluctuate little: ${claims.little}** (${by(({ decision }) => decision.spectral.all)}).`,
    `- After the first tenth of training: **${claims.littleLate}** (${by(({ decision }) => decision.spectral.late)}). ` +
      `In the Frobenius norm: ${by(({ decision }) => decision.frobenius.all)}; after the first tenth: ${by(({ decision }) => decision.frobenius.late)}.`,
    `- **2b, therefore the right side is about as good as the left, f an output: ${claims.therefore.outputs}** (${f("outputs")}).`,
    `- f the margin: **${claims.therefore.margin}** (${f("margin")}). f the loss: **${claims.therefore.loss}** (${f("loss")}).`,
    `- The drift of an output's P_θ/P_x is whose: ${by(({ functions }) => functions["outputs"]?.reason.spectral)}.`,
  ].join("\n");
}

function claimThree({ comparisons, doses, claims }: Summary): string {
  const main = Object.entries(comparisons).filter(isMain);
  const by = (of: (own: (typeof main)[number][1]) => string): string =>
    sorted(main.map(([task, own]) => [task, of(own)]));
  const highest = ["parameter-0.2", "parameter-each-0.01", "input-0.1"].flatMap((end) => {
    const found = Object.entries(doses).find(
      ([arm]) => arm.endsWith(end) && kindOf(arm) === end.slice(0, end.lastIndexOf("-")),
    );
    const last = found?.[1].at(-1);
    return last === undefined
      ? []
      : [`\`${kindOf(found?.[0] ?? "")}\`: ${last.presses}, elasticity ${last.elasticity?.word ?? "none"}`];
  });
  return [
    `- **3a, Dirichlet energy lower at equal loss: ${claims.energy}** (${by(({ decision }) => decision.energy)}).`,
    `- **3a, geometric complexity lower at equal loss: ${claims.geometric}** (${by(({ decision }) => decision.geometric)}).`,
    `- 3b, the pressure orders the arms' energies: ${by(({ order }) => order.energy.word)}; their geometric complexities: ${by(({ order }) => order.geometric.word)}.`,
    `- 3c, ∇_θP_θ and ∇_θP_x along the flow: ${by(({ cosines }) => cosines.each.word)}; ∇_θ‖∇L‖² and ∇_θP_x: ${by(({ cosines }) => cosines.full.word)}.`,
    `- 3d, P_x under the highest dose at loss 0.2: ${highest.join("; ")}.`,
  ].join("\n");
}

function normsTable({ norms }: Summary): string {
  const head = ["network", "‖h_t‖", "‖W_t‖", "‖J_t‖", "P_x", "P_θ", "‖J_t‖ late", "2a", "2a late"];
  return table(
    head,
    Object.entries(norms).map(([task, own]) => [
      task,
      times(most(own, "h_", "all")),
      times(most(own, "spectral W", "all")),
      times(most(own, "spectral J", "all")),
      times(own.penalties.input.all),
      times(own.penalties.parameter.all),
      times(most(own, "spectral J", "late")),
      own.decision.spectral.all,
      own.decision.spectral.late,
    ]),
  );
}

const FUNCTIONS = ["loss", "margin", "outputs"] as const;

function thereforeTable({ norms }: Summary): string {
  const head = ["network", "f", "factor of P_x", "factor of P_θ/P_x", "r", "2b", "2b late"];
  return table(
    head,
    Object.entries(norms).flatMap(([task, { functions }]) =>
      FUNCTIONS.flatMap((f) => {
        const own = functions[f];
        if (own === undefined) return [];
        const { inputPenalty, ratio, r, decision } = own;
        return [[task, f, times(inputPenalty), times(ratio.all), spread(r.all), decision.all, decision.late]];
      }),
    ),
  );
}

function sharesTable({ norms }: Summary): string {
  const head = [
    "network",
    "drift, f the loss",
    "drift, f the outputs",
    "spread, f the loss",
    "spread, f the outputs",
    "drift, outputs, Frobenius",
  ];
  return table(
    head,
    Object.entries(norms).flatMap(
      ([
        task,
        {
          functions: { loss, outputs },
        },
      ]) =>
        loss === undefined || outputs === undefined
          ? []
          : [
              [
                ...[task, spread(loss.drift.spectral), spread(outputs.drift.spectral)],
                ...[spread(loss.spread.spectral), spread(outputs.spread.spectral), spread(outputs.drift.frobenius)],
              ],
            ],
    ),
  );
}

function equalLossTable({ comparisons }: Summary): string {
  const head = [
    "network",
    "batch-rate",
    "h λ_max",
    "energy",
    "",
    "geometric complexity",
    "",
    "P_θ",
    "G_B of its own batch",
  ];
  return table(
    head,
    Object.entries(comparisons).flatMap(([task, { arms }]) =>
      Object.entries(arms).map(([arm, levels]) => {
        const last = levels.at(-1);
        if (last === undefined) return [task, arm, "–", "–", "–", "–", "–", "–", "–"];
        return [
          ...[task, arm, task === "adam" ? "–" : three(last.sharpness), times(last.energy), last.changes.energy],
          ...[times(last.geometric), last.changes.geometric, times(last.each), times(last.batch)],
        ];
      }),
    ),
  );
}

function orderTable({ comparisons }: Summary): string {
  const head = [
    "network",
    "Spearman, energy",
    "Spearman, geometric complexity",
    "cos(∇P_θ, ∇P_x)",
    "cos(∇‖∇L‖², ∇P_x)",
  ];
  return table(
    head,
    Object.entries(comparisons)
      .filter(([task]) => task !== "adam")
      .map(([task, { order, cosines }]) => [
        ...[task, spread(order.energy), spread(order.geometric)],
        ...[spread(cosines.each), spread(cosines.full)],
      ]),
  );
}

function dosesTable({ doses }: Summary): string {
  const head = ["penalty", "loss", "P_θ", "P_x", "", "geometric complexity", "e", ""];
  return table(
    head,
    Object.entries(doses).flatMap(([arm, levels]) =>
      levels.map(({ level, a, b, geometric, elasticity, presses }) => [
        ...[`\`${kindOf(arm)}:${arm.slice(arm.lastIndexOf("-") + 1)}\``, String(level), times(a), times(b), presses],
        ...[times(geometric), elasticity === null ? "–" : spread(elasticity), elasticity?.word ?? "–"],
      ]),
    ),
  );
}

function cornerWords({ corner: { starts, network } }: Summary): string {
  const rows = starts.map(({ toFlow, toModified }, i) => [
    i === 0 ? "two parameters, (2.8, 3.5)" : "two parameters, (75, 74.925)",
    three(toFlow),
    three(toModified),
  ]);
  return table(
    ["start", "order to the flow", "order to the modified flow"],
    [...rows, ["tanh network 4-8-8-3", spread(network.toFlow), spread(network.toModified)]],
  );
}

const opening = (name: string): string => `<!-- experiments: ${name} -->`;
const CLOSING = "<!-- end -->";

/** The page with its blocks made anew. @throws RangeError for a block that the page has not. */
export function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  return Object.entries(blocks).reduce((so, [name, text]) => {
    const from = so.indexOf(opening(name));
    const to = so.indexOf(CLOSING, from);
    if (from < 0 || to < 0)
      throw new RangeError(`docs/experiments.md: found no block ${name}, expected ${opening(name)}`);
    return `${so.slice(0, from)}${opening(name)}\n\n${text}\n\n${so.slice(to)}`;
  }, page);
}
