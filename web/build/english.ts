/** At build time: the document's English words, so that it has them before any script has run. The script says them again, in the language wanted. */
import type { Plugin } from "vite";
import { en } from "../i18n/en.ts";
import { lookUp } from "../i18n/words.ts";

export function english(): Plugin {
  return { name: "english", transformIndexHtml: withEnglish };
}

/** @throws RangeError where the document asks for words that there are not, Error where an element with data-text has a content of its own. */
export function withEnglish(html: string): string {
  return html
    .replaceAll(/<(\w+)([^<>]*\sdata-text="([\w.]+)"[^<>]*)>([^<]*)(<\/\1\s*>)?/g, (...match: string[]) => {
      const [, name = "", attributes = "", path = "", content = "", end] = match;
      if (content.trim() !== "" || end === undefined)
        throw new Error(`data-text="${path}": found a content of its own`);
      return `<${name}${attributes}>${escaped(lookUp(en, path))}${end}`;
    })
    .replaceAll(
      /\sdata-label="([\w.]+)"/g,
      (whole, path: string) => `${whole} aria-label="${escaped(lookUp(en, path))}"`,
    )
    .replaceAll(
      /\sdata-hint="([\w.]+)"/g,
      (whole, path: string) => `${whole} placeholder="${escaped(lookUp(en, path))}"`,
    );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
