/**
 * HTML as values: what a template's author wrote is markup, whatever is put into it is text and gets escaped. Nothing else makes
 * markup, so that no file name, setting or driver's message can leave its place.
 */
import { withoutSteering } from "../network/printable.ts";

export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Part[] | null;

/** Markup from a template literal; text is escaped, lists are joined, null is nothing. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: template.reduce((whole, piece, i) => whole + written(parts[i - 1] ?? null) + piece) };
}

function written(part: Part): string {
  if (part === null) return "";
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return isList(part) ? part.map(written).join("") : part.markup;
}

function isList(part: Markup | readonly Part[]): part is readonly Part[] {
  return Array.isArray(part);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For element content and for quoted attributes. Control characters, which HTML has no place for, become U+FFFD; what turns the
 * direction of writing or hides is shown by its code, \u202e. */
export function escaped(text: string): string {
  return withoutSteering(
    text.replace(/[^\t\n\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD"),
  ).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

/** A whole page: no script, nothing fetched, which the policy in it makes the browser keep to. */
export function page(title: string, body: Markup): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${{ markup: STYLE }}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.markup
  }\n`;
}

type Cell = string | Markup;

/** A table that scrolls sideways on a narrow page, by keyboard too. The first cell of a row heads it; `texts`: columns that are no numbers. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  texts: readonly number[] = [],
): Markup {
  const kind = (i: number): string => (texts.includes(i) ? "text" : "number");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((name, i) => html`<th scope="col" class="${kind(i)}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) =>
                i === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(i)}">${cell}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Names with their values. */
export function facts(pairs: readonly (readonly [string, Cell])[]): Markup {
  return html`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function section(title: string, ...content: readonly (Markup | null)[]): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

/** Numbers of a plot, folded away. */
export function folded(summary: string, content: Markup): Markup {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}

const STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2330, #e6e9ef);
  --quiet: light-dark(#5a6474, #a0a9b8);
  --paper: light-dark(#fbfbf9, #14181f);
  --card: light-dark(#ffffff, #1d232d);
  --line: light-dark(#dcdfe5, #333b48);
  --holds: light-dark(#1b6e4b, #6fd3a4);
  --tight: light-dark(#2456a6, #8ab6ff);
  --violated: light-dark(#a8261c, #ff9a8f);
  --unresolved: light-dark(#8a5a00, #f0c067);
  --invalid: light-dark(#5a6474, #a0a9b8);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2.2rem 0 0.5rem; font-size: 1.15rem; }
h3 { margin: 1.2rem 0 0.2rem; font-size: 1rem; }
p { margin: 0.5rem 0; max-width: 46rem; }
.quiet, caption, figcaption, dt, footer { color: var(--quiet); }
.lead { font-size: 1.1rem; }
.alarm { padding: 0.6rem 0.9rem; border: 1px solid var(--violated); border-inline-start-width: 6px; border-radius: 8px; background: var(--card); }
.bad { color: var(--violated); font-weight: 600; }
math { margin: 0.8rem 0; font-size: 1.15rem; max-width: 100%; overflow-x: auto; }
.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.6rem; margin: 0.6rem 0; }
.verdicts div { padding: 0.5rem 0.8rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.verdicts dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.verdicts dd.meaning { font-size: 0.8rem; color: var(--quiet); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 0.5rem 1.2rem; margin: 0.6rem 0; }
.facts dd { margin: 0; }
.scroll { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: start; padding-bottom: 0.3rem; }
th, td { padding: 0.25rem 0.6rem 0.25rem 0; border-bottom: 1px solid var(--line); text-align: end; vertical-align: top; white-space: nowrap; }
th { font-weight: 600; }
tbody th, .text, thead th:first-child { text-align: start; }
td.text { white-space: normal; min-width: 16rem; }
code { font-size: 0.9em; }
td code { white-space: nowrap; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 0.8rem; }
figure { margin: 0.5rem 0; max-width: 34rem; min-width: 0; }
figcaption { font-size: 0.9rem; }
figure svg { display: block; width: 100%; height: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
svg text { fill: var(--quiet); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--line); }
.range { stroke: var(--tight); stroke-width: 2; }
.box { fill: var(--tight); opacity: 0.3; }
.middle { fill: var(--tight); }
.dot { fill: var(--unresolved); opacity: 0.6; }
.curve { fill: none; stroke: var(--tight); stroke-width: 2; }
.line { fill: none; stroke: currentColor; stroke-width: 1.8; }
.line.dashed { stroke-dasharray: 5 3; }
.c0 { color: var(--tight); } .c1 { color: var(--unresolved); } .c2 { color: var(--holds); } .c3 { color: var(--violated); } .c4 { color: var(--invalid); }
svg text.key { fill: currentColor; }
.first { fill: var(--tight); }
.second { fill: var(--unresolved); }
.share { display: block; width: 100%; height: 1.1rem; border-radius: 6px; background: var(--card); }
.holds { fill: var(--holds); } .tight { fill: var(--tight); } .violated { fill: var(--violated); }
.unresolved { fill: var(--unresolved); } .invalid { fill: var(--invalid); }
summary { cursor: pointer; color: var(--quiet); font-size: 0.9rem; }
footer { margin-top: 2.5rem; font-size: 0.85rem; }
@page { size: A4; margin: 14mm; }
@media print {
  :root { color-scheme: light; --paper: #fff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  figure, tr, .verdicts, .alarm { break-inside: avoid; }
  .plots { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  td.text { min-width: 0; }
  td code { white-space: normal; }
  .verdicts { grid-template-columns: repeat(5, 1fr); }
  th, td { padding-inline-end: 0.4rem; }
  details { display: none; }
}
`;
