/** Words by their place in the tables, for elements that name theirs in the document: data-text="page.title". */
import type { Messages } from "./en.ts";

/** The words at a path such as "page.title". @throws RangeError where there are none. */
export function lookUp(messages: Messages, path: string): string {
  const [section = "", key = ""] = path.split(".");
  const found = (messages as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[section]?.[key];
  if (typeof found !== "string") throw new RangeError(`no words at "${path}"`);
  return found;
}
