/** Two kinds of chart as SVG text: intervals in rows, and lines and points in panels. Numbers in, text out, the same bytes every time. */

export interface Mark {
  /** Index into the chart's series. */
  readonly series: number;
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

export interface Row {
  readonly label: string;
  readonly marks: readonly Mark[];
}

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly scale: "log" | "linear";
  readonly ticks: readonly number[];
}

export interface RowChart {
  readonly title: string;
  readonly axis: Axis;
  readonly series: readonly string[];
  readonly rows: readonly Row[];
  /** Vertical lines that a rule has. */
  readonly rules: readonly number[];
}

export interface Line {
  readonly series: number;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly kind: "line" | "dots" | "dashed";
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

export interface PanelChart {
  readonly title: string;
  readonly series: readonly string[];
  readonly panels: readonly Panel[];
}

const COLOURS = ["#1b5e9c", "#c0504d", "#4f8a3c", "#8064a2", "#b7791f", "#444444"];
const [LEFT, RIGHT, WIDTH, TOP, ROW, LINE] = [190, 30, 760, 58, 22, 16];

/** Where a value stands, in pixels from 0 to `length`; what leaves the axis stands at its end. */
function place({ from, to, scale }: Axis, value: number, length: number): number {
  const of = (v: number): number => (scale === "log" ? Math.log(v) : v);
  const share = (of(value) - of(from)) / (of(to) - of(from));
  return length * Math.min(1, Math.max(0, share));
}

const at = (v: number): string => v.toFixed(1);

function text(x: number, y: number, words: string, more = ""): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${at(x)}" y="${at(y)}"${more}>${safe}</text>`;
}

function stroke(x1: number, y1: number, x2: number, y2: number, colour: string, more = ""): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${colour}"${more}/>`;
}

function legend(series: readonly string[], y: number): string[] {
  let x = LEFT;
  return series.flatMap((name, i) => {
    const colour = COLOURS[i % COLOURS.length] as string;
    const parts = [`<circle cx="${at(x)}" cy="${at(y - 4)}" r="4" fill="${colour}"/>`, text(x + 9, y, name)];
    x += 28 + 6.6 * name.length;
    return parts;
  });
}

function sheet(title: string, width: number, height: number, parts: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" role="img"`;
  const font = 'font-family="system-ui, sans-serif" font-size="12" fill="#222"';
  const name = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const paper = `<rect width="${String(width)}" height="${String(height)}" fill="#fff"/>`;
  const heading = text(12, 20, title, ' font-size="14" font-weight="600"');
  return [
    `${head} ${font} aria-label="${name.replaceAll('"', "&quot;")}">`,
    paper,
    heading,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

export function rowChart({ title, axis, series, rows, rules }: RowChart): string {
  const bottom = TOP + ROW * rows.length;
  const length = WIDTH - LEFT - RIGHT;
  const x = (value: number): number => LEFT + place(axis, value, length);
  const parts = legend(series, 42);
  for (const tick of axis.ticks) {
    parts.push(stroke(x(tick), TOP, x(tick), bottom, "#e4e4e4"));
    parts.push(text(x(tick), bottom + 16, String(tick), ' text-anchor="middle"'));
  }
  for (const rule of rules) parts.push(stroke(x(rule), TOP, x(rule), bottom, "#888", ' stroke-dasharray="4 3"'));
  rows.forEach(({ label, marks }, i) => {
    const middle = TOP + ROW * (i + 0.5);
    parts.push(text(LEFT - 10, middle + 4, label, ' text-anchor="end"'));
    marks.forEach(({ series: own, mean, lower, upper }, k) => {
      if (![mean, lower, upper].every(Number.isFinite)) return;
      const y = middle + (k - (marks.length - 1) / 2) * (ROW / (marks.length + 1));
      const colour = COLOURS[own % COLOURS.length] as string;
      parts.push(stroke(x(lower), y, x(upper), y, colour, ' stroke-width="2"'));
      parts.push(`<circle cx="${at(x(mean))}" cy="${at(y)}" r="3.2" fill="${colour}"/>`);
    });
  });
  parts.push(text(LEFT + length / 2, bottom + 34, axis.label, ' text-anchor="middle"'));
  return sheet(title, WIDTH, bottom + 44, parts);
}

const [PANEL_WIDTH, PANEL_HEIGHT, GAP] = [290, 240, 80];

export function panelChart({ title, series, panels }: PanelChart): string {
  const width = 64 + panels.length * (PANEL_WIDTH + GAP) - GAP + 24;
  const parts = legend(series, 42);
  panels.forEach((panel, i) => {
    const left = 64 + i * (PANEL_WIDTH + GAP);
    parts.push(...drawPanel(panel, left, TOP + LINE));
  });
  return sheet(title, Math.max(width, 480), TOP + LINE + PANEL_HEIGHT + 48, parts);
}

function drawPanel({ title, x: xAxis, y: yAxis, lines }: Panel, left: number, top: number): string[] {
  const bottom = top + PANEL_HEIGHT;
  const x = (value: number): number => left + place(xAxis, value, PANEL_WIDTH);
  const y = (value: number): number => bottom - place(yAxis, value, PANEL_HEIGHT);
  const parts = [text(left, top - 6, title)];
  for (const tick of xAxis.ticks) {
    parts.push(stroke(x(tick), top, x(tick), bottom, "#e4e4e4"));
    parts.push(text(x(tick), bottom + 16, shown(tick), ' text-anchor="middle"'));
  }
  for (const tick of yAxis.ticks) {
    parts.push(stroke(left, y(tick), left + PANEL_WIDTH, y(tick), "#e4e4e4"));
    parts.push(text(left - 6, y(tick) + 4, shown(tick), ' text-anchor="end"'));
  }
  parts.push(text(left + PANEL_WIDTH / 2, bottom + 34, xAxis.label, ' text-anchor="middle"'));
  const turned = ` text-anchor="middle" transform="rotate(-90 ${at(left - 48)} ${at(top + PANEL_HEIGHT / 2)})"`;
  parts.push(text(left - 48, top + PANEL_HEIGHT / 2, yAxis.label, turned));
  for (const { series, points, kind } of lines) {
    const colour = COLOURS[series % COLOURS.length] as string;
    const list = points.filter((point) => point.every(Number.isFinite));
    if (kind === "dots") {
      for (const [a, b] of list) parts.push(`<circle cx="${at(x(a))}" cy="${at(y(b))}" r="2.6" fill="${colour}"/>`);
    } else {
      const path = list.map(([a, b]) => `${at(x(a))},${at(y(b))}`).join(" ");
      const dash = kind === "dashed" ? ' stroke-dasharray="4 3"' : ' stroke-opacity="0.45"';
      parts.push(`<polyline points="${path}" fill="none" stroke="${colour}"${dash}/>`);
    }
  }
  return parts;
}

function shown(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) ? value.toExponential(0) : String(value);
}
