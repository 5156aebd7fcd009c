/** The explanation beside the run: fetched when it is first asked for, and about what the page runs now. */
import type { PageRequest } from "../src/worker/client.ts";
import type { Explanation } from "./explain/view.ts";
import type { SideView } from "./side-views.ts";

export interface Follower {
  /** What the page runs now: what the explanation's numbers are about. */
  readonly follow: (request: PageRequest) => void;
}

export function explanationView(button: HTMLButtonElement, place: HTMLElement): SideView & Follower {
  let running: PageRequest | null = null;
  let explanation: Promise<Explanation> | null = null;

  const show = async (): Promise<void> => {
    if (place.hidden || running === null) return;
    const request = running;
    explanation ??= import("./explain/view.ts").then(({ createExplanation }) => createExplanation(place));
    await (await explanation).show(request);
  };
  return {
    ...{ name: "explanation", button, place, label: (m) => m.page.explanation, settings: ["sample"] },
    show: () => void show(),
    follow(request) {
      running = request;
      void show();
    },
  };
}
