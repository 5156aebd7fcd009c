/** `--witnesses DIR`: a file for each violated or unresolved sample, the first hundred of a run. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Catch } from "../escalation/settle.ts";
import { UsageError } from "../network/errors.ts";
import { witnessText } from "../witness/file.ts";
import type { WitnessOrigin } from "../witness/witness.ts";
import { makeWitness } from "../witness/witness.ts";
import { reason, writeWhole } from "./files.ts";

export interface WitnessFolder {
  readonly catch: Catch;
  /** Files written so far, in index order. */
  readonly files: readonly string[];
}

/** A run that fails throughout would fill a disk with the same finding. */
const MOST_FILES = 100;

/**
 * @param most files at most.
 * @throws UsageError where the folder cannot be made or written to.
 */
export function openWitnessFolder(folder: string, origin: () => WitnessOrigin, most = MOST_FILES): WitnessFolder {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`--witnesses ${folder}: cannot be written to (${reason(cause)})`, { cause });
  }
  const files: string[] = [];
  return {
    files,
    catch: {
      wants: (row) => files.length < most && (row.verdict === "violated" || row.verdict === "unresolved"),
      take: async (caught) => {
        const file = join(folder, `${caught.row.verdict}-${String(caught.row.index)}.json`);
        const text = await witnessText(makeWitness(caught, origin()));
        writeWhole(file, text);
        files.push(file);
      },
    },
  };
}
