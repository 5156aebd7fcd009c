import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readNpy } from "../../src/formats/npy.ts";
import { average } from "../../src/training/experiments/statistics.ts";
import type { AllRuns } from "../../web/experiments/data.ts";
import { figuresOf } from "../evidence/experiments/figures.ts";
import { pageFigures } from "../evidence/experiments/page-figures.ts";
import { setFiles, SETS_FOLDER } from "../evidence/experiments/page-sets.ts";
import { FIGURES, linesOf, PAGE, pageOf, RUNS } from "../evidence/experiments/prove.ts";
import { loadSets } from "../evidence/experiments/sets.ts";
import type { Summary } from "../evidence/experiments/summary.ts";
import { blocksOf, withBlocks } from "../evidence/experiments/words.ts";

const { figures } = JSON.parse(readFileSync("docs/evidence/experiments.json", "utf8")) as { figures: [Summary] };
const [summary] = figures;
const page = readFileSync(PAGE, "utf8");
const runs = JSON.parse(readFileSync(RUNS, "utf8")) as AllRuns;

test("every number and decision of docs/experiments.md is that of docs/evidence/experiments.json", async () => {
  expect(await pageOf(summary, page)).toBe(page);
});

test("a number that is not the evidence's is seen", async () => {
  const { energy } = summary.claims;
  const other = { ...summary, claims: { ...summary.claims, energy: energy === "holds" ? "does not hold" : "holds" } };
  expect(await pageOf(other, page)).not.toBe(page);
});

test("every figure is drawn of the same numbers, and the page shows each", () => {
  for (const [name, svg] of Object.entries(figuresOf(summary))) {
    expect(readFileSync(`docs/experiments/${name}.svg`, "utf8"), name).toBe(svg);
    expect(svg, name).not.toContain("NaN");
    expect(page, name).toContain(`(experiments/${name}.svg)`);
  }
});

test("a block that the page has not is named", () => {
  expect(() => withBlocks("", blocksOf(summary))).toThrow(
    "docs/experiments.md: found no block runs, expected <!-- experiments: runs -->",
  );
});

test("what the browser's page draws is the evidence's", () => {
  expect(readFileSync(FIGURES, "utf8")).toBe(linesOf(pageFigures(summary)));
});

test("every row of the browser's page has its runs, with every seed and what they are laid against", () => {
  for (const { rows } of pageFigures(summary).figures) {
    for (const { runs: key } of rows) {
      const found = runs[key];
      expect(found, key).toBeDefined();
      if (found === undefined || found.data === "pair") continue;
      expect(found.seeds, key).toHaveLength(summary.seeds);
      for (const [name, series] of Object.entries(found.series)) {
        expect(series, `${key}: ${name}`).toHaveLength(summary.seeds);
        for (const line of series) expect(line, `${key}: ${name}`).toHaveLength((found.x[0] ?? []).length);
      }
      if (found.against !== null) expect(runs[found.against], found.against).toBeDefined();
    }
  }
});

/** Four digits: each number is off by 5·10⁻⁴ of itself at most, a quotient's logarithm by 1.001·10⁻³; the evidence has six digits. */
const FOUR = 1.02e-3;

