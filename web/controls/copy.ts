/** A button that puts a command on the clipboard. */
import { put } from "../i18n/language.ts";

/** @param said where it says that it has. */
export function offerCopy(button: HTMLButtonElement, code: HTMLElement, said: HTMLElement): void {
  button.addEventListener("click", () => {
    // Browsers give the clipboard to pages in a secure context only.
    const clipboard = (navigator as { readonly clipboard?: Clipboard }).clipboard;
    getSelection()?.selectAllChildren(code);
    if (clipboard === undefined) put(said, (m) => m.command.selected);
    else void clipboard.writeText(code.textContent).then(() => put(said, (m) => m.command.copied));
  });
}
