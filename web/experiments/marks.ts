/** Marks that differ in shape as well as in colour, and the key that says what each stands for. */
import { make } from "../dom.ts";
import type { Say } from "../i18n/language.ts";
import { put } from "../i18n/language.ts";
import { draw } from "../plots/svg.ts";

/** Of about the same area, around the origin. */
const SHAPES = [
  "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
  "M-3.5,-3.5h7v7h-7Z",
  "M0,-5L5,0L0,5L-5,0Z",
  "M0,-4.6L4.6,3.6H-4.6Z",
  "M0,4.6L4.6,-3.6H-4.6Z",
  "M-4.5,-1.5h9v3h-9Z",
] as const;

/** @param series at most six. */
export function shape(series: number, x: number, y: number): SVGElement {
  const at = `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  return draw("path", { class: `layer-${String(series)}`, d: SHAPES[series] ?? SHAPES[0], transform: at });
}

export function key(names: readonly Say[]): HTMLElement {
  const list = make("ul", "legend");
  names.forEach((name, i) => {
    const sign = draw("svg", { width: 14, height: 12, viewBox: "-7 -6 14 12", "aria-hidden": "true" }, shape(i, 0, 0));
    list.append(make("li", "", sign, put(make("span"), name)));
  });
  return list;
}
