/** What training does to both penalties: fetched when it is first asked for. */
import { put } from "./i18n/language.ts";
import type { SideView } from "./side-views.ts";

export function experimentsView(button: HTMLButtonElement, place: HTMLElement): SideView {
  let isMade = false;
  const show = async (): Promise<void> => {
    if (isMade) return;
    isMade = true;
    try {
      const { createExperiments } = await import("./experiments/view.ts");
      await createExperiments(place);
    } catch (error) {
      isMade = false;
      place.replaceChildren(put(document.createElement("p"), error instanceof Error ? error.message : String(error)));
    }
  };
  return {
    ...{ name: "experiments", button, place, label: (m) => m.page.experiments, settings: ["runs"] },
    show: () => void show(),
  };
}
