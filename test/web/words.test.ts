/** The page's words: the document asks for none that there are not, and each language says the same things. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withEnglish } from "../../web/build/english.ts";
import { en } from "../../web/i18n/en.ts";
import { wanted } from "../../web/i18n/language.ts";
import { lookUp } from "../../web/i18n/words.ts";
import { zh } from "../../web/i18n/zh.ts";

const html = readFileSync(new URL("../../web/index.html", import.meta.url), "utf8");

test("every element that asks for words gets them, in each language", () => {
  const paths = [...html.matchAll(/data-(?:text|label|hint)="([^"]*)"/g)].map(([, path]) => path ?? "");
  expect(paths.length).toBeGreaterThan(25);
  for (const path of paths) for (const table of [en, zh]) expect(lookUp(table, path)).not.toBe("");
  expect(() => lookUp(en, "page.nothing")).toThrow('no words at "page.nothing"');
});

test("the built document has its English words before any script has run", () => {
  const built = withEnglish(html);
  expect(built).toContain(`<title data-text="page.title">${en.page.title}</title>`);
  expect(built).toContain(`aria-label="${en.net.form}"`);
  expect(built).toContain(`placeholder="${en.own.activationOfFile}"`);
  expect(built).not.toMatch(/data-text="[^"]*"[^>]*><\//);
});

test("an element that asks for words and has some of its own is refused", () => {
  expect(() => withEnglish('<p data-text="page.title">Hello</p>')).toThrow("found a content of its own");
  expect(() => withEnglish('<p data-text="page.nothing"></p>')).toThrow('no words at "page.nothing"');
});

test("no words of Chinese are left in English, and the reverse", () => {
  const texts = (table: object): string[] =>
    Object.values(table).flatMap((value: unknown) =>
      typeof value === "string" ? [value] : typeof value === "object" && value !== null ? texts(value) : [],
    );
  const chinese = /\p{Script=Han}/u;
  const without = texts(zh).filter((text) => !chinese.test(text) && !["f", "：", "，", "English"].includes(text));
  expect(without).toEqual([]);
  expect(texts(en).filter((text) => chinese.test(text))).toEqual(["中文"]);
});

test.each([
  [null, ["zh-CN", "en"], "zh"],
  [null, ["zh-Hant-TW"], "zh"],
  [null, ["fr", "en-GB", "zh"], "en"],
  [null, ["fr"], "en"],
  [null, [], "en"],
  ["zh", ["en"], "zh"],
  ["en", ["zh"], "en"],
  ["xx", ["zh"], "zh"],
  ["constructor", ["zh"], "zh"],
] as const)("an address that asks for %j in a browser that prefers %j gets %j", (asked, preferred, language) => {
  expect(wanted(asked, preferred)).toBe(language);
});
