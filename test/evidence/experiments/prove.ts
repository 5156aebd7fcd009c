/**
 * `npm run evidence -- experiments`: what is missing of the protocol's runs is made, all of them are summed up, and the figures and numbers
 * of docs/experiments.md, and what the page shows of them, are made anew. With --so-far nothing is run: the seeds that are whole are summed up.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as prettier from "prettier";
import { createCpuEngine } from "../../../src/engine/cpu/engine.ts";
import { figuresOf } from "./figures.ts";
import { pageFigures } from "./page-figures.ts";
import { pageRuns } from "./page-runs.ts";
import { setFiles, SETS_FOLDER } from "./page-sets.ts";
import { folderStore, FULL, makeRuns, runsOf } from "./runs.ts";
import { loadSets } from "./sets.ts";
import type { Summary } from "./summary.ts";
import { rounded, summarise } from "./summary.ts";
import { blocksOf, withBlocks } from "./words.ts";

export interface ExperimentsProof {
  readonly proof: "experiments";
  readonly engine: "cpu";
  /** A file a run; the same command goes on from them. */
  readonly folder: string;
  readonly soFar: boolean;
}

export const PAGE = "docs/experiments.md";
/** What the browser's page shows of them: the five main figures, and the series of the runs behind these. */
export const [FIGURES, RUNS] = ["docs/evidence/experiments-figures.json", "docs/evidence/experiments-runs.json"];

export async function proveExperiments(
  { folder, soFar }: ExperimentsProof,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const store = folderStore(folder);
  const sets = await loadSets(FULL.samples);
  if (!soFar) {
    const engine = createCpuEngine({ threads: 0, runtime: "evidence", undisturbed: true });
    await makeRuns({ sets, engine, scale: FULL }, store, say);
  }
  const all = runsOf(FULL);
  const isWhole = (seed: number): boolean =>
    all.every(({ name }) => !name.endsWith(`-s${String(seed)}`) || store.read(name) !== null);
  const scale = { ...FULL, seeds: FULL.seeds.filter(isWhole) };
  const summary = rounded(summarise(scale, store));
  const whole = { ...summary, missing: all.length - summary.runs };
  for (const [name, svg] of Object.entries(figuresOf(whole))) writeFileSync(`docs/experiments/${name}.svg`, svg);
  writeFileSync(FIGURES, linesOf(pageFigures(whole)));
  writeFileSync(RUNS, linesOf(pageRuns(scale, store)));
  mkdirSync(SETS_FOLDER, { recursive: true });
  for (const [name, bytes] of Object.entries(setFiles(sets))) writeFileSync(`${SETS_FOLDER}/${name}`, bytes);
  writeFileSync(PAGE, await pageOf(whole, readFileSync(PAGE, "utf8")));
  return { ...whole };
}

/** An entry a line: small to fetch, and a change is seen where it is. */
export function linesOf(value: object): string {
  const lines = Object.entries(value).map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** The page as this summary has it, formatted as the repository's Markdown is. */
export async function pageOf(summary: Summary, page: string): Promise<string> {
  const options = await prettier.resolveConfig(PAGE);
  return prettier.format(withBlocks(page, blocksOf(summary)), { ...options, parser: "markdown" });
}
