/** The files that say what is verified: the network, and the head's numbers. */
import { readModel } from "../formats/read.ts";
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { checkNetwork, outputWidth } from "../network/network.ts";
import type { Arguments } from "./arguments.ts";
import { openData, reading } from "./data-files.ts";
import { makeHead } from "./heads.ts";
import type { Inputs } from "./inputs.ts";
import type { Io } from "./io.ts";

/** The network, and what was taken for granted of its file: said on stderr, and kept for the report. */
export async function openModel(
  bytes: Uint8Array,
  file: string,
  args: Arguments,
  io: Io,
): Promise<{ network: Network; notes: readonly string[] }> {
  const { activation, layers, layout } = args.values;
  const notes: string[] = [];
  const { note } = reading(args, io);
  const network = await readModel(bytes, file, {
    note: (line) => {
      notes.push(line.replace(`${file}: `, ""));
      note(line);
    },
    ...(activation === null ? {} : { activation: activation.join(",") }),
    ...(layers === null ? {} : { layers }),
    ...(layout === null ? {} : { layout }),
  });
  checkNetwork(network, file);
  return { network, notes };
}

/** The head, its file read; of targets for each row of the inputs, those of `--rows`. */
export async function openHead(args: Arguments, network: Network, inputs: Inputs, io: Io): Promise<Head> {
  const spec = args.values.head;
  const outputs = outputWidth(network);
  if (spec.kind === "ready") return makeHead(spec, outputs, inputs.samples, null);
  const { rows, columns, read } = await openData(spec.file, null, reading(args, io));
  const isPart = inputs.file !== null && rows === inputs.file.rows;
  const [first, count] = isPart ? [inputs.file.start, inputs.samples] : [0, rows];
  return makeHead(spec, outputs, inputs.samples, { rows: count, columns, values: read(first, count) });
}
