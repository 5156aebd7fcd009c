/** `--preset`, `--grid` and what may narrow them → the grids of a sweep. */
import { parse } from "yaml";
import { DEFAULT_AUDIT } from "../pipeline/drawn.ts";
import { checkDepth } from "../formats/json-depth.ts";
import { FormatError, UsageError } from "../network/errors.ts";
import type { Grid } from "../sweep/grid.ts";
import { parseGrids } from "../sweep/grid.ts";
import { preset } from "../sweep/presets.ts";
import type { Arguments } from "./arguments.ts";
import { shellWord } from "./shell.ts";
import type { Reading } from "./files.ts";
import { readText, reading } from "./files.ts";
import type { Io } from "./io.ts";

export interface SweepGrids {
  readonly grids: readonly Grid[];
  readonly inputsPerNetwork: number;
  readonly audit: number;
  /** For messages: "preset smoke", or the file. */
  readonly source: string;
  /** As the command line names them. */
  readonly command: string;
}

/** Samples a network where neither an option nor a preset says. */
const INPUTS_PER_NETWORK = 64;

/**
 * The grids that the options ask for, `--head` and `--norm` in the place of the grid's own lists; null where neither --preset nor
 * --grid is given.
 * @throws UsageError, FormatError
 */
export async function gridsOf(args: Arguments, io: Io): Promise<SweepGrids | null> {
  const { values, given } = args;
  if (values.preset !== null && values.grid !== null) {
    throw new UsageError("Found --preset and --grid: expected one of them");
  }
  const chosen =
    values.grid === null ? presetGrids(values.preset) : await fileGrids(values.grid, reading(io, values.maxMemory));
  if (chosen === null) return null;
  const { head, norm } = values;
  if (given.has("head") && head.kind !== "ready") {
    throw new UsageError(
      `--head ${head.text}: found a head with a file, expected one that a sweep can draw: linear and squared-error stand in the grid without a file`,
    );
  }
  const narrowed = chosen.grids.map((grid) => ({
    ...grid,
    ...(given.has("head") ? { head: [head.text] } : {}),
    ...(given.has("norm") ? { norm: [norm] } : {}),
  }));
  return {
    ...chosen,
    grids: narrowed,
    inputsPerNetwork: values.inputsPerNetwork ?? chosen.inputsPerNetwork,
    audit: values.audit ?? chosen.audit,
  };
}

function presetGrids(name: Arguments["values"]["preset"]): SweepGrids | null {
  return name === null ? null : { ...preset(name), source: `preset ${name}`, command: `--preset ${name}` };
}

/** A reader of YAML takes the square of some texts' lengths: what a grid needs is short and shallow. JSON has no such limit. */
const LONGEST_YAML = 1 << 16;
const DEEPEST_YAML = 16;

/** @throws FormatError */
function checkYaml(text: string, file: string): void {
  let depth = 0;
  let deepest = 0;
  for (const char of text) {
    if (char === "[" || char === "{") deepest = Math.max(deepest, ++depth);
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
  }
  if (text.length > LONGEST_YAML || deepest > DEEPEST_YAML || /(?:[-?:] ){16}/.test(text)) {
    throw new FormatError(
      `${file}: found YAML of ${String(text.length)} characters, nested ${String(deepest)} deep, expected at most ${String(LONGEST_YAML)} and ${String(DEEPEST_YAML)}; a longer grid can be written as JSON`,
    );
  }
}

async function fileGrids(file: string, own: Reading): Promise<SweepGrids> {
  return {
    grids: gridsFromText(await readText(file, own), file),
    inputsPerNetwork: INPUTS_PER_NETWORK,
    audit: DEFAULT_AUDIT.first,
    source: file,
    command: `--grid ${shellWord(file)}`,
  };
}

/** A grid file's text, JSON or by its name YAML. @throws FormatError */
export function gridsFromText(text: string, file: string): Grid[] {
  const isYaml = /\.ya?ml$/i.test(file);
  if (isYaml) checkYaml(text, file);
  else checkDepth(text, file);
  let raw: unknown;
  try {
    // JSON is YAML too; its own reader is stricter and says more.
    raw = /\.ya?ml$/i.test(file) ? parse(text, { maxAliasCount: 100 }) : JSON.parse(text);
  } catch (cause) {
    const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new FormatError(`${file}: cannot be read as ${/\.ya?ml$/i.test(file) ? "YAML" : "JSON"} (${reason})`, {
      cause,
    });
  }
  return parseGrids(raw, file);
}
