/** How deep foreign JSON is nested, before anything walks it: a walk that calls itself has no room for 100,000 levels. */
import { FormatError } from "../network/errors.ts";

/** No document of the program's schemas is deeper than a dozen levels. */
const DEEPEST = 64;

/** @throws FormatError where brackets outside of strings are nested deeper than any document of ours. */
export function checkDepth(text: string, source: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (quoted) {
      if (char === 0x5c) i++;
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > DEEPEST) {
        throw new FormatError(
          `${source}: found lists and objects nested more than ${String(DEEPEST)} deep, expected a dozen levels at most`,
        );
      }
    } else if (char === 0x5d || char === 0x7d) depth--;
  }
}
