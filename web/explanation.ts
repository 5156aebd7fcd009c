/** The way to the explanation (?view=explanation) and back. The explanation itself is fetched when it is first asked for. */
import type { PageRequest } from "../src/worker/client.ts";
import { ofAddress, toAddress } from "./controls/address.ts";
import type { Explanation } from "./explain/view.ts";
import { put } from "./i18n/language.ts";

export interface Follower {
  /** What the page runs now: what the explanation's numbers are about. */
  readonly follow: (request: PageRequest) => void;
}

/** @param button leads there and back, @param place is where it is shown, beside the run and in its stead. */
export function offerExplanation(button: HTMLButtonElement, place: HTMLElement): Follower {
  let running: PageRequest | null = null;
  let explanation: Promise<Explanation> | null = null;
  let isOpen = ofAddress("view") === "explanation";

  const show = async (): Promise<void> => {
    place.hidden = !isOpen;
    place.parentElement?.classList.toggle("explaining", isOpen);
    put(button, (m) => (isOpen ? m.page.run : m.page.explanation));
    if (!isOpen || running === null) return;
    const request = running;
    explanation ??= import("./explain/view.ts").then(({ createExplanation }) => createExplanation(place));
    await (await explanation).show(request);
  };
  button.addEventListener("click", () => {
    isOpen = !isOpen;
    toAddress(isOpen ? { view: "explanation" } : { view: null, sample: null });
    void show();
  });
  void show();
  return {
    follow(request) {
      running = request;
      void show();
    },
  };
}
