/** The explanation's words in the language in use. They are loaded with the explanation, not with the page. */
import { language } from "../i18n/language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const TABLES = { en, zh };

export function words(): typeof en {
  return TABLES[language()];
}
