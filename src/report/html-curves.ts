/** Lines over the steps of a training, as SVG text (html-plots.ts). Steps stand at log(1 + step), so that the first ones have room. */
import type { Maybe } from "../records/kit.ts";
import type { Markup } from "./html-markup.ts";
import { html } from "./html-markup.ts";
import { drawn, fixed, HEIGHT, LETTER, makeAxis, MARGIN, tickLabel, WIDTH } from "./html-plots.ts";
import { grouped, significant } from "./numbers.ts";

export interface Line {
  readonly name: string;
  /** One number a step; what is not finite, or not positive on a logarithmic axis, is left out. */
  readonly values: readonly Maybe[];
}

export interface StepPlot {
  /** Unique on the page, letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly steps: readonly number[];
  readonly lines: readonly Line[];
}

/** Colours that the page has; further lines are dashed. */
const COLOURS = 5;
const KEY_HEIGHT = 14;

export function stepPlot({ id, title, steps, lines }: StepPlot): Markup {
  const keys = keyRows(lines);
  const axis = makeAxis(lines.flatMap(({ values }) => values));
  const top = 8 + KEY_HEIGHT * keys.length;
  const height = HEIGHT + top - MARGIN.top;
  const [bottom, right] = [height - 24, WIDTH - MARGIN.right];
  const last = Math.max(1, ...steps);
  const x = (step: number): string =>
    fixed(MARGIN.left + ((right - MARGIN.left) * Math.log1p(step)) / Math.log1p(last));
  const y = (value: number): string => fixed(bottom - (bottom - top) * axis.place(value));
  const drawnLines = lines.map(({ name, values }, i) => {
    const points = steps.flatMap((step, k) => {
      const value = values[k] ?? null;
      return axis.has(value) ? [{ step, value }] : [];
    });
    const path = points.map(({ step, value }, k) => `${k === 0 ? "M" : "L"}${x(step)} ${y(value)}`).join("");
    return html`<g class="${colour(i)}">
      <path class="line${i >= COLOURS ? " dashed" : ""}" d="${path}" />
      ${points.map(
        ({ step, value }) =>
          html`<circle cx="${x(step)}" cy="${y(value)}" r="2" fill="currentColor"
            ><title>${name}, step ${grouped(step)}: ${significant(value)}</title></circle
          >`,
      )}
    </g>`;
  });
  const says = `${title}, step by step: ${lines.map(({ name }) => name).join(", ")}; the table has the numbers`;
  return drawn(id, title, says, height, [
    axis.ticks.map(
      (tick) =>
        html`<path class="grid" d="M${MARGIN.left} ${y(tick)}H${right}" />
          <text x="${MARGIN.left - 5}" y="${fixed(Number(y(tick)) + 4)}" text-anchor="end">${tickLabel(tick)}</text>`,
    ),
    stepTicks(last).map(
      (tick) => html`<text x="${x(tick)}" y="${bottom + 15}" text-anchor="middle">${grouped(tick)}</text>`,
    ),
    drawnLines,
    keys.flatMap((row, r) =>
      row.map(
        ({ name, at, i }) =>
          html`<text class="key ${colour(i)}" x="${at}" y="${12 + KEY_HEIGHT * r}"
            >${i >= COLOURS ? "╌ " : "— "}${name}</text
          >`,
      ),
    ),
  ]);
}

function colour(i: number): string {
  return `c${String(i % COLOURS)}`;
}

/** 0, 1, 10, 100 … and the last. */
function stepTicks(last: number): number[] {
  const powers = Array.from({ length: Math.floor(Math.log10(last)) + 1 }, (_, i) => 10 ** i);
  return [...new Set([0, ...powers.filter((step) => step * 2.5 < last), last])];
}

/** The names of the lines, in as many rows as they need. */
function keyRows(lines: readonly Line[]): { readonly name: string; readonly at: number; readonly i: number }[][] {
  const rows: { name: string; at: number; i: number }[][] = [[]];
  let at: number = MARGIN.left;
  lines.forEach(({ name }, i) => {
    const wide = (name.length + 4) * LETTER;
    if (at + wide > WIDTH && at > MARGIN.left) {
      rows.push([]);
      at = MARGIN.left;
    }
    rows.at(-1)?.push({ name, at, i });
    at += wide;
  });
  return rows;
}
