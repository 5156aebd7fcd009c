/** The learning rate of each step. */
import { cos } from "../network/elementary.ts";
import type { TrainingSettings } from "./settings.ts";

type Rates = Pick<TrainingSettings, "learningRate" | "schedule" | "warmUp" | "steps">;

/**
 * The rate of step s = 0, 1, …: learningRate · min(1, (s + 1)/warmUp) · what the schedule says, of S steps
 *
 *     constant 1,   cosine ½(1 + cos(π (s − w)/(S − w))) from the warm-up's end w on,   step factor^⌊s/every⌋.
 */
export function learningRateAt({ learningRate, schedule, warmUp, steps }: Rates, step: number): number {
  const rising = step < warmUp ? (step + 1) / warmUp : 1;
  return learningRate * rising * scheduled();

  function scheduled(): number {
    switch (schedule.kind) {
      case "constant":
        return 1;
      case "cosine":
        return step < warmUp ? 1 : 0.5 * (1 + cos((Math.PI * (step - warmUp)) / Math.max(1, steps - warmUp)));
      case "step": {
        let factor = 1;
        for (let k = Math.floor(step / schedule.every); k > 0; k--) factor *= schedule.factor;
        return factor;
      }
    }
  }
}
