/**
 * `gpv shrink WITNESS.json --output FILE [--repro FILE.html]`: 0 reduced and written, 1 the witness does not fail here (or no kernel of it by
 * itself, where a page is wanted), 2 a bad file.
 */
import { deviationText } from "../conformance/expected.ts";
import { guiltyCall } from "../conformance/stages.ts";
import { FAULTS } from "../engine/faults.ts";
import { withPlanFault } from "../engine/plan-faults.ts";
import { UsageError } from "../network/errors.ts";
import { counted } from "../report/numbers.ts";
import { witnessText } from "../witness/file.ts";
import { parameters, shrinkWitness } from "../witness/shrink.ts";
import type { Witness } from "../witness/witness.ts";
import type { Arguments } from "./arguments.ts";
import { openEngines, restartFirst } from "./engines.ts";
import { EXIT } from "./exit.ts";
import { reading } from "./files.ts";
import type { Output } from "./outputs.ts";
import { closeAll, openOutput } from "./outputs.ts";
import type { Io } from "./io.ts";
import { openWitness } from "./replay.ts";
import { shellWord } from "./shell.ts";
import { checkDistinct } from "./same-file.ts";
import { writeRepro } from "./repro.ts";
import { TOOL } from "./version.ts";

export async function shrinkCommand({ values, operand, given }: Arguments, io: Io): Promise<number> {
  const file = operand ?? "";
  if (values.output === null) throw new UsageError("Found no --output: expected --output FILE");
  checkDistinct([
    { option: "witness", file, output: false },
    { option: "output", file: values.output, output: true },
    { option: "repro", file: values.repro, output: true },
  ]);
  if (given.has("engine")) await restartFirst(values);
  const witness = await openWitness(file, reading(io, values.maxMemory));
  const output = openOutput("output", values.output);
  let page: Output | null = null;
  let finished = false;
  try {
    page = values.repro === null ? null : openOutput("repro", values.repro);
    // Without a wish, the kind of engine that the witness came from, unless the fault cannot be planted there.
    const own = values.plant === null || FAULTS[values.plant].engines.includes(witness.engine.kind);
    const engine = given.has("engine") || !own ? values.engine : witness.engine.kind;
    const engines = await openEngines({ ...values, engine, precision: null });
    if (page !== null && engines.engine.description.kind === "cpu") {
      engines.dispose();
      throw new UsageError(
        `--repro ${values.repro ?? ""}: engine cpu runs no WGSL kernel, so there is none to show; expected a witness of engine webgpu, or --engine webgpu`,
      );
    }
    io.note(`gpv: ${engines.why}`);
    if (values.plant !== null) {
      io.note(`gpv: WARNING: planted fault "${values.plant}" is switched on: ${FAULTS[values.plant].changes}`);
    }
    try {
      const outcome = await shrinkWitness({
        witness,
        engine: engines.engine,
        host: engines.host,
        adjustPlan: (plan) => withPlanFault(plan, values.plant),
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
      const lost = closeAll([output]);
      finished = true;
      const widths = [outcome.witness.input.length, ...outcome.witness.network.layers.map((layer) => layer.outputs)];
      const rest = outcome.finished ? "" : "; stopped before every reduction was tried";
      await io.out(
        `${counted(parameters(witness), "parameter")} to ${counted(parameters(outcome.witness), "parameter")} (${widths.join("-")}) in ${counted(outcome.attempts, "run")}${rest}\n` +
          `still ${outcome.witness.row.verdict}${outcome.witness.row.reason === undefined ? "" : `: ${outcome.witness.row.reason}`}\n` +
          (lost === null ? `replay it: gpv replay ${shellWord(values.output)}\n` : ""),
      );
      if (lost !== null) throw lost;
      const shown = page === null || (await showKernel(outcome.witness, page, values, io));
      if (io.signal.aborted) return EXIT.interrupted;
      return shown ? EXIT.passed : EXIT.failed;
    } finally {
      engines.dispose();
    }
  } finally {
    if (!finished) output.abandon();
    page?.abandon();
  }
}

/** Writes the page of the kernel call that the witness accuses. False where there is none to show; said on stdout. */
async function showKernel(
  witness: Witness,
  page: Output,
  { plant, adapter, repro }: Arguments["values"],
  io: Io,
): Promise<boolean> {
  const place = `--repro ${repro ?? ""}: not written`;
  if (witness.engine.precision === "f64") {
    await io.out(`${place}: the sample overflowed and was measured on the host, where no kernel runs\n`);
    return false;
  }
  const guilty = guiltyCall(witness, plant ?? undefined);
  if (guilty === null) {
    await io.out(`${place}: every stored stage follows from the one before, so no single kernel is to blame\n`);
    return false;
  }
  const widths = [witness.input.length, ...witness.network.layers.map((layer) => layer.outputs)];
  const story =
    `It was found in ${guilty.stage} of a ${widths.join("-")} network, the smallest that showed it: ${deviationText(guilty.deviation)}. ` +
    `The sample stands in each of the call's columns.`;
  return writeRepro(guilty.call, page, { plant, adapter, story, place, done: `the kernel alone: ${repro ?? ""}` }, io);
}
