/**
 * Plots as SVG text, drawn 360 units wide so that their letters stay legible on a telephone. A pure function each; a number that is not
 * finite, or has no place on a logarithmic axis, is left out. What a plot shows stands in a table beside it too.
 */
import type { Maybe } from "../records/kit.ts";
import type { Markup } from "./html-markup.ts";
import { html } from "./html-markup.ts";
import { significant } from "./numbers.ts";

export const WIDTH = 360;
export const HEIGHT = 220;
export const MARGIN = { left: 52, right: 10, top: 22 } as const;
/** Width of a letter of 11 px, roughly. */
export const LETTER = 6;

/** A group on the horizontal axis: its range, and what stands out in it. */
export interface RangeGroup {
  readonly label: string;
  readonly low: Maybe;
  readonly middle: Maybe;
  readonly high: Maybe;
  /** Single values, where there are few. */
  readonly dots?: readonly Maybe[];
}

export interface RangePlot {
  /** Names the SVG: unique on the page, letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly horizontal: string;
  readonly groups: readonly RangeGroup[];
}

/** From low to high a line, a mark at the middle: one group beside the other. */
export function rangePlot({ id, title, horizontal, groups }: RangePlot): Markup {
  const axis = makeAxis(groups.flatMap(({ low, middle, high, dots }) => [low, middle, high, ...(dots ?? [])]));
  const frame = makeFrame(groups.map(({ label }) => label));
  const y = (value: number): string => fixed(frame.bottom - (frame.bottom - MARGIN.top) * axis.place(value));
  const marks = groups.map(({ label, low, middle, high, dots }, i) => {
    const x = fixed(frame.x(i));
    const wide = Math.min(5, frame.slot / 3);
    const says = `${label}: ${significant(low)} … ${significant(middle)} … ${significant(high)}`;
    return html`<g>
      <title>${says}</title>
      ${axis.has(low) && axis.has(high) ? html`<path class="range" d="M${x} ${y(low)}V${y(high)}" />` : null}
      ${(dots ?? []).filter(axis.has).map((dot) => html`<circle class="dot" cx="${fixed(frame.x(i) + wide)}" cy="${y(dot)}" r="1.5" />`)}
      ${axis.has(middle) ? html`<circle class="middle" cx="${x}" cy="${y(middle)}" r="${fixed(wide)}" />` : null}
    </g>`;
  });
  const says = `${title}, by ${horizontal}: lowest, middle and highest of each; the table has the numbers`;
  return drawn(id, title, says, frame.height, [axisLines(axis, frame), groupLabels(frame, horizontal), marks]);
}

export interface StackedPlot {
  readonly id: string;
  readonly title: string;
  readonly horizontal: string;
  /** What the lower and the upper part of each bar are. */
  readonly parts: readonly [string, string];
  readonly groups: readonly { readonly label: string; readonly values: readonly [Maybe, Maybe] }[];
}

/** Two numbers of each group, one upon the other, from 0. */
export function stackedPlot({ id, title, horizontal, parts, groups }: StackedPlot): Markup {
  const sums = groups.map(({ values }) => values.reduce<number>((sum, v) => sum + (v ?? 0), 0));
  const axis = linearAxis(0, Math.max(...sums, 0));
  const frame = makeFrame(groups.map(({ label }) => label));
  const tall = (value: Maybe): number => (frame.bottom - MARGIN.top) * axis.place(value ?? 0);
  const bars = groups.map(({ label, values: [first, second] }, i) => {
    const [a, b] = [tall(first), tall(second)];
    const width = Math.min(24, 0.7 * frame.slot);
    const x = fixed(frame.x(i) - width / 2);
    return html`<g>
      <title>${label}: ${significant(first)} ${parts[0]}, ${significant(second)} ${parts[1]}</title>
      <rect class="first" x="${x}" y="${fixed(frame.bottom - a)}" width="${fixed(width)}" height="${fixed(a)}" />
      <rect class="second" x="${x}" y="${fixed(frame.bottom - a - b)}" width="${fixed(width)}" height="${fixed(b)}" />
    </g>`;
  });
  const says = `${title}, by ${horizontal}: ${parts.join(" and ")}, one upon the other; the table has the numbers`;
  const key = html`<rect class="first" x="${MARGIN.left}" y="6" width="9" height="9" />
    <text x="${MARGIN.left + 13}" y="14">${parts[0]}</text>
    <rect class="second" x="${MARGIN.left + 90}" y="6" width="9" height="9" />
    <text x="${MARGIN.left + 103}" y="14">${parts[1]}</text>`;
  return drawn(id, title, says, frame.height, [axisLines(axis, frame), groupLabels(frame, horizontal), bars, key]);
}

export interface CurvePlot {
  readonly id: string;
  readonly title: string;
  /** Share of the samples, 0 to 1, at or below a value; in order. */
  readonly points: readonly { readonly share: number; readonly value: Maybe }[];
}

/** How large a share of the samples lies at or below each value: quantiles joined by lines. */
export function curvePlot({ id, title, points }: CurvePlot): Markup {
  const axis = makeAxis(points.map(({ value }) => value));
  const up = linearAxis(0, 1);
  const bottom = HEIGHT - 24;
  const right = WIDTH - MARGIN.right - 8;
  const x = (value: number): string => fixed(MARGIN.left + (right - MARGIN.left) * axis.place(value));
  const y = (share: number): string => fixed(bottom - (bottom - MARGIN.top) * share);
  const shown = points.flatMap(({ share, value }) => (axis.has(value) ? [{ share, value }] : []));
  const path = shown.map(({ share, value }, i) => `${i === 0 ? "M" : "L"}${x(value)} ${y(share)}`).join("");
  return drawn(id, title, `${title}: share of samples at or below each value; the table has the numbers`, HEIGHT, [
    up.ticks.map(
      (tick) =>
        html`<path class="grid" d="M${MARGIN.left} ${y(tick)}H${right}" />
          <text x="${MARGIN.left - 5}" y="${fixed(Number(y(tick)) + 4)}" text-anchor="end"
            >${fixed(100 * tick)} %</text
          >`,
    ),
    axis.ticks.map(
      (tick) =>
        html`<path class="grid" d="M${x(tick)} ${MARGIN.top}V${bottom}" />
          <text x="${x(tick)}" y="${bottom + 15}" text-anchor="middle">${tickLabel(tick)}</text>`,
    ),
    html`<path class="curve" d="${path}" />`,
    shown.map(
      ({ share, value }) =>
        html`<circle class="middle" cx="${x(value)}" cy="${y(share)}" r="3"
          ><title>${fixed(100 * share)} %: ${significant(value)}</title></circle
        >`,
    ),
  ]);
}

export function drawn(
  id: string,
  title: string,
  says: string,
  height: number,
  content: readonly (Markup | readonly Markup[])[],
): Markup {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title ${id}-text">
      <title id="${id}-title">${title}</title>
      <desc id="${id}-text">${says}</desc>
      ${content}
    </svg>
  </figure>`;
}

export interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the axis's begin, 1 at its end. */
  readonly place: (value: number) => number;
  readonly has: (value: Maybe) => value is number;
}

/** Logarithmic where all values are positive and two decades apart, linear otherwise. */
export function makeAxis(values: readonly Maybe[]): Axis {
  const finite = values.filter((v): v is number => v !== null && Number.isFinite(v));
  let [low, high] = [Infinity, -Infinity];
  for (const v of finite) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (!(low <= high)) return linearAxis(0, 1);
  if (!(low > 0 && high / low > 100)) return linearAxis(low, high);
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const step = Math.max(1, Math.ceil((to - from) / 5));
  const ticks = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => 10 ** (from + i * step));
  return {
    ticks,
    place: (v) => (Math.log10(v) - from) / (to - from),
    has: (v): v is number => v !== null && Number.isFinite(v) && v > 0,
  };
}

function linearAxis(low: number, high: number): Axis {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const rough = 10 ** Math.floor(Math.log10(span / 4));
  const step = rough * ([1, 2, 5, 10].find((k) => span / (k * rough) <= 5) ?? 10);
  // From 0 where that costs little room.
  const from = low >= 0 && low < span ? 0 : Math.floor(low / step) * step;
  const to = Math.max(from + step, Math.ceil(high / step - 1e-9) * step);
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
  return {
    ticks: ticks.length > 7 ? ticks.filter((_, i) => i % 2 === 0) : ticks,
    place: (v) => (v - from) / (to - from),
    has: (v): v is number => v !== null && Number.isFinite(v),
  };
}

interface Frame {
  readonly height: number;
  readonly bottom: number;
  readonly slot: number;
  readonly labels: readonly string[];
  /** Where the middle of a group is. */
  readonly x: (i: number) => number;
}

/** Room below for the labels, which lean where words would not fit side by side. */
function makeFrame(labels: readonly string[]): Frame {
  const slot = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, labels.length);
  const below = leans(labels, slot) ? 26 + 0.65 * LETTER * longest(labels) : 40;
  const height = Math.round(HEIGHT - 40 + below);
  return { height, bottom: HEIGHT - 40, slot, labels, x: (i) => MARGIN.left + slot * (i + 0.5) };
}

function longest(labels: readonly string[]): number {
  return Math.max(0, ...labels.map((label) => label.length));
}

function leans(labels: readonly string[], slot: number): boolean {
  return longest(labels) * LETTER > slot && labels.some((label) => !/^\d+$/.test(label));
}

function axisLines(axis: Axis, frame: Frame): readonly Markup[] {
  return axis.ticks.map((tick) => {
    const y = frame.bottom - (frame.bottom - MARGIN.top) * axis.place(tick);
    return html`<path class="grid" d="M${MARGIN.left} ${fixed(y)}H${WIDTH - MARGIN.right}" />
      <text x="${MARGIN.left - 5}" y="${fixed(y + 4)}" text-anchor="end">${tickLabel(tick)}</text>`;
  });
}

function groupLabels(frame: Frame, horizontal: string): readonly Markup[] {
  const { labels, slot, bottom, height } = frame;
  const leaning = leans(labels, slot);
  const every = leaning ? 1 : Math.ceil(((longest(labels) + 1) * LETTER) / slot);
  return [
    ...labels.flatMap((label, i) => {
      if (i % every !== 0) return [];
      const x = fixed(frame.x(i));
      return leaning
        ? [
            html`<text x="${x}" y="${bottom + 13}" text-anchor="end" transform="rotate(-40 ${x} ${bottom + 13})"
              >${label}</text
            >`,
          ]
        : [html`<text x="${x}" y="${bottom + 14}" text-anchor="middle">${label}</text>`];
    }),
    html`<text x="${WIDTH - MARGIN.right}" y="${height - 5}" text-anchor="end">${horizontal}</text>`,
  ];
}

/** 0.25, 12, 1e-6: as short as it is exact enough. */
export function tickLabel(tick: number): string {
  const size = Math.abs(tick);
  if (size !== 0 && (size >= 1e5 || size < 1e-3))
    return tick
      .toExponential(2)
      .replace(/\.?0*e/, "e")
      .replace("e+", "e");
  return String(Number(tick.toPrecision(4)));
}

export function fixed(x: number): string {
  return String(Number(x.toFixed(1)));
}
