/** gpv train and gpv probe as processes: killed at any moment and resumed, on two runtimes, diverged, refused; checkpoints of others. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, test } from "vitest";
import * as v from "valibot";
import type { SeriesRow, TrainingReport } from "../../src/records/training.ts";
import { SERIES_ROW, TRAINING_REPORT } from "../../src/records/training.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import type { Runtime } from "../support/command-line.ts";
import { gpv, start, temporaryFolder } from "../support/command-line.ts";
import { npy } from "../support/npy.ts";

const place = temporaryFolder();
const [WIDTH, SAMPLES, CLASSES, STEPS] = [6, 120, 3, 3000];
const inputs = join(place, "x.npy");
const labels = join(place, "y.npy");
writeFileSync(
  inputs,
  npy(fillInputs({ distribution: "normal", scale: 1, seed: 1 }, 0, SAMPLES, WIDTH), SAMPLES, WIDTH),
);
writeFileSync(labels, npy(Float64Array.from(fillLabels(1, 0, SAMPLES, CLASSES)), SAMPLES, 1));

const DATA = ["--inputs", inputs, "--labels", labels];
const PLAIN = ["--hidden", "8", "--batch", "16", "--probe-samples", "8", "--logits", "no"];
const SMALL = [...PLAIN, "--activation", "tanh", "--penalty", "input:0.01", "--schedule", "cosine"];
const TRAIN = ["train", ...DATA, ...SMALL, "--steps", String(STEPS)];
const at = (name: string): string => join(place, name);
const outputs = (name: string): string[] => ["--series", at(`${name}.jsonl`), "--output", at(`${name}.safetensors`)];
const rowsOf = (file: string): SeriesRow[] =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => v.parse(SERIES_ROW, JSON.parse(line)));

let whole: { readonly code: number | null; readonly stdout: string; readonly stderr: string };
beforeAll(async () => {
  const files = ["--report", at("whole.json"), "--samples", at("rows"), "--checkpoints", at("whole")];
  files.push("--html", at("whole.html"));
  whole = await gpv(...TRAIN, ...outputs("whole"), ...files);
});

describe("a training run", () => {
  test("ends with nothing violated, a line of progress a probe on stderr, both penalties in its table", () => {
    expect(whole.code).toBe(0);
    expect(whole.stderr).toMatch(
      /gpv: step 3,000: loss \S+, right \S+ %, held out \S+ %\n {5}P_θ \S+, P_x \S+; 24 verdicts, 0 violated/,
    );
    expect(whole.stdout).toContain("Both penalties of the loss, and what ties them: P_θ/P_x = C/ρ");
    expect(whole.stdout).toContain("  f: the loss, the margin, the loss in the Frobenius norm\n");
    // Nothing of it was cut at 80 columns.
    expect(whole.stdout).not.toContain("…");
  });

  test("leaves a report and a series as their schemas say, the loss fallen", () => {
    const report: TrainingReport = v.parse(TRAINING_REPORT, JSON.parse(readFileSync(at("whole.json"), "utf8")));
    const series = rowsOf(at("whole.jsonl"));
    expect(report.series).toEqual(series);
    expect(report.runs).toMatchObject([{ seed: 0, steps: STEPS, diverged: null, probes: series.length }]);
    expect(report.verdicts.violated).toBe(0);
    expect(series.at(-1)?.trainLoss).toBeLessThan(0.9 * (series[0]?.trainLoss ?? NaN));
  });

  test("leaves a page that stands alone, a curve of every quantity, each number in its table", () => {
    const text = readFileSync(at("whole.html"), "utf8");
    expect(text).not.toMatch(/<script|src=|href=/);
    const titles = [...text.matchAll(/<title id="([a-z]+)-0-title">/g)].map(([, id]) => id);
    expect(titles).toEqual([
      ...["loss", "right", "penalties", "ratio", "gradients", "energies"],
      ...["hidden", "weights", "jacobians", "tightness", "hessian", "alignment"],
    ]);
    const rows = /<caption>\s*Every probe[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(text)?.[1] ?? "";
    expect(rows.match(/<tr>/g)).toHaveLength(rowsOf(at("whole.jsonl")).length);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("leaves the rows of every probe, and the network of each", async () => {
    const files = readdirSync(at("rows"));
    const steps = rowsOf(at("whole.jsonl")).map(({ step }) => String(step).padStart(8, "0"));
    expect(files.sort()).toEqual(steps.map((step) => `seed-0-step-${step}.parquet`));
    const bytes = readFileSync(at(`rows/${files[0] ?? ""}`));
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    });
    expect(rows).toHaveLength(24);
    expect(rows[0]).toMatchObject({ seed: 0, step: 0, function: "loss", norm: "spectral" });
    expect(readdirSync(at("whole")).sort()).toEqual([
      "state.safetensors",
      ...steps.map((s) => `step-${s}.safetensors`),
    ]);
  });

  test("killed three times and resumed has the same bits", async () => {
    const words = [...TRAIN, ...outputs("killed"), "--checkpoints", at("killed")];
    for (const [i, wanted] of ["step 4:", "step 30:", "step 600:"].entries()) {
      const { child, ended } = start(i === 0 ? words : [...words, "--resume"]);
      let said = "";
      child.stderr?.on("data", (data: Buffer) => {
        said += data.toString("utf8");
        if (/step (\d[\d,]*):/.test(said) && passed(said, wanted)) child.kill("SIGKILL");
      });
      const { signal, code } = await ended;
      expect([signal, code]).toEqual(["SIGKILL", null]);
    }
    expect(existsSync(at("killed.jsonl"))).toBe(false);
    const last = await gpv(...words, "--resume");
    expect(last.code).toBe(0);
    expect(last.stderr).toMatch(/goes on after step/);
    for (const ending of ["jsonl", "safetensors"]) {
      expect(readFileSync(at(`killed.${ending}`)).equals(readFileSync(at(`whole.${ending}`))), ending).toBe(true);
    }
    expect(readdirSync(at("killed")).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("resumed when it is finished writes the same again", async () => {
    const again = await gpv(...TRAIN, ...outputs("again"), "--checkpoints", at("whole"), "--resume");
    expect(again.code).toBe(0);
    expect(readFileSync(at("again.jsonl")).equals(readFileSync(at("whole.jsonl")))).toBe(true);
  });

  test.each(["deno"] as const)("has the same bits under %s", async (runtime: Runtime) => {
    expect((await start([...TRAIN, ...outputs(runtime)], runtime).ended).code).toBe(0);
    for (const ending of ["jsonl", "safetensors"]) {
      expect(readFileSync(at(`${runtime}.${ending}`)).equals(readFileSync(at(`whole.${ending}`))), ending).toBe(true);
    }
  });

  test("interrupted says 130, keeps what is there and goes on from it", async () => {
    const words = [...TRAIN, ...outputs("stopped"), "--checkpoints", at("stopped")];
    const { child, ended } = start(words);
    let said = "";
    child.stderr?.on("data", (data: Buffer) => {
      said += data.toString("utf8");
      if (passed(said, "step 4:")) child.kill("SIGINT");
    });
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("gpv: go on with the same command and --resume");
    expect((await gpv(...words, "--resume")).code).toBe(0);
    expect(readFileSync(at("stopped.jsonl")).equals(readFileSync(at("whole.jsonl")))).toBe(true);
  });
});

/** Whether a line of that step, or a later one, was said. */
function passed(said: string, wanted: string): boolean {
  const least = Number(/\d+/.exec(wanted)?.[0]);
  return [...said.matchAll(/step ([\d,]+):/g)].some(([, step = ""]) => Number(step.replaceAll(",", "")) >= least);
}