test("the runs that a row opens have the factors of grid A and the ratios of grids B and C that its marks have", () => {
  const at = (key: string, name: string, seed: number): number[] =>
    (runs[key]?.series[name]?.[seed] ?? []).map((v) => v ?? NaN);
  const seeds = Array.from({ length: summary.seeds }, (_, i) => i);
  for (const [task, { factors, penalties }] of Object.entries(summary.norms)) {
    const log = (name: string): number =>
      average(
        seeds.map((seed) =>
          Math.log(Math.max(...at(`a/${task}`, name, seed)) / Math.min(...at(`a/${task}`, name, seed))),
        ),
      );
    for (const [name, { all }] of Object.entries(factors)) {
      if (name.startsWith("frobenius")) continue;
      expect(Math.abs(log(name.replace("spectral ", "")) - all.mean), `${task} ${name}`).toBeLessThan(FOUR);
    }
    expect(Math.abs(log("P_x") - penalties.input.all.mean), task).toBeLessThan(FOUR);
    expect(Math.abs(log("P_θ") - penalties.parameter.all.mean), task).toBeLessThan(FOUR);
  }
  /** At the lowest level. */
  const ratio = (key: string, name: string): number => {
    const against = runs[key]?.against ?? "";
    const pairs = seeds.map(
      (seed) => [at(key, name, seed).at(-1) ?? NaN, at(against, name, seed).at(-1) ?? NaN] as const,
    );
    return average(pairs.filter((pair) => pair.every(Number.isFinite)).map(([own, other]) => Math.log(own / other)));
  };
  for (const [task, { arms }] of Object.entries(summary.comparisons)) {
    for (const [arm, levels] of Object.entries(arms)) {
      const last = levels.at(-1);
      for (const [name, found] of [
        ["P_x", last?.energy],
        ["complexity", last?.geometric],
        ["P_θ", last?.each],
      ] as const)
        expect(Math.abs(ratio(`b/${task}/${arm}`, name) - (found?.mean ?? NaN)), `${task} ${arm} ${name}`).toBeLessThan(
          FOUR,
        );
    }
  }
  for (const [arm, levels] of Object.entries(summary.doses)) {
    const key = `c/${arm.replace("full-0.1-", "").replace(/-([\d.]+)$/, ":$1")}`;
    expect(Math.abs(ratio(key, "P_θ") - (levels.at(-1)?.a.mean ?? NaN)), key).toBeLessThan(FOUR);
    expect(Math.abs(ratio(key, "P_x") - (levels.at(-1)?.b.mean ?? NaN)), key).toBeLessThan(FOUR);
  }
});

test("the sets in examples/experiments are the protocol's", async () => {
  const sets = await loadSets(256);
  const open = (bytes: Uint8Array) => {
    const { shape, values } = readNpy(gunzipSync(bytes), "set");
    return { shape, values: Float64Array.from(values) };
  };
  for (const [name, bytes] of Object.entries(setFiles(sets))) {
    const [found, made] = [open(readFileSync(`${SETS_FOLDER}/${name}`)), open(bytes)];
    expect(found, name).toEqual(made);
  }
  const { digits } = sets;
  const pixels = open(readFileSync(`${SETS_FOLDER}/digits-14x14.npy.gz`));
  expect(pixels.values.map((v) => v / 1020)).toEqual(digits.inputs);
});

test.each(["a/random-labels", "a/regression"])("the command of %s trains its runs again", (key) => {
  const { command, x, rate, series } = runs[key] ?? {};
  // Up to its second probe: as many steps as that time has.
  const steps = Math.round((x?.[0]?.[1] ?? NaN) / (rate ?? NaN));
  const folder = mkdtempSync(join(tmpdir(), "gpv-experiments-"));
  const file = join(folder, "series.jsonl");
  const words = (command ?? "").replace(/--steps \d+/, `--steps ${String(steps)}`).replace("--seeds 10", "--seeds 2");
  const [, , ...options] = [...words.split(" "), "--probe-every", String(steps), "--logits", "no", "--series", file];
  const { status, stderr } = spawnSync(process.execPath, [resolve("bin/gpv.js"), ...options], { cwd: SETS_FOLDER });
  expect(status, String(stderr)).toBe(0);
  interface Row {
    readonly [name: string]: number;
  }
  const rows = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row & { readonly gradientSquares: Row });
  rmSync(folder, { recursive: true });
  for (const [i, seed] of [1, 2].entries()) {
    for (const [k, step] of [0, steps].entries()) {
      const row = rows.find((one) => one["seed"] === seed && one["step"] === step);
      const found = [row?.["trainLoss"], row?.["dirichletEnergy"], row?.gradientSquares["perSample"]];
      const wanted = ["loss", "P_x", "P_θ"].map((name) => series?.[name]?.[i]?.[k]);
      expect(
        found.map((v) => Number(v?.toPrecision(4))),
        `seed ${String(seed)}, step ${String(step)}`,
      ).toEqual(wanted);
    }
  }
});
