/** A figure of intervals in rows. Each row is a button: it opens the runs behind it. */
import { make } from "../dom.ts";
import { putAttribute } from "../i18n/language.ts";
import { drawsChart, framePlot } from "../plots/figure.ts";
import { draw, svgFile } from "../plots/svg.ts";
import type { FigureData, MarkData, RowData } from "./data.ts";
import { key, shape } from "./marks.ts";
import { ruled, seriesName, words } from "./words.ts";

export interface RowChart {
  readonly figure: HTMLElement;
  /** The row whose runs are open, or null. */
  readonly mark: (open: RowData | null) => void;
  readonly buttonOf: (row: RowData) => HTMLButtonElement | undefined;
}

/** Below this width a row's words stand above its marks. */
const NARROW = 640;
const [ROW, WORDS, TOP, FOOT] = [24, 18, 6, 24];
/** At most so wide, of most letters. */
const LETTER = 7;

/** @param panel the id of the element in which a row's runs are shown. */
export function createRowChart(figure: FigureData, panel: string, open: (row: RowData) => void): RowChart {
  const own = () => words().figures[figure.name];
  const svg = draw("svg", { role: "img", class: "chart" });
  const plot = framePlot(
    figure.name,
    () => own().title,
    () => ({
      head: [() => words().row, ...figure.series.map((name) => () => seriesName(name)), () => words().rule],
      rows: figure.rows.map((row) => [
        () => rowName(row),
        ...figure.series.map((_, i) => intervalText(row.marks.find(([series]) => series === i))),
        () => verdictText(figure, row),
      ]),
    }),
    () => svgFile(svg, own().title),
  );
  putAttribute(svg, "aria-label", () => own().title);
  plot.note(() => own().axis);
  const buttons = new Map(figure.rows.map((row) => [row, rowButton(figure, row, panel, open)]));
  plot.drawing.classList.add("rows");
  plot.drawing.before(key(figure.series.map((name) => () => seriesName(name))));
  plot.drawing.append(svg, ...buttons.values());
  drawsChart(plot, svg, (width) => {
    const layout = layoutOf(width, figure.rows);
    const height = TOP + layout.row * figure.rows.length + FOOT;
    [...buttons.values()].forEach((button, i) => {
      button.style.top = `${String(TOP + layout.row * i)}px`;
      button.style.height = `${String(layout.row)}px`;
    });
    const rows = figure.rows.flatMap((row, i) => rowShapes(figure, row, layout, i));
    return { height, shapes: [...axis(figure, layout, height - FOOT), ...rows] };
  });
  return {
    figure: plot.figure,
    mark(wanted) {
      for (const [row, button] of buttons) button.setAttribute("aria-expanded", String(row === wanted));
    },
    buttonOf: (row) => buttons.get(row),
  };
}

function rowButton(figure: FigureData, row: RowData, panel: string, open: (row: RowData) => void): HTMLButtonElement {
  const button = make("button", "row");
  button.type = "button";
  button.dataset["runs"] = row.runs;
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel);
  putAttribute(button, "aria-label", () => {
    const marks = row.marks.map((mark) =>
      words().interval(seriesName(figure.series[mark[0]] ?? ""), intervalText(mark)),
    );
    return words().open(rowName(row), marks.join(words().semicolon), verdictText(figure, row));
  });
  button.addEventListener("click", () => {
    open(row);
  });
  return button;
}

export function rowName({ name, control }: RowData): string {
  return control ? words().control(name) : name;
}

/** "2 (1.95 … 2.05)" */
export function intervalText(mark: MarkData | undefined): string {
  if (mark === undefined) return "–";
  const [, mean, lower, upper] = mark;
  return lower === upper ? three(mean) : `${three(mean)} (${three(lower)} … ${three(upper)})`;
}

function three(x: number): string {
  return String(Number(x.toPrecision(3))).replace("-", "−");
}

/** "all of training: undecided; after its first tenth: holds" */
export function verdictText({ name }: FigureData, { verdict }: RowData): string {
  const parts = words().parts[name];
  return verdict
    .map((word, i) =>
      parts[i] === undefined || parts[i] === "" ? ruled(word) : words().groups(parts[i], [ruled(word)]),
    )
    .join(words().semicolon);
}

interface Layout {
  readonly left: number;
  readonly right: number;
  readonly row: number;
  /** Lines of words above the marks; 0: they stand beside them. */
  readonly lines: 0 | 1 | 2;
  readonly width: number;
}

function layoutOf(width: number, rows: readonly RowData[]): Layout {
  if (width < NARROW) {
    const [left, right] = [18, width - 18];
    const letters = Math.max(...rows.map((row) => `${rowName(row)}  ${said(row)}`.length));
    const lines = LETTER * letters < right - left ? 1 : 2;
    return { left, right, row: ROW + WORDS * lines, lines, width };
  }
  const longest = Math.max(...rows.map((row) => rowName(row).length));
  return { left: 24 + LETTER * longest, right: width - 190, row: ROW, lines: 0, width };
}

const said = ({ verdict }: RowData): string => verdict.map(ruled).join(" / ");

/** Where a value stands; what leaves the axis stands at its end. */
function place({ axis: { from, to, scale } }: FigureData, value: number, { left, right }: Layout): number {
  const of = (v: number): number => (scale === "log" ? Math.log(v) : v);
  const share = (of(value) - of(from)) / (of(to) - of(from));
  return left + (right - left) * Math.min(1, Math.max(0, share));
}

function axis(figure: FigureData, layout: Layout, bottom: number): SVGElement[] {
  const x = (value: number): number => place(figure, value, layout);
  const line = (className: string, at: number) =>
    draw("line", { class: className, x1: at, x2: at, y1: TOP, y2: bottom });
  return [
    ...figure.axis.ticks.flatMap((tick) => [
      line("grid", x(tick)),
      draw("text", { class: "mark", x: x(tick), y: bottom + 16, "text-anchor": "middle" }, three(tick)),
    ]),
    ...figure.rules.map((rule) => line("equality", x(rule))),
  ];
}

function rowShapes(figure: FigureData, row: RowData, layout: Layout, i: number): SVGElement[] {
  const { left, right, lines, width } = layout;
  const top = TOP + layout.row * i;
  const words = lines === 0 ? top + ROW / 2 + 4 : top + 14;
  const middle = top + WORDS * lines + ROW / 2;
  const name =
    lines === 0 ? { x: left - 12, y: words, "text-anchor": "end" } : { x: left, y: words, "text-anchor": "start" };
  const verdict = [
    { x: right + 12, y: words, "text-anchor": "start" },
    { x: right, y: words, "text-anchor": "end" },
    { x: left, y: words + WORDS, "text-anchor": "start" },
  ][lines] as { readonly [attribute: string]: string | number };
  const count = row.marks.length;
  return [
    draw("line", { class: "grid", x1: 0, x2: width, y1: top + layout.row, y2: top + layout.row }),
    draw("text", { class: "axis above", ...name }, rowName(row)),
    draw("text", { class: "mark above", ...verdict }, said(row)),
    ...row.marks.flatMap((mark, k) => {
      const [series, mean, lower, upper] = mark;
      const y = middle + (k - (count - 1) / 2) * (ROW / (count + 1));
      const [x1, x2] = [lower, upper].map((v) => place(figure, v, layout)) as [number, number];
      return [
        draw("line", { class: `line-${String(series)}`, "stroke-width": 2, x1, x2, y1: y, y2: y }),
        shape(series, place(figure, mean, layout), y),
      ];
    }),
  ];
}