test("logistic learns signs with one output, and gpv verify takes them for the head of that name", async () => {
  const signs = at("signs.npy");
  const drawn = fillLabels(2, 0, SAMPLES, 2);
  writeFileSync(
    signs,
    npy(
      Float64Array.from(drawn, (k) => 2 * k - 1),
      SAMPLES,
      1,
    ),
  );
  const own = ["--inputs", inputs, "--labels", signs];
  const words = ["--loss", "logistic", "--steps", "400", "--report", at("signs.json"), ...outputs("signs")];
  expect((await gpv("train", ...own, ...PLAIN, ...words)).code).toBe(0);
  const report: TrainingReport = v.parse(TRAINING_REPORT, JSON.parse(readFileSync(at("signs.json"), "utf8")));
  expect(report.model.layers.at(-1)?.outputs).toBe(1);
  expect(report.series.at(-1)?.trainAccuracy).toBeGreaterThan(0.8);
  const verified = await gpv(
    "verify",
    "--model",
    at("signs.safetensors"),
    ...own,
    "--head",
    "logistic",
    "--audit",
    "1",
  );
  expect(verified.code).toBe(0);
  const refused = await gpv("verify", "--model", at("signs.safetensors"), ...DATA, "--head", "logistic");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("is 2, expected an integer from -1 to 1");
  const wrong = await gpv("train", ...DATA, ...PLAIN, "--loss", "logistic");
  expect(wrong.stderr).toContain("is 2, expected −1 or 1 (or 0 and 1) for --loss logistic");
});

