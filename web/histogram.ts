/** How many samples have which left/right: bars over the range that occurs, drawn as the samples come. */
import type { Points } from "../src/worker/client.ts";
import { put, putAttribute } from "./i18n/language.ts";

export interface Histogram {
  readonly figure: HTMLElement;
  readonly add: (points: Points) => void;
}

const SVG = "http://www.w3.org/2000/svg";
const BARS = 40;
const REDRAW_MS = 100;

export function createHistogram(): Histogram {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 20");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  putAttribute(svg, "aria-label", (m) => m.histogram.label);
  svg.classList.add("histogram");
  figure.append(caption, svg);
  const ratios: number[] = [];
  let due = false;
  const redraw = (): void => {
    due = false;
    const { counts, from, to } = bins(ratios);
    put(caption, (m) => m.histogram.caption(from.toPrecision(3), to.toPrecision(3)));
    const most = Math.max(1, ...counts);
    svg.replaceChildren(
      ...counts.map((count, i) => {
        const bar = document.createElementNS(SVG, "rect");
        const height = (19 * count) / most;
        const box = { x: (100 * i) / BARS + 0.2, y: 20 - height, width: 100 / BARS - 0.4, height };
        for (const [name, value] of Object.entries(box)) bar.setAttribute(name, String(value));
        const title = document.createElementNS(SVG, "title");
        const begins = from + ((to - from) * i) / BARS;
        put(title, (m) => m.histogram.bar(String(count), begins.toPrecision(3)));
        bar.append(title);
        return bar;
      }),
    );
  };
  return {
    figure,
    add(points) {
      points.rhs.forEach((rhs, i) => rhs > 0 && ratios.push((points.lhs[i] ?? 0) / rhs));
      if (due) return;
      due = true;
      setTimeout(redraw, REDRAW_MS);
    },
  };
}

/** Counts in BARS equal bins between the least and the largest ratio. */
export function bins(ratios: readonly number[]): { counts: number[]; from: number; to: number } {
  let [from, to] = [Infinity, -Infinity];
  for (const r of ratios) {
    from = Math.min(from, r);
    to = Math.max(to, r);
  }
  const counts = new Array<number>(BARS).fill(0);
  if (!(from <= to)) return { counts, from: 0, to: 1 };
  const width = (to - from) / BARS;
  for (const r of ratios) {
    const bin = width > 0 ? Math.min(BARS - 1, Math.floor((r - from) / width)) : 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { counts, from, to };
}
