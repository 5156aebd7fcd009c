/** `gpv verify --address SEED:STREAM:INDEX`: one case of a sweep, made again alone from the sweep's grid. */
import type { VerifyRequest } from "../pipeline/verify.ts";
import { UsageError } from "../network/errors.ts";
import type { CaseAddress } from "../sweep/case.ts";
import { caseRequest, formatAddress } from "../sweep/case.ts";
import { cellsOf } from "../sweep/grid.ts";
import type { Arguments } from "./arguments.ts";
import { checkDistinct, witnessFiles } from "./same-file.ts";
import type { FlagKey } from "./flags.ts";
import { FLAGS } from "./flags.ts";
import type { Io } from "./io.ts";
import { gridsOf } from "./sweep-options.ts";
import { TOOL } from "./version.ts";

/** What the address decides, and no other option may. */
const DECIDED: readonly FlagKey[] = [
  ...(["model", "activation", "layers", "inputs", "array", "mean", "std", "random", "distribution", "scale"] as const),
  ...(["seed", "labels"] as const),
];

/** @throws UsageError */
export function checkCaseOptions({ values, given }: Arguments): void {
  const decided = DECIDED.find((key) => given.has(key));
  if (decided !== undefined) {
    throw new UsageError(`Found --${FLAGS[decided].name} with --address: the address decides it; leave it out`);
  }
  checkDistinct([
    { option: "grid", file: values.grid, output: false },
    { option: "report", file: values.report, output: true },
    { option: "samples", file: values.samples, output: true },
    { option: "html", file: values.html, output: true },
    witnessFiles(values.witnesses),
  ]);
}

/** What verify() is asked for. @throws UsageError for an address past the grid's end. */
export async function caseRun(
  args: Arguments,
  address: CaseAddress,
  io: Io,
): Promise<Omit<VerifyRequest, "engine" | "host">> {
  const { values } = args;
  const wanted =
    args.values.grid === null && values.preset === null
      ? { ...args, values: { ...values, preset: "smoke" as const } }
      : args;
  const grids = await gridsOf(wanted, io);
  if (grids === null) throw new UsageError("Found --address without --preset or --grid");
  const cells = cellsOf(grids.grids, grids.source);
  const cell = cells.ofNetwork(address.network);
  if (cell === undefined) {
    const { networks } = cells;
    throw new UsageError(
      `--address ${formatAddress(address)}: found network ${String(address.network)}, expected 0 … ${String(networks - 1)}: ${grids.source} has ${String(networks)} networks`,
    );
  }
  const { accuracy, normMethod, certify, audit, plant } = values;
  return {
    ...caseRequest(cell, address.seed, address.network, address.sample, 1),
    accuracy,
    normMethod,
    audit,
    certify,
    plant,
    signal: io.signal,
    clock: io.now,
    description: {
      tool: TOOL,
      modelSource: `network ${String(address.network)} of the ${grids.source.startsWith("preset") ? grids.source : "grid"}`,
      headName: cell.head,
      settings: {
        address: formatAddress(address),
        ...{ architecture: cell.architecture, accuracy, normMethod, certify, audit },
      },
      modelSha256: null,
      inputsSha256: null,
      startedAt: io.date(),
      plant,
    },
  };
}
