/** Progress, time left, and what can be done to the run under way: pause, resume, stop, again. */
import type { Progress } from "../../src/worker/client.ts";
import { duration } from "../../src/report/numbers.ts";
import { element } from "../dom.ts";
import type { Text } from "../i18n/language.ts";
import { grouped, messages, put, putAttribute } from "../i18n/language.ts";

export interface RunBar {
  /** A run begins; nothing can be done to it before it is under way. */
  readonly begin: () => void;
  readonly progress: (progress: Progress) => void;
  /** @param samples examined; @param say what came of it. */
  readonly end: (samples: number, say: Text) => void;
}

export interface RunActions {
  readonly again: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
}

export function createRunBar(actions: RunActions): RunBar {
  const bar = element("progress", HTMLProgressElement);
  // The status is read out, so it says what has happened; what changes ten times a second stands beside it.
  const [status, running] = [element("status", HTMLParagraphElement), element("running", HTMLParagraphElement)];
  const pause = element("pause", HTMLButtonElement);
  const stop = element("stop", HTMLButtonElement);
  const again = element("again", HTMLButtonElement);
  let isPaused = false;
  let isUnderWay = false;
  const showPause = (): void => {
    put(pause, (m) => (isPaused ? m.run.resume : m.run.pause));
    if (isPaused) put(status, (m) => m.run.paused);
  };
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    showPause();
    if (isPaused) actions.pause();
    else {
      put(status, (m) => m.run.goesOn);
      actions.resume();
    }
  });
  stop.addEventListener("click", actions.stop);
  again.addEventListener("click", actions.again);
  return {
    begin() {
      isPaused = false;
      isUnderWay = false;
      showPause();
      for (const control of [pause, stop]) control.disabled = false;
      again.disabled = true;
      delete status.dataset["done"];
      put(status, (m) => m.run.loading);
      put(running, "");
      bar.removeAttribute("value");
    },
    progress({ done, total, elapsedMs, recoveries }) {
      bar.max = total;
      bar.value = done;
      putAttribute(bar, "aria-valuetext", (m) => m.run.progress(grouped(done), grouped(total)));
      const leftMs = done > 0 ? (elapsedMs * (total - done)) / done : null;
      const left = leftMs === null || done === total ? null : duration(leftMs);
      put(running, (m) =>
        [
          m.run.progress(grouped(done), grouped(total)),
          ...(left === null ? [] : [m.run.left(left)]),
          ...(recoveries === 0 ? [] : [m.run.recovered(recoveries)]),
        ].join(messages().page.comma),
      );
      // Said once: a screen reader repeats what is written again.
      if (!isPaused && !isUnderWay) put(status, (m) => m.run.underWay);
      isUnderWay = true;
    },
    end(samples, say) {
      for (const control of [pause, stop]) control.disabled = true;
      again.disabled = false;
      isPaused = false;
      showPause();
      put(running, "");
      put(status, say);
      if (!bar.hasAttribute("value")) bar.value = 0;
      status.dataset["done"] = String(samples);
    },
  };
}
