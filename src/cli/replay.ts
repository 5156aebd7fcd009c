/** `gpv replay WITNESS.json [--exact]`: 0 the verdict is confirmed, 1 refuted, 2 a bad file. */
import { createCpuEngine } from "../engine/cpu/engine.ts";
import { exactText, replayText } from "../report/replay.ts";
import { replayExactly } from "../witness/exact.ts";
import { readWitness } from "../witness/file.ts";
import { replayWitness } from "../witness/replay.ts";
import type { Witness } from "../witness/witness.ts";
import type { Arguments } from "./arguments.ts";
import { EXIT } from "./exit.ts";
import type { Reading } from "./files.ts";
import { readText, reading } from "./files.ts";
import { baseName } from "./inputs.ts";
import type { Io } from "./io.ts";
import { runtimeName } from "./runtime/gpu.ts";

export async function replayCommand({ values, operand }: Arguments, io: Io): Promise<number> {
  // Nothing of a replay is kept before its end, and exact arithmetic takes no turns: an interruption ends the process itself.
  io.detach();
  const file = operand ?? "";
  const witness = await openWitness(file, reading(io, values.maxMemory));
  const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
  const replay = await replayWitness(witness, host);
  const { kind, precision, adapter, runtime } = witness.engine;
  await io.out(
    replayText({
      source: baseName(file),
      widths: [witness.input.length, ...witness.network.layers.map((layer) => layer.outputs)],
      head: witness.head.kind,
      engine: `${kind} ${precision}, ${adapter}, ${runtime}`,
      index: witness.index,
      plant: witness.settings.plant,
      claimed: witness.row,
      ...replay,
    }),
  );
  if (values.exact === null) return replay.confirmed ? EXIT.passed : EXIT.failed;
  const { exact, agrees, finding, otherSlopes } = replayExactly(witness);
  await io.out(
    exactText({
      agrees,
      finding,
      otherSlopes,
      lhs: exact.total.lhs,
      rhs: exact.total.rhs,
      layers: exact.layers.map(({ layer, outcome, tightness }) => ({ layer, outcome: outcome.kind, ...tightness })),
    }),
  );
  // A violation is confirmed by the stored values; that network and input do not have it is what makes it one.
  const confirmed = replay.confirmed && (agrees || witness.row.verdict === "violated");
  return confirmed ? EXIT.passed : EXIT.failed;
}

/** @throws FormatError, ModelError */
export async function openWitness(file: string, own: Reading): Promise<Witness> {
  return readWitness(await readText(file, own), file);
}
