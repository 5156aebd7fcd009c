/** At build time: TeX into MathML, by Temml, for the module of formulas and for elements of the document with data-formula="name". */
import temml from "temml";
import type { Plugin } from "vite";
import { FORMULAS, MACROS } from "../formulas.ts";

export function formulas(): Plugin {
  const module = Object.fromEntries(Object.entries(FORMULAS).map(([name, tex]) => [name, mathml(tex, false)]));
  return {
    name: "formulas",
    load: (id) => (id.endsWith("/web/formulas.ts") ? `export const FORMULAS = ${JSON.stringify(module)};` : null),
    transformIndexHtml: withFormulas,
  };
}

/** @throws RangeError where the document asks for a formula that there is not. */
export function withFormulas(html: string): string {
  return html.replaceAll(/data-formula="(\w+)">/g, (whole, name: string) => {
    const tex = (FORMULAS as Readonly<Record<string, string>>)[name];
    if (tex === undefined) throw new RangeError(`no formula "${name}"`);
    return whole + mathml(tex, true);
  });
}

/**
 * MathML of a formula, without styles or classes: the page's own style sheet is all that its security policy allows.
 * @throws Error where the TeX is wrong.
 */
export function mathml(tex: string, isBlock: boolean): string {
  const markup = temml.renderToString(tex, { displayMode: isBlock, throwOnError: true, macros: { ...MACROS } });
  return markup.replaceAll(/ (?:style|class)="[^"]*"/g, "");
}
