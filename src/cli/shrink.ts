/** `gpv shrink WITNESS.json --output FILE`: 0 reduced and written, 1 the witness does not fail here, 2 a bad file. */
import { FAULTS, withPlanFault } from "../engine/faults.ts";
import { UsageError } from "../network/errors.ts";
import { counted } from "../report/numbers.ts";
import { witnessText } from "../witness/file.ts";
import { parameters, shrinkWitness } from "../witness/shrink.ts";
import type { Arguments } from "./arguments.ts";
import { openEngines } from "./engines.ts";
import { EXIT } from "./exit.ts";
import { checkDistinct, openOutput } from "./files.ts";
import type { Io } from "./io.ts";
import { openWitness } from "./replay.ts";
import { TOOL } from "./version.ts";

export async function shrinkCommand({ values, operand, given }: Arguments, io: Io): Promise<number> {
  const file = operand ?? "";
  if (values.output === null) throw new UsageError("Found no --output: expected --output FILE");
  checkDistinct([
    { option: "witness", file, output: false },
    { option: "output", file: values.output, output: true },
  ]);
  const witness = await openWitness(file);
  const output = openOutput("output", values.output);
  let finished = false;
  try {
    // Without a wish, the kind of engine that the witness came from, unless the fault cannot be planted there.
    const own = values.plant === null || FAULTS[values.plant].engines.includes(witness.engine.kind);
    const engine = given.has("engine") || !own ? values.engine : witness.engine.kind;
    const engines = await openEngines({ ...values, engine, precision: null });
    io.note(`gpv: ${engines.why}`);
    if (values.plant !== null) {
      io.note(`gpv: WARNING: planted fault "${values.plant}" is switched on: ${FAULTS[values.plant].changes}`);
    }
    try {
      const outcome = await shrinkWitness({
        witness,
        engine: engines.engine,
        host: engines.host,
        adjustPlan: (plan) => withPlanFault(plan, values.plant ?? undefined),
        origin: {
          tool: TOOL,
          engine: engines.engine.description,
          settings: { ...witness.settings, plant: values.plant },
          address: null,
        },
        attempts: values.attempts,
        signal: io.signal,
        onProgress: (attempts, left) => io.status?.(`${counted(attempts, "run")}, ${counted(left, "parameter")} left`),
      });
      io.status?.("");
      if (outcome.witness === null) {
        const { plant } = witness.settings;
        const planted = plant === null || plant === values.plant ? "" : `; it was found with --plant ${plant}`;
        await io.out(
          `not reproduced here: the sample is not ${witness.row.verdict} on ${engines.engine.description.adapter}${planted}\n`,
        );
        return EXIT.failed;
      }
      output.write(await witnessText(outcome.witness));
      output.close();
      finished = true;
      const widths = [outcome.witness.input.length, ...outcome.witness.network.layers.map((layer) => layer.outputs)];
      const rest = outcome.finished ? "" : "; stopped before every reduction was tried";
      await io.out(
        `${counted(parameters(witness), "parameter")} to ${counted(parameters(outcome.witness), "parameter")} (${widths.join("-")}) in ${counted(outcome.attempts, "run")}${rest}\n` +
          `still ${outcome.witness.row.verdict}${outcome.witness.row.reason === undefined ? "" : `: ${outcome.witness.row.reason}`}\n` +
          `replay it: gpv replay ${values.output}\n`,
      );
      return io.signal.aborted ? EXIT.interrupted : EXIT.passed;
    } finally {
      engines.dispose();
    }
  } finally {
    if (!finished) output.abandon();
  }
}
