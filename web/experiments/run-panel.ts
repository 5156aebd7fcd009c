/** The runs behind a row: what was run, each seed's series, and the command that makes it again. */
import digitsUrl from "../../examples/experiments/digits-14x14.npy.gz?url";
import labelsUrl from "../../examples/experiments/digits-14x14-labels.npy.gz?url";
import regressionUrl from "../../examples/experiments/regression.npy.gz?url";
import targetsUrl from "../../examples/experiments/regression-targets.npy.gz?url";
import { offerCopy } from "../controls/copy.ts";
import { download, make } from "../dom.ts";
import type { Say } from "../i18n/language.ts";
import { grouped, put } from "../i18n/language.ts";
import type { AllRuns, RunsData } from "./data.ts";
import type { Curve, Panel } from "./line-chart.ts";
import { createLineChart } from "./line-chart.ts";
import { seriesName, words } from "./words.ts";

/** The files that a command names. */
const FILES: readonly (readonly [name: string, url: string])[] = [
  ["digits-14x14.npy.gz", digitsUrl],
  ["digits-14x14-labels.npy.gz", labelsUrl],
  ["regression.npy.gz", regressionUrl],
  ["regression-targets.npy.gz", targetsUrl],
];

const EVERYTHING = "npm run evidence -- experiments";

/** @param name of the row, @param close is called by its button. */
export function runPanel(name: Say, runs: RunsData, all: AllRuns, close: () => void): HTMLElement[] {
  const heading = put(make("h4"), (m) => words().runs.heading(name(m)));
  heading.tabIndex = -1;
  const charts = panelsOf(runs, runs.against === null ? null : (all[runs.against] ?? null), name).map(createLineChart);
  const grid = make("div", "series", ...charts.map(({ figure }) => figure));
  const button = put(make("button", "quiet"), () => words().runs.close);
  button.type = "button";
  button.addEventListener("click", close);
  const choice = seedChoice(runs, (seed) => {
    for (const chart of charts) chart.choose(seed);
  });
  return [
    make("div", "line", heading, button),
    put(make("p", "facts"), () => factsOf(runs)),
    ...(runs.seeds.length > 1 ? [choice] : []),
    grid,
    ...commandLines(runs),
  ];
}

function factsOf({
  kind,
  sizes,
  activation,
  data,
  optimiser,
  batch,
  rate,
  weightDecay,
  penalty,
  steps,
  seeds,
}: RunsData): string {
  const w = words().runs;
  const [first = 0, last = 0] = [seeds[0], seeds.at(-1)];
  return [
    ...(data === "pair" ? [] : [w.network(activation, sizes)]),
    w.data[data],
    optimiser === "flow" ? w.flow(String(rate)) : w.descent(optimiser, batch, rate === null ? null : String(rate)),
    ...(weightDecay === 0 ? [] : [w.decay(String(weightDecay))]),
    ...(penalty === null ? [] : [w.penalty(penalty)]),
    ...(steps === null ? (kind === "levels" ? [w.until] : []) : [w.steps(grouped(steps))]),
    data === "pair" ? w.noSeed : w.seeds(first, last),
  ].join(" · ");
}

function seedChoice({ seeds }: RunsData, choose: (seed: number | null) => void): HTMLElement {
  const select = make("select");
  const all = put(new Option("", ""), () => words().runs.all);
  select.append(all, ...seeds.map((seed, i) => new Option(String(seed), String(i))));
  select.addEventListener("change", () => {
    choose(select.value === "" ? null : Number(select.value));
  });
  return make(
    "label",
    "seed",
    put(make("span"), () => words().runs.seed),
    " ",
    select,
  );
}

/** @param against what these are laid beside. */
function panelsOf(runs: RunsData, against: RunsData | null, name: Say): Panel[] {
  const has = (pattern: RegExp): string[] => Object.keys(runs.series).filter((one) => pattern.test(one));
  const curve = (series: string, of: RunsData = runs, said: Say = () => seriesName(series)): Curve => ({
    name: said,
    x: of.x,
    y: of.series[series] ?? [],
  });
  const panel = (panelName: Panel["name"], curves: readonly Curve[]): Panel[] => {
    const xLabel: Say = () => words().runs[runs.kind === "norms" ? "time" : runs.kind === "levels" ? "level" : "rate"];
    const scales = {
      xScale: runs.kind === "levels" ? "falling" : "log",
      yScale: panelName === "cosines" ? "cosine" : "log",
    } as const;
    return curves.length === 0 ? [] : [{ name: panelName, xLabel, ...scales, curves }];
  };
  const beside = (series: string): Curve[] => [
    curve(series, runs, name),
    ...(against === null
      ? []
      : [
          curve(series, against, () => (against.optimiser === "flow" ? words().runs.flowName : words().runs.plainName)),
        ]),
  ];
  switch (runs.kind) {
    case "norms":
      return [
        ...panel(
          "hidden",
          has(/^h_/).map((one) => curve(one)),
        ),
        ...panel(
          "weights",
          has(/^W_/).map((one) => curve(one)),
        ),
        ...panel(
          "jacobians",
          has(/^J_/).map((one) => curve(one)),
        ),
        ...panel("penalties", [curve("P_x"), curve("P_θ")]),
        ...panel("ties", [curve("C"), curve("ρ")]),
        ...panel("loss", [curve("loss")]),
      ];
    case "levels":
      return [
        ...panel("energy", beside("P_x")),
        ...panel("complexity", beside("complexity")),
        ...panel("parameter", beside("P_θ")),
        ...panel(
          "cosines",
          has(/^cos/).map((one) => curve(one)),
        ),
      ];
    case "corner":
      return panel("distance", [curve("flow"), curve("modified")]);
  }
}

function commandLines({ command, kind }: RunsData): HTMLElement[] {
  const everything = commandLine(() => words().runs.everything, EVERYTHING);
  if (command === null) return everything;
  const links = FILES.filter(([file]) => command.includes(` ${file}`)).map(([file, url]) => download(url, file));
  const files = links.flatMap((link, i) => (i === 0 ? [" ", link] : [", ", link]));
  return [
    ...commandLine(() => words().runs[kind === "levels" ? "againLevels" : "again"], command),
    make(
      "p",
      "note",
      put(make("span"), () => words().runs.files),
      ...files,
    ),
    put(make("p", "note"), () => words().runs.verify),
    ...everything,
  ];
}

function commandLine(intro: Say, command: string): HTMLElement[] {
  const code = make("code", "", command);
  const button = put(make("button", "quiet"), (m) => m.command.copy);
  button.type = "button";
  const said = make("span");
  said.setAttribute("role", "status");
  offerCopy(button, code, said);
  return [put(make("p"), intro), make("p", "line", code, button, said)];
}
