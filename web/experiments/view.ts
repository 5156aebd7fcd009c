/** What training does to both penalties: the five main figures of docs/experiments.md, each row of which opens the runs behind it (?runs=). */
import { ofAddress, toAddress } from "../controls/address.ts";
import { make } from "../dom.ts";
import { put } from "../i18n/language.ts";
import type { AllRuns, FigureData, RowData } from "./data.ts";
import { fetchFigures, fetchRuns } from "./data.ts";
import type { RowChart } from "./row-chart.ts";
import { createRowChart, rowName } from "./row-chart.ts";
import { runPanel } from "./run-panel.ts";
import { ruled, words } from "./words.ts";

/** @throws Error in a line where the figures' numbers do not come. */
export async function createExperiments(place: HTMLElement): Promise<void> {
  const { runs, seeds, figures } = await fetchFigures();
  let all: Promise<AllRuns> | null = null;
  const fetched = (): Promise<AllRuns> => (all ??= fetchRuns());
  const sections = figures.map((figure) => createSection(figure, fetched));
  place.replaceChildren(
    put(make("h2"), () => words().title),
    put(make("p"), () => words().introduction(runs, seeds)),
    put(make("p"), () => words().reading),
    ...sections.map(({ section }) => section),
  );
  place.dataset["shown"] = "yes";
  const wish = ofAddress("runs") ?? "";
  for (const [i, { rows, name }] of figures.entries()) {
    const row = rows.find((one) => `${name}/${one.runs}` === wish);
    if (row !== undefined) await sections[i]?.open(row);
  }
}

interface Section {
  readonly section: HTMLElement;
  readonly open: (row: RowData) => Promise<void>;
}

function createSection(figure: FigureData, fetched: () => Promise<AllRuns>): Section {
  const own = () => words().figures[figure.name];
  const panel = make("div", "runs");
  panel.id = `runs-${figure.name}`;
  let shown: RowData | null = null;
  const close = (): void => {
    const row = shown;
    shown = null;
    panel.replaceChildren();
    delete panel.dataset["shown"];
    chart.mark(null);
    toAddress({ runs: null });
    if (row !== null) chart.buttonOf(row)?.focus();
  };
  const open = async (row: RowData): Promise<void> => {
    if (row === shown) {
      close();
      return;
    }
    shown = row;
    delete panel.dataset["shown"];
    chart.mark(row);
    toAddress({ runs: `${figure.name}/${row.runs}` });
    panel.replaceChildren(put(make("p"), () => words().runs.loading));
    try {
      const all = await fetched();
      const runs = all[row.runs];
      if (shown !== row || runs === undefined) return;
      panel.replaceChildren(...runPanel(() => rowName(row), runs, all, close));
      panel.dataset["shown"] = row.runs;
      panel.querySelector("h4")?.focus();
    } catch (error) {
      if (shown === row) put(panel, error instanceof Error ? error.message : String(error));
    }
  };
  const chart: RowChart = createRowChart(figure, panel.id, (row) => void open(row));
  const verdict = put(make("strong"), () => ruled(figure.verdicts.claim));
  verdict.dataset["tone"] = toneOf(figure.verdicts.claim);
  const section = make(
    "section",
    "experiment",
    put(make("h3"), () => own().claim),
    make(
      "p",
      "decision",
      put(make("span"), () => words().decision),
      " ",
      verdict,
    ),
    details(figure),
    put(make("p"), () => own().finding),
    chart.figure,
    panel,
  );
  return { section, open };
}

function toneOf(word: string): string {
  if (word === "holds") return "holds";
  return word === "does not hold" ? "bad" : "open";
}

/** Of which networks, by the words of their rows, where the claim is decided row by row. */
function details({ name, rows }: FigureData): HTMLElement {
  const list = make("ul", "decisions");
  if (name !== "norms" && name !== "shares") return list;
  const decided = rows.filter(({ control }) => !control);
  for (const k of words().parts[name].keys()) {
    const sentence = (): string => {
      const w = words();
      const groups = new Map<string, string[]>();
      for (const row of decided) {
        const word = ruled(row.verdict[k] ?? "");
        groups.set(word, [...(groups.get(word) ?? []), row.name]);
      }
      const said = [...groups].map(([word, names]) => w.groups(word, names)).join(w.semicolon);
      return w.part(w.parts[name][k] ?? "", said);
    };
    list.append(put(make("li"), sentence));
  }
  return list;
}
