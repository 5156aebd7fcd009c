/** The frame of every plot: what it shows, the drawing, its numbers as a table, and the drawing as a file. */
import { make, save } from "../dom.ts";
import type { Messages } from "../i18n/en.ts";
import type { Say, Text } from "../i18n/language.ts";
import { messages, put, putAttribute, redraws } from "../i18n/language.ts";
import { fillTable } from "../views/tables.ts";

export interface TableContent {
  readonly head: readonly Text[];
  readonly rows: readonly (readonly Text[])[];
}

export interface Plot {
  readonly figure: HTMLElement;
  /** Where the drawing stands. */
  readonly drawing: HTMLElement;
  /** Words under the title. */
  readonly note: (text: Text) => void;
  /** The numbers have changed: an open table is filled again. */
  readonly changed: () => void;
}

/**
 * @param name the plot's key among the words, and its file's name.
 * @param content the plot's numbers, made when its table is opened.
 * @param file the drawing as SVG text.
 */
export function createPlot(name: keyof Messages["plot"], content: () => TableContent, file: () => string): Plot {
  return framePlot(name, (m) => m.plot[name], content, file);
}

/** The same for a plot whose title is not among the page's own words. @param name its file's. */
export function framePlot(name: string, title: Say, content: () => TableContent, file: () => string): Plot {
  const figure = make("figure", `plot ${name}`);
  const note = make("p", "note");
  const drawing = make("div", "drawing");
  const summary = put(make("summary"), (m) => m.figure.table);
  const scroll = make("div", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  putAttribute(scroll, "aria-label", title);
  const grid = make("table");
  scroll.append(grid);
  const details = make("details", "", summary, scroll);
  const button = put(make("button", "quiet"), (m) => m.figure.svg);
  button.type = "button";
  putAttribute(button, "aria-label", (m) => `${title(m)}: ${m.figure.svg}`);
  button.addEventListener("click", () => {
    save(`${name}.svg`, new Blob([file()], { type: "image/svg+xml" }));
  });
  const fill = (): void => {
    if (details.open) fillTable(grid, title(messages()), content().head, content().rows);
  };
  details.addEventListener("toggle", fill);
  figure.append(put(make("figcaption"), title), note, drawing, make("div", "tools", details, button));
  return {
    figure,
    drawing,
    note: (text) => put(note, text),
    changed: fill,
  };
}

/** Calls `draw` with the element's width in CSS pixels, now and whenever that changes. */
export function onWidth(element: HTMLElement, draw: (width: number) => void): void {
  let last = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === last || width === 0) return;
    last = width;
    draw(width);
  }).observe(element);
}

/** A drawing of this height, in the width it was asked for. */
export interface Chart {
  readonly height: number;
  readonly shapes: readonly SVGElement[];
}

/**
 * Draws into `svg` at the figure's width, anew whenever that, the language or the colours change.
 * @param chart the drawing at a width in CSS pixels; null: nothing yet. @param pace of the calls: `eachFrame` where many come at once.
 * @returns draws it again.
 */
export function drawsChart(
  plot: Plot,
  svg: SVGSVGElement,
  chart: (width: number) => Chart | null,
  pace = (draw: () => void): (() => void) => draw,
): () => void {
  let width = 0;
  const redraw = pace(() => {
    const found = width === 0 ? null : chart(width);
    if (found === null) return;
    svg.setAttribute("viewBox", `0 0 ${String(width)} ${String(found.height)}`);
    svg.replaceChildren(...found.shapes);
    plot.changed();
  });
  onWidth(plot.drawing, (wide) => {
    width = wide;
    redraw();
  });
  redraws(plot.figure, redraw);
  return redraw;
}

/** Calls `draw` in the next frame, once for all requests before it; not while the page is hidden. */
export function eachFrame(draw: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  };
}
