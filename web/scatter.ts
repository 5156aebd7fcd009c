/**
 * Left against right side of every sample, both logarithmic, coloured by verdict, with the line of equality: a sound computation has
 * no point above it. Drawn as the samples come, at most ten times a second.
 */
import type { Points, VerdictName } from "../src/worker/client.ts";
import { messages, put, putAttribute, redraws } from "./i18n/language.ts";

interface Point {
  readonly lhs: number;
  readonly rhs: number;
  readonly verdict: VerdictName;
}

/** In the order in which the worker counts them. */
const VERDICTS = ["holds", "tight", "violated", "unresolved", "invalid"] as const;

export interface Scatter {
  readonly figure: HTMLElement;
  readonly add: (points: Points) => void;
}

const SIZE = { width: 720, height: 360 } as const;
const MARGIN = { left: 56, right: 12, top: 12, bottom: 36 } as const;
const REDRAW_MS = 100;

export function createScatter(): Scatter {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  put(caption, (m) => m.scatter.caption);
  const canvas = document.createElement("canvas");
  canvas.className = "scatter";
  canvas.setAttribute("role", "img");
  putAttribute(canvas, "aria-label", (m) => m.scatter.label);
  const scale = Math.min(2, devicePixelRatio);
  [canvas.width, canvas.height] = [SIZE.width * scale, SIZE.height * scale];
  const context = canvas.getContext("2d");
  context?.scale(scale, scale);
  figure.append(caption, canvas);
  const all: Point[] = [];
  let due = false;
  const redraw = (): void => {
    due = false;
    if (context !== null) draw(context, all, getComputedStyle(figure));
  };
  redraws(canvas, redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return {
    figure,
    add(points) {
      // Both sides have to be on a logarithmic scale.
      points.lhs.forEach((lhs, i) => {
        const [rhs, verdict] = [points.rhs[i] ?? 0, VERDICTS[points.verdict[i] ?? 0] ?? "holds"];
        if (lhs > 0 && rhs > 0) all.push({ lhs, rhs, verdict });
      });
      if (due) return;
      due = true;
      setTimeout(redraw, REDRAW_MS);
    },
  };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Whole decades around the numbers. */
function decades(values: Iterable<number>): Range {
  let [from, to] = [Infinity, -Infinity];
  for (const v of values) {
    from = Math.min(from, Math.floor(Math.log10(v)));
    to = Math.max(to, Math.ceil(Math.log10(v)));
  }
  return from <= to ? { from, to: Math.max(to, from + 1) } : { from: 0, to: 1 };
}

function draw(context: CanvasRenderingContext2D, points: readonly Point[], style: CSSStyleDeclaration): void {
  const { width, height } = SIZE;
  const horizontal = decades(points.map((p) => p.rhs));
  const vertical = decades(points.map((p) => p.lhs));
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const x = (log: number): number =>
    MARGIN.left + (inner.width * (log - horizontal.from)) / (horizontal.to - horizontal.from);
  const y = (log: number): number =>
    MARGIN.top + inner.height * (1 - (log - vertical.from) / (vertical.to - vertical.from));
  const colour = (name: string): string => style.getPropertyValue(`--${name}`) || "gray";
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  context.strokeStyle = colour("line");
  context.fillStyle = colour("quiet");
  context.textAlign = "center";
  for (const log of ticks(horizontal)) {
    line(context, x(log), MARGIN.top, x(log), height - MARGIN.bottom);
    context.fillText(power(log), x(log), height - MARGIN.bottom + 16);
  }
  context.textAlign = "right";
  for (const log of ticks(vertical)) {
    line(context, MARGIN.left, y(log), width - MARGIN.right, y(log));
    context.fillText(power(log), MARGIN.left - 6, y(log) + 4);
  }
  context.fillText(messages().scatter.right, width - MARGIN.right, height - 4);
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, MARGIN.top, inner.width, inner.height);
  context.clip();
  context.strokeStyle = colour("ink");
  const [from, to] = [Math.min(horizontal.from, vertical.from), Math.max(horizontal.to, vertical.to)];
  line(context, x(from), y(from), x(to), y(to));
  for (const { lhs, rhs, verdict } of points) {
    const name = verdict === "violated" ? "bad" : verdict === "holds" || verdict === "tight" ? verdict : "open";
    context.fillStyle = colour(name);
    context.fillRect(x(Math.log10(rhs)) - 1, y(Math.log10(lhs)) - 1, 2, 2);
  }
  context.restore();
}

/** At most eight decades with a line each. */
function ticks({ from, to }: Range): number[] {
  const step = Math.ceil((to - from) / 8);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

function power(log: number): string {
  const raised = Array.from(String(log), (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "⁻").join("");
  return `10${raised}`;
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
