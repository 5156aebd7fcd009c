/** `--checkpoints DIR` of `gpv train`: the network of each probe, and the state that `--resume` goes on from, each written whole. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { readState, writeModel, writeState } from "../training/checkpoint.ts";
import type { RunState } from "../training/run.ts";
import type { Reading } from "./files.ts";
import { readBytes } from "./files.ts";
import { makeFolder, writeWhole } from "./outputs.ts";

/** The file of the state; its name has no number, so that it is no checkpoint of `gpv probe`. */
export const STATE_FILE = "state.safetensors";

export interface TrainingFolder {
  /** What another process left, or null. @throws UsageError for one of other settings */
  readonly read: (layers: number, own: Reading) => Promise<RunState | null>;
  readonly keepState: (state: RunState, network: Network) => void;
  readonly keepNetwork: (network: Network, step: number) => void;
}

/**
 * @param settings of the run, name → value as JSON text: what must be the same where it goes on.
 * @throws UsageError where the folder cannot be made, or holds a run and `resume` is not said.
 */
export function openTrainingFolder(
  folder: string,
  seed: number | null,
  settings: Readonly<Record<string, string>>,
  resume: boolean,
): TrainingFolder {
  makeFolder("checkpoints", folder);
  const own = seed === null ? folder : join(folder, `seed-${String(seed)}`);
  if (seed !== null) mkdirSync(own, { recursive: true });
  const file = join(own, STATE_FILE);
  if (existsSync(file) && !resume) {
    throw new UsageError(
      `--checkpoints ${folder}: holds a run already: expected --resume to go on with it, or another folder`,
    );
  }
  // What a process left half written when it was killed.
  for (const name of resume ? readdirSync(own) : []) {
    if (/^\.gpv-\d+-[0-9a-f]+\.part$/.test(name)) rmSync(join(own, name), { force: true });
  }
  const text = JSON.stringify(settings);
  return {
    async read(layers, reading) {
      if (!existsSync(file)) return null;
      const found = readState(await readBytes(file, reading), file, layers);
      checkSame(JSON.parse(found.settings) as Readonly<Record<string, string>>, settings, file);
      return found.state;
    },
    keepState: (state, network) => {
      writeWhole(file, writeState(state, network, text));
    },
    keepNetwork: (network, step) => {
      writeWhole(join(own, `step-${String(step).padStart(8, "0")}.safetensors`), writeModel(network, step));
    },
  };
}

function checkSame(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  file: string,
): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (found[name] !== value) {
      throw new UsageError(
        `--resume: ${file} has ${name} ${found[name] ?? "none"}, expected ${value} as the options say: go on with the same options, or begin in another folder`,
      );
    }
  }
}
