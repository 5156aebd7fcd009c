/** Every run of the protocol with a name of its own, seeds outermost, each one's result in a file, so that a cut leaves whole seeds. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { CpuEngine } from "../../../src/engine/cpu/engine.ts";
import type { Dataset } from "../../../src/training/data.ts";
import { trainToLevels } from "./complexity.ts";
import { networkCorner, pairCorner, STARTS } from "./corner.ts";
import { trainWithNorms } from "./norms.ts";
import type { SetName, TaskName } from "./sets.ts";
import { GRID_A_RATES, GRID_B, GRID_C, TASK_NAMES, TASKS } from "./sets.ts";

export interface Context {
  readonly sets: Readonly<Record<SetName, Dataset>>;
  readonly engine: CpuEngine;
  readonly scale: Scale;
}

/** What the reduced form has less of. */
export interface Scale {
  readonly seeds: readonly number[];
  /** Of each set. */
  readonly samples: number;
  /** Of grid A. */
  readonly time: number;
  readonly probed: number;
  /** Null: all. */
  readonly tasks: readonly TaskName[] | null;
  readonly arms: readonly string[] | null;
  readonly exponents: readonly number[];
}

export const FULL: Scale = {
  ...{
    seeds: Array.from({ length: 10 }, (_, i) => i + 1),
    samples: 256,
    time: 80,
    probed: 32,
    tasks: null,
    arms: null,
  },
  exponents: [2, 3, 4, 5, 6],
};

export interface Run {
  /** "b-base-full-0.1-s3" */
  readonly name: string;
  readonly make: (context: Context) => unknown;
}

export const runName = (...parts: readonly (string | number)[]): string => parts.map(String).join("-");

export function runsOf(scale: Scale): Run[] {
  const has = (task: TaskName): boolean => scale.tasks?.includes(task) ?? true;
  const hasArm = (arm: string): boolean => scale.arms?.includes(arm) ?? true;
  const starts = STARTS.map(([start, time], i): Run => ({
    name: runName("pair", i),
    make: () => pairCorner(start, time, scale.exponents),
  }));
  const seeded = scale.seeds.flatMap((seed): Run[] => [
    { name: runName("corner", `s${String(seed)}`), make: () => networkCorner(seed, 2, scale.exponents) },
    ...[...GRID_B.map((one) => ["b", one] as const), ["c", GRID_C] as const].flatMap(([grid, comparison]) =>
      comparison.arms
        .filter(({ name }) => has(comparison.task) && hasArm(name))
        .map((arm) => ({
          name: runName(grid, comparison.task, arm.name, `s${String(seed)}`),
          make: ({ sets }: Context) => {
            const task = TASKS[comparison.task];
            return trainToLevels(task, sets[task.data], arm, comparison.levels, seed);
          },
        })),
    ),
    ...TASK_NAMES.filter(has).map((name) => ({
      name: runName("a", name, `s${String(seed)}`),
      make: ({ sets, engine, scale: { probed, time } }: Context) => {
        const task = TASKS[name];
        const rate = GRID_A_RATES[name];
        const own = { task, data: sets[task.data], engine, adam: name === "adam", rate, seed, probed };
        return trainWithNorms({ ...own, steps: Math.round(time / rate) });
      },
    })),
  ]);
  return [...starts, ...seeded];
}

/** Where results are. */
export interface Store {
  /** Null where the run is still to be made. */
  readonly read: (name: string) => unknown;
  readonly write: (name: string, result: unknown) => void;
}

/** A file a run, whole or not there. */
export function folderStore(folder: string): Store {
  mkdirSync(folder, { recursive: true });
  const file = (name: string): string => `${folder}/${name}.json`;
  return {
    read: (name) => (existsSync(file(name)) ? (JSON.parse(readFileSync(file(name), "utf8")) as unknown) : null),
    write: (name, result) => {
      writeFileSync(`${file(name)}.tmp`, JSON.stringify(result));
      renameSync(`${file(name)}.tmp`, file(name));
    },
  };
}

export function memoryStore(): Store {
  const results = new Map<string, unknown>();
  return {
    read: (name) => results.get(name) ?? null,
    write: (name, result) => {
      // As a file would have it.
      results.set(name, JSON.parse(JSON.stringify(result)));
    },
  };
}

/** Makes what is missing. @param say after each run. */
export async function makeRuns(context: Context, store: Store, say: (line: string) => void): Promise<void> {
  const runs = runsOf(context.scale);
  for (const [i, { name, make }] of runs.entries()) {
    if (store.read(name) !== null) continue;
    store.write(name, await make(context));
    say(`experiments: ${String(i + 1)} of ${String(runs.length)}: ${name}`);
  }
}