describe("what goes wrong", () => {
  test("divergence is named at its step, exit 4, and what is there is kept", async () => {
    const words = ["--learning-rate", "1e100", "--loss", "squared-error", "--report", at("diverged.json")];
    const { code, stderr } = await gpv("train", ...DATA, ...PLAIN, ...words, ...outputs("diverged"));
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /gpv: DIVERGED at step \d+: .*; the network before that step is kept; try a smaller --learning-rate/,
    );
    const report: TrainingReport = v.parse(TRAINING_REPORT, JSON.parse(readFileSync(at("diverged.json"), "utf8")));
    const [run] = report.runs;
    expect(run?.diverged?.step).toBe((run?.steps ?? NaN) + 1);
    expect(existsSync(at("diverged.safetensors"))).toBe(true);
  });

  test.each([
    [["--resume"], "Found --resume without --checkpoints"],
    [["--checkpoints", at("whole")], "holds a run already: expected --resume"],
    [["--checkpoints", at("whole"), "--resume", "--momentum", "0.5"], "has momentum 0.9, expected 0.5"],
    [["--penalty", "output:1"], "expected one of input, parameter, parameter-each"],
    [["--held-out", "1"], "of which none is left to train on"],
    [["--activation", "relu,relu,relu"], "found 3 names, expected 1 or 2"],
    [["--series", at("series.csv")], "expected .jsonl or .parquet"],
  ])("%j is refused in one line", async (words, message) => {
    const base = words.includes("--momentum") ? TRAIN : ["train", ...DATA, ...PLAIN];
    const { code, stderr } = await gpv(...base, ...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    // Beside where probes and steps are computed.
    const lines = stderr.trim().split("\n");
    expect(lines.filter((line) => !/^gpv: (probes by|trains on) /.test(line))).toHaveLength(1);
  });
});

describe("gpv probe", () => {
  test("gives the series of checkpoints written elsewhere, in the order of their numbers", async () => {
    const folder = at("foreign");
    mkdirSync(folder);
    const kept = readdirSync(at("whole")).filter((name) => name.startsWith("step-"));
    for (const [i, name] of [2, 10, 1].entries()) {
      copyFileSync(at(`whole/${kept[3 * i] ?? ""}`), join(folder, `mlp-8-epoch${String(name)}.safetensors`));
    }
    copyFileSync(at(`whole/${kept[0] ?? ""}`), join(folder, "best.safetensors"));
    writeFileSync(join(folder, "notes-1.txt"), "no model");
    const words = ["--probe-samples", "8", "--logits", "no", "--series", at("foreign.jsonl")];
    const { code, stderr } = await gpv("probe", "--checkpoints", folder, ...DATA, ...words);
    expect(code).toBe(0);
    expect(stderr).toContain("left out best.safetensors: found no number in the name");
    const rows = rowsOf(at("foreign.jsonl"));
    expect(rows.map(({ step, source }) => [step, source])).toEqual([
      [1, "mlp-8-epoch1.safetensors"],
      [2, "mlp-8-epoch2.safetensors"],
      [10, "mlp-8-epoch10.safetensors"],
    ]);
    const page = ["--html", at("compared.html")];
    const compared = await gpv("probe", "--compare", at("whole.jsonl"), at("foreign.jsonl"), ...page);
    expect(compared.code).toBe(0);
    const text = readFileSync(at("compared.html"), "utf8");
    expect(text.match(/<svg/g)).toHaveLength(9);
    expect(text).not.toMatch(/<script|NaN|undefined/);
    expect(compared.stdout).toContain("P_θ/P_x A  P_θ/P_x B");
  });

  test("refuses what it cannot use", async () => {
    for (const [words, message] of [
      [["--checkpoints", place, ...DATA], "found no model with a number in its name"],
      [["--compare", at("whole.jsonl")], "expected --compare A B"],
      [["--compare", at("whole.jsonl"), at("whole.jsonl"), "--report", at("r.json")], "Found --report with --compare"],
      [["--compare", labels, labels], "expected a line of --series FILE.jsonl"],
      [["--checkpoints", at("whole")], "Found no --inputs"],
    ] as const) {
      const { code, stderr } = await gpv("probe", ...words);
      expect(code, message).toBe(2);
      expect(stderr).toContain(message);
    }
  });
});
