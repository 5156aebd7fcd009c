/** Views that stand in the run's stead, one at a time (?view=NAME), each with a button that leads there and back. */
import { ofAddress, toAddress } from "./controls/address.ts";
import type { Say } from "./i18n/language.ts";
import { put } from "./i18n/language.ts";

export interface SideView {
  readonly name: string;
  readonly button: HTMLButtonElement;
  /** Where it is shown; hidden while it is not. */
  readonly place: HTMLElement;
  readonly label: Say;
  /** Settings in the address that are its own. */
  readonly settings: readonly string[];
  /** It has been opened. */
  readonly show: () => void;
}

export function offerViews(views: readonly SideView[]): void {
  let open = ofAddress("view");
  const show = (): void => {
    for (const { name, button, place, label, show: showOne } of views) {
      const isOpen = name === open;
      place.hidden = !isOpen;
      put(button, (m) => (isOpen ? m.page.run : label(m)));
      if (isOpen) showOne();
    }
    const isAny = views.some(({ name }) => name === open);
    document.querySelector("main")?.classList.toggle("aside", isAny);
  };
  for (const { name, button } of views) {
    button.addEventListener("click", () => {
      open = open === name ? null : name;
      const closed = views.filter((view) => view.name !== open).flatMap(({ settings }) => settings);
      toAddress({ ...Object.fromEntries(closed.map((setting) => [setting, null])), view: open });
      show();
    });
  }
  show();
}
