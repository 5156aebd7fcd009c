/** Elements of the document by id, and new ones. */

/** @throws Error where the document has no such element. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** A link to a file of the page's, to be saved under that name. */
export function download(href: string, name: string): HTMLAnchorElement {
  const link = make("a", "", name);
  [link.href, link.download] = [href, name];
  return link;
}

/** Hands a file to the user. */
export function save(name: string, content: Blob): void {
  const link = make("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The download has its own hold on the blob by the time that a minute is over.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}
