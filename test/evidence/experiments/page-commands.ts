/** The `gpv train` of the protocol's runs, on the sets that stand in examples/experiments. */
import type { Arm, SetName, TaskName } from "./sets.ts";
import { lossOf, TASKS } from "./sets.ts";

/** Inputs and labels or targets of each set. Pixels are whole numbers of 1020ths. */
export const DATA_FILES: Readonly<Record<SetName, readonly [inputs: string, labels: string]>> = {
  digits: ["digits-14x14.npy.gz", "digits-14x14-labels.npy.gz"],
  regression: ["regression.npy.gz", "regression-targets.npy.gz"],
  "random-labels": ["digits-14x14.npy.gz", "digits-14x14-labels.npy.gz"],
};
export const PIXEL_SCALE = 1020;

/** All seeds in one command. @param seeds one after another. */
export function commandOf(
  name: TaskName,
  { optimiser, rate, batch, penalties }: Arm,
  steps: number,
  seeds: readonly number[],
  probed: number,
): string {
  const { data, hidden, activation, weightDecay } = TASKS[name];
  const [inputs, labels] = DATA_FILES[data];
  const [penalty] = penalties;
  const words = [
    ...["npx gradient-penalty-verifier train --engine cpu --inputs", inputs, "--labels", labels],
    ...(data === "regression" ? [] : ["--std", String(PIXEL_SCALE)]),
    ...(data === "random-labels" ? ["--shuffle-labels 1"] : []),
    ...["--held-out 0 --hidden", hidden.join(","), "--activation", activation, "--initialiser glorot"],
    ...["--loss", lossOf(TASKS[name])],
    ...(optimiser === "adam" ? ["--optimiser adam"] : ["--momentum 0"]),
    ...["--learning-rate", String(rate), "--batch", String(batch), "--steps", String(steps)],
    ...(weightDecay === 0 ? [] : ["--weight-decay", String(weightDecay)]),
    ...(penalty === undefined ? [] : ["--penalty", `${penalty.kind}:${String(penalty.factor)}`]),
    ...["--probe-samples", String(probed), "--seed", String(seeds[0] ?? 1), "--seeds", String(seeds.length)],
  ];
  return words.join(" ");
}
