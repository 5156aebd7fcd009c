/** The experiments' words in the language in use. They are loaded with the experiments, not with the page. */
import { language } from "../i18n/language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const TABLES = { en, zh };

export function words(): typeof en {
  return TABLES[language()];
}

/** A word of the protocol's rules; one that the page does not know stays as it is. */
export function ruled(word: string): string {
  return (words().verdict as Readonly<Record<string, string>>)[word] ?? word;
}

/** A series' name: a symbol, or words. */
export function seriesName(name: string): string {
  const said = (words().series as Readonly<Record<string, string>>)[name];
  if (said !== undefined) return said;
  const [, letter = "", layer = ""] = /^([hWJ])_(\w+)$/.exec(name) ?? [];
  if (letter === "") return name;
  return `‖${letter}${Array.from(layer, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)] ?? digit).join("")}‖`;
}
