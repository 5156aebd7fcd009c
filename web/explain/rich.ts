/** Sentences with formulas in them, and formulas alone. The formulas are the build's own MathML: the only markup that the page ever parses. */
import type { FormulaName } from "../formulas.ts";
import { FORMULAS } from "../formulas.ts";
import { redraws } from "../i18n/language.ts";

export interface Rich {
  readonly texts: readonly string[];
  /** One between each two texts. */
  readonly formulas: readonly FormulaName[];
}

/** rich`By the chain rule ${"gx"} is …`: the compiler knows the formulas' names. */
export function rich(texts: TemplateStringsArray, ...formulas: FormulaName[]): Rich {
  return { texts, formulas };
}

/** Writes a sentence, again when the language changes. */
export function putRich<T extends Element>(element: T, sentence: () => Rich): T {
  const draw = (): void => {
    const { texts, formulas } = sentence();
    element.replaceChildren(
      ...texts.flatMap((text, i) => (i === 0 ? [text] : [formula(formulas[i - 1] ?? "f"), text])),
    );
  };
  redraws(element, draw);
  draw();
  return element;
}

export function formula(name: FormulaName): Element {
  const template = document.createElement("template");
  template.innerHTML = FORMULAS[name];
  const [math] = template.content.children;
  if (math === undefined) throw new Error(`the formula ${name} is empty`);
  return math;
}

/** A formula on lines of its own; a narrow page scrolls it sideways, by keyboard too. */
export function display(...names: FormulaName[]): HTMLElement {
  const block = document.createElement("div");
  block.className = "formula";
  block.tabIndex = 0;
  for (const name of names) {
    const math = formula(name);
    math.setAttribute("display", "block");
    block.append(math);
  }
  return block;
}
