/** `--witnesses DIR`: a file for each sample of the verdicts that are asked for, the first hundred of a run. */
import { join } from "node:path";
import type { VerdictName } from "../records/kit.ts";
import type { Catch } from "../pipeline/catch.ts";
import { OutputError, UsageError } from "../network/errors.ts";
import { counted } from "../report/numbers.ts";
import { witnessText } from "../witness/file.ts";
import type { WitnessOrigin } from "../witness/witness.ts";
import { makeWitness } from "../witness/witness.ts";
import type { Arguments } from "./arguments.ts";
import { FLAGS } from "./flags.ts";
import { shellWord } from "./shell.ts";
import { makeFolder, writeWhole } from "./outputs.ts";

export interface WitnessFolder {
  readonly folder: string;
  /** Files of `verdict-index.json`. */
  readonly catch: Catch;
  /** The same for samples that have an address of their own, and settings of their own network. */
  readonly catchAs: (addressed: (sample: number) => Addressed) => Catch;
  /** Files written so far, in the order of writing. */
  readonly files: readonly string[];
  /** The first file that could not be written. The run goes on without it. */
  readonly lost: () => OutputError | null;
}

/** What a sweep knows of a sample beside what the run's origin says. */
export interface Addressed {
  readonly address: string;
  readonly norm: WitnessOrigin["settings"]["norm"];
  readonly seed: number;
}

/** A run that fails throughout would fill a disk with the same finding. */
const MOST_FILES = 100;

export interface WitnessWish {
  /** Of which samples a file is written. */
  readonly verdicts: readonly VerdictName[];
  /** Files at most. */
  readonly most: number;
}

const WISH: WitnessWish = { verdicts: ["violated", "unresolved"], most: MOST_FILES };

/** @throws UsageError where verdicts are asked for and no folder. */
export function checkWitnessOptions({ values, given }: Arguments): void {
  if (!given.has("witnessVerdicts") || values.witnesses !== null) return;
  throw new UsageError(`Found --${FLAGS.witnessVerdicts.name} without --witnesses: expected --witnesses DIR too`);
}

/** @throws UsageError where the folder cannot be made or written to. */
export function openWitnessFolder(
  folder: string,
  origin: () => WitnessOrigin,
  wish: Partial<WitnessWish> = {},
): WitnessFolder {
  const { verdicts, most } = { ...WISH, ...wish };
  makeFolder("witnesses", folder);
  const files: string[] = [];
  let lost: OutputError | null = null;
  // Several runs of a sweep hand over samples at once: a place is claimed before the file is made.
  const claimed = new Set<string>();
  const catchAs = (addressed: ((sample: number) => Addressed) | null): Catch => ({
    wants: (row) => claimed.size < most && verdicts.includes(row.verdict),
    take: async (caught) => {
      const { verdict, index } = caught.row;
      const own = addressed?.(index) ?? null;
      const file = join(folder, `${verdict}-${own === null ? String(index) : own.address.replaceAll(":", "-")}.json`);
      if (claimed.size >= most && !claimed.has(file)) return;
      claimed.add(file);
      const text = await witnessText(makeWitness(caught, own === null ? origin() : withAddress(origin(), own)));
      try {
        writeWhole(file, text);
        if (!files.includes(file)) files.push(file);
      } catch (error) {
        if (!(error instanceof OutputError)) throw error;
        lost ??= error;
      }
    },
  });
  return { folder, files, catch: catchAs(null), catchAs, lost: () => lost };
}

/** What a run says of the files that it wrote. */
export function witnessNote(files: readonly string[], verdicts: readonly VerdictName[]): string {
  const [first] = files;
  if (first === undefined) return `gpv: no witness written: nothing was ${verdicts.join(" or ")} in this run`;
  return `gpv: ${counted(files.length, "witness file")} written; to examine the first: gpv replay ${shellWord(first)}`;
}

function withAddress(origin: WitnessOrigin, { address, norm, seed }: Addressed): WitnessOrigin {
  return { ...origin, address, settings: { ...origin.settings, norm, seed } };
}
