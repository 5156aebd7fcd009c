/** Model files as people have them, through the command line under Node and Deno: --key, data beside an ONNX model, a pickle that would run a command. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/records/report.ts";
import type { Ended, Runtime } from "../support/command-line.ts";
import { RUNTIMES, start } from "../support/command-line.ts";
import { oneLayerOnnx } from "../support/onnx.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PYTORCH = join(ROOT, "test/formats/pytorch-files");
const LIMIT_MS = 120_000;
const place = (): string => mkdtempSync(join(tmpdir(), "gpv-models-"));

/** The report of 5 random samples of a model; null where it was refused. */
async function verify(
  runtime: Runtime,
  model: string,
  ...more: readonly string[]
): Promise<{ ended: Ended; report: Report | null }> {
  const file = join(place(), "report.json");
  const words = ["verify", "--model", model, "--random", "5", "--engine", "cpu", "--head", "sum", "--report", file];
  const ended = await start([...words, ...more], runtime).ended;
  return { ended, report: ended.code === 0 ? (JSON.parse(readFileSync(file, "utf8")) as Report) : null };
}

/** y = W x, W 2 × 3 in a file of its own beside the model's, from byte 8 on. */
function onnxWithData(folder: string, data: Float32Array | null): string {
  const file = join(folder, "model.onnx");
  writeFileSync(file, oneLayerOnnx({ location: "weights.bin", offset: 8 }));
  if (data !== null) writeFileSync(join(folder, "weights.bin"), new Uint8Array(data.buffer));
  return file;
}

describe.each(Object.keys(RUNTIMES) as Runtime[])("under %s", { timeout: LIMIT_MS }, (runtime) => {
  test("--key takes one of two networks of a checkpoint; without it they are named", async () => {
    const file = join(PYTORCH, "two.pt");
    const { ended } = await verify(runtime, file, "--activation", "tanh,identity");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("found the weights of 2 networks (model, ema), expected --key NAME");
    const one = await verify(runtime, file, "--activation", "tanh,identity", "--key", "model");
    const other = await verify(runtime, file, "--activation", "tanh,identity", "--key", "ema");
    expect(one.report?.model.layers.map(({ outputs, inputs }) => [outputs, inputs])).toEqual([
      [3, 4],
      [2, 3],
    ]);
    expect(other.report?.model.layers[0]?.weightNorm).not.toEqual(one.report?.model.layers[0]?.weightNorm);
  });

  test("an ONNX model's numbers are read from the file beside it, and asked for where it is not there", async () => {
    // W = [[3, 0, 0], [0, 4, 0]] after two numbers that are not its own: ‖W‖ = 4.
    const file = onnxWithData(place(), Float32Array.of(99, 99, 3, 0, 0, 0, 4, 0));
    const { report } = await verify(runtime, file);
    const { lower, upper } = report?.model.layers[0]?.weightNorm ?? { lower: NaN, upper: NaN };
    expect(lower).toBeLessThanOrEqual(4);
    expect(upper).toBeGreaterThanOrEqual(4);
    expect((upper as number) - (lower as number)).toBeLessThan(1e-8);
    expect(report?.model.layers[0]?.biased).toBe(false);
    const alone = await verify(runtime, onnxWithData(place(), null));
    expect(alone.ended.code).toBe(2);
    expect(alone.ended.stderr.trim().split("\n")).toHaveLength(1);
    expect(alone.ended.stderr).toContain("weights.bin");
    const short = await verify(runtime, onnxWithData(place(), Float32Array.of(99, 99, 3)));
    expect(short.ended.code).toBe(2);
    expect(short.ended.stderr).toContain("expected 24 bytes within it");
  });

  test("a pickle that would run a command runs none, and says whose it is", async () => {
    const folder = place();
    const file = join(folder, "model.pt");
    copyFileSync(join(PYTORCH, "command.pt"), file);
    const { ended } = await verify(runtime, file, "--activation", "tanh,identity");
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("named in the file and never run: posix.system");
    // What the command in it would make (pytorch-files/make.py).
    const made = /touch ([^"'\s]+)/.exec(readFileSync(join(PYTORCH, "make.py"), "utf8"))?.[1];
    expect(made).toBeDefined();
    expect(existsSync(made ?? "")).toBe(false);
    expect(existsSync(join(folder, made ?? ""))).toBe(false);
  });
});

test("README's table names a file of each kind that is here and is read", { timeout: LIMIT_MS }, async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const table = /\| file +\| what of it[^\n]*\n\|[^\n]*\n((?:\|[^\n]*\n)+)/.exec(readme)?.[1] ?? "";
  const endings = table.split("\n").flatMap((line) => line.split("|")[1]?.match(/\.[a-z]+/g) ?? []);
  expect(endings).toEqual([".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".onnx", ".json"]);
  const folder = place();
  const examples: Readonly<Record<string, string>> = {
    ".safetensors": join(ROOT, "examples/digits/digits.safetensors"),
    ".json": join(ROOT, "test/fixtures/sound/bare-layer.json"),
    ".onnx": onnxWithData(folder, Float32Array.of(99, 99, 3, 0, 0, 0, 4, 0)),
  };
  for (const ending of endings) {
    const known = examples[ending];
    const file = known ?? join(folder, `model${ending}`);
    // PyTorch's endings are names of one format.
    if (known === undefined) copyFileSync(join(PYTORCH, "state.pt"), file);
    const activation = ending === ".json" || ending === ".onnx" ? [] : ["--activation", "tanh"];
    const { ended } = await verify("node", file, ...activation);
    expect(ended.stderr, ending).not.toMatch(/expected/);
    expect(ended.code, ending).toBe(0);
  }
});
