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
  readonly folder: string;
  /** Files of `verdict-index.json`. */
  readonly catch: Catch;
  /** The same for samples that have an address of their own, and settings of their own network. */
  readonly catchAs: (addressed: (sample: number) => Addressed) => Catch;
  /** Files written so far, in the order of writing. */
  readonly files: readonly string[];
}

/** What a sweep knows of a sample beside what the run's origin says. */
export interface Addressed {
  readonly address: string;
  readonly norm: WitnessOrigin["settings"]["norm"];
  readonly seed: number;
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
  const catchAs = (addressed: ((sample: number) => Addressed) | null): Catch => ({
    wants: (row) => files.length < most && (row.verdict === "violated" || row.verdict === "unresolved"),
    take: async (caught) => {
      const { verdict, index } = caught.row;
      const own = addressed?.(index) ?? null;
      const file = join(folder, `${verdict}-${own === null ? String(index) : own.address.replaceAll(":", "-")}.json`);
      const text = await witnessText(makeWitness(caught, own === null ? origin() : withAddress(origin(), own)));
      writeWhole(file, text);
      if (!files.includes(file)) files.push(file);
    },
  });
  return { folder, files, catch: catchAs(null), catchAs };
}

function withAddress(origin: WitnessOrigin, { address, norm, seed }: Addressed): WitnessOrigin {
  return { ...origin, address, settings: { ...origin.settings, norm, seed } };
}
