/**
 * Text from a file or an argument, made fit for a message of one line: what a terminal would obey or hide (control characters, line and
 * paragraph separators, marks that turn the direction of text, halves of surrogate pairs) is written as its code point, \u{1b}.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Characters of one piece of foreign text that a message has room for. */
const LONGEST = 80;

/** Foreign text on its way into a message: escaped, and cut to 80 characters with "…" where it is longer. */
export function printable(text: string): string {
  // A character is at most two code units: no more than that is looked at, however long the text is.
  const characters = Array.from(text.slice(0, 2 * LONGEST + 2));
  const isLong = characters.length > LONGEST;
  return escaped(isLong ? `${characters.slice(0, LONGEST - 1).join("")}…` : text);
}

/**
 * Text on its way to a terminal, line breaks and tabs left: what steers it is written as JSON would, \u001b, so that JSON stays what it was.
 */
export function withoutSteering(text: string): string {
  return text.replace(UNPRINTABLE, (found) => {
    if (found === "\n" || found === "\t") return found;
    const units = Array.from({ length: found.length }, (_, i) => found.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

/** A whole message: escaped, not cut. */
export function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
