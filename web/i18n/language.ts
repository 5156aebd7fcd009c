/**
 * The page's language: what the address asks for (?lang=), else the first of the browser's that the page has, else English.
 *
 * A view hands over what is to be said rather than a string: `put(cell, (m) => m.table.layer)`. When the language is switched, everything
 * that stands in the document is said again, in place, and no run is lost. The language in use is <html lang> and nothing else.
 * An element that was given words is written by `put` alone from then on, or the switch would bring back its old ones.
 */
import type { Messages } from "./en.ts";
import { en } from "./en.ts";
import { lookUp } from "./words.ts";
import { zh } from "./zh.ts";

const TABLES = { en, zh };
const TAGS = { en: "en", zh: "zh-Hans" } as const;
export type Language = keyof typeof TABLES;

/** Words that depend on the language. */
export type Say = (messages: Messages) => string;
/** The same in every language (numbers, names of files), or words. */
export type Text = string | Say;

/** What is to be said again of an element: its text, its attributes by name, its drawing. */
const sayings = new WeakMap<Element, Map<string, () => void>>();

/** The words of the language in use. */
export function messages(): Messages {
  return TABLES[language()];
}

export function language(): Language {
  return document.documentElement.lang === TAGS.zh ? "zh" : "en";
}

/** Writes the text of an element, as text and never as markup. */
export function put<T extends Element>(element: T, text: Text): T {
  say(element, "text", text, (said) => (element.textContent = said));
  return element;
}

/** Writes an attribute of an element. */
export function putAttribute<T extends Element>(element: T, name: string, text: Text): T {
  say(element, `attribute ${name}`, text, (said) => element.setAttribute(name, said));
  return element;
}

/** Has `draw` called again when the language changes: for what is drawn with words in it. */
export function redraws(element: Element, draw: () => void): void {
  sayingsOf(element).set("drawing", draw);
}

function say(element: Element, what: string, text: Text, write: (said: string) => void): void {
  if (typeof text === "string") {
    sayings.get(element)?.delete(what);
    write(text);
    return;
  }
  const again = (): void => write(text(messages()));
  sayingsOf(element).set(what, again);
  again();
}

function sayingsOf(element: Element): Map<string, () => void> {
  const own = sayings.get(element) ?? new Map<string, () => void>();
  sayings.set(element, own);
  return own;
}

/** Thousands are grouped alike in both languages. */
export function grouped(n: number): string {
  return n.toLocaleString("en");
}

/** Chooses the language, gives the document's own elements their words, and hands the switch its work. Once. */
export function startLanguage(button: HTMLButtonElement): void {
  use(wanted(new URL(location.href).searchParams.get("lang"), navigator.languages));
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    put(element, (m) => lookUp(m, element.dataset["text"] ?? ""));
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    putAttribute(element, "aria-label", (m) => lookUp(m, element.dataset["label"] ?? ""));
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-hint]")) {
    putAttribute(element, "placeholder", (m) => lookUp(m, element.dataset["hint"] ?? ""));
  }
  putAttribute(button, "lang", () => TAGS[other()]);
  button.addEventListener("click", () => {
    const next = other();
    const address = new URL(location.href);
    address.searchParams.set("lang", next);
    history.replaceState(null, "", address);
    use(next);
    for (const element of document.querySelectorAll("*"))
      for (const again of sayings.get(element)?.values() ?? []) again();
  });
}

function other(): Language {
  return language() === "en" ? "zh" : "en";
}

function use(chosen: Language): void {
  document.documentElement.lang = TAGS[chosen];
}

/** What the address asks for, else the first of the browser's languages that there is, else English. */
export function wanted(asked: string | null, preferred: readonly string[]): Language {
  for (const wish of [asked ?? "", ...preferred]) {
    const [name = ""] = wish.toLowerCase().split("-");
    if (name === "en" || name === "zh") return name;
  }
  return "en";
}
