/** The library's question, on values: what may stand for a network and for its inputs, and what is refused. */
import { describe, expect, test } from "vitest";
import type { Question, SampleRow } from "../../src/index.ts";
import {
  createCpuEngine,
  fillInputs,
  openRows,
  randomNetwork,
  readMatrix,
  readModel,
  verify,
} from "../../src/index.ts";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { verify as verifySamples } from "../../src/pipeline/verify.ts";
import { npy } from "../support/npy.ts";

const network = randomNetwork({
  ...{ seed: 3, index: 0, widths: [4, 5, 3], initialiser: "he" },
  activations: ["tanh", "identity"],
});
const SAMPLES = 7;
const values = fillInputs({ distribution: "normal", scale: 1, seed: 9 }, 0, SAMPLES, 4);
const rows = Array.from({ length: SAMPLES }, (_, i) => Array.from(values.subarray(4 * i, 4 * i + 4)));

async function asked(question: Partial<Question>): Promise<readonly SampleRow[]> {
  const found: SampleRow[] = [];
  const { failure } = await verify({
    ...{ model: network, inputs: rows, ...question },
    onRow: (row) => found.push(row),
  });
  expect(failure).toBe(null);
  return found;
}

const expected = await asked({});

describe("the same rows come of", () => {
  const json = new TextEncoder().encode(writeModelJson(network));
  const array = npy(values, SAMPLES, 4);

  test("the pipeline, asked for everything by name", async () => {
    const engine = createCpuEngine({ threads: 0, runtime: "test" });
    const found: SampleRow[] = [];
    await verifySamples({
      ...{ network, engine, host: engine, norm: "spectral", accuracy: 1e-3, seed: 0 },
      head: { kind: "logit-argmax" },
      source: {
        ...{ samples: SAMPLES, width: 4 },
        read: (first, count) => ({ inputs: values.slice(4 * first, 4 * (first + count)), labels: null }),
      },
      onRow: (row) => found.push(row),
    });
    expect(expected).toEqual(found);
  });

  test.each<[string, () => Promise<Partial<Question>> | Partial<Question>]>([
    ["layers of nested arrays", () => ({ model: JSON.parse(writeModelJson(network)) as Question["model"] })],
    ["a model's file", async () => ({ model: await readModel(json, "m.json") })],
    ["typed rows", () => ({ inputs: rows.map((row) => Float64Array.from(row)) })],
    ["a matrix", () => ({ inputs: { rows: SAMPLES, columns: 4, values } })],
    ["an array's file", async () => ({ inputs: await readMatrix(array, "x.npy") })],
    ["an array's rows as they are asked for", async () => ({ inputs: await openRows(array, "x.npy") })],
    ["the head as a value", () => ({ head: { kind: "logit-argmax" } })],
    ["engine cpu by name", () => ({ engine: "cpu" })],
    ["an engine of one's own", () => ({ engine: createCpuEngine({ threads: 0, runtime: "test" }) })],
    ["other batches", () => ({ batchSize: 2 })],
  ])("%s", async (_, question) => {
    expect(await asked(await question())).toEqual(expected);
  });

  test("inputs drawn by address", async () => {
    const given = await asked({ seed: 9 });
    expect(await asked({ seed: 9, inputs: { random: SAMPLES } })).toEqual(given);
    expect(given.map((row) => row.value)).toEqual(expected.map((row) => row.value));
  });
});

describe("labels", () => {
  test("are classes, the network's choice, or drawn; a head without use for them passes them over", async () => {
    const argmax = await asked({ head: "cross-entropy", labels: "argmax" });
    expect(await asked({ head: "cross-entropy", labels: [0, 1, 2, 0, 1, 2, 0] })).not.toEqual(argmax);
    expect(argmax.every((row) => (row.value ?? 0) <= Math.log(3))).toBe(true);
    expect(await asked({ head: "cross-entropy", labels: "random", seed: 1 })).toHaveLength(SAMPLES);
    expect(await asked({ labels: [9] })).toEqual(expected);
  });
});

test("without shaders auto is the host's engine", async () => {
  const { report } = await verify({ model: network, inputs: rows });
  expect(report.engine).toMatchObject({ kind: "cpu", precision: "f64" });
  expect(report.head).toBe("logit:argmax");
  expect(report.verdicts.holds + report.verdicts.tight).toBe(SAMPLES);
});

describe("refused in one line", () => {
  const layer = { weight: [[1, 2]], bias: [0], activation: "relu" } as const;
  test.each<[Partial<Question>, string]>([
    [{ model: { layers: [] } }, "FormatError: model: layers: found 0, expected >=1"],
    [{ model: { layers: [{ ...layer, bias: [0, 1] }] } }, "ModelError: model: layer 1: found 2 biases, expected 1"],
    [
      { model: { layers: [{ ...layer, weight: [[1, 2], [3]] }] } },
      "FormatError: model: layers.0.weight.1: found 1 num",
    ],
    [{ inputs: [] }, "UsageError: inputs: found 0 samples, expected a whole number ≥ 1"],
    [{ inputs: [[1, 2, 3]] }, "ModelError: inputs: found 3 values a sample, expected 4, the inputs of layer 1"],
    [{ inputs: [[1, 2, 3, 4], [1]] }, "ModelError: inputs: row 1: found 1 values, expected 4 as in row 0"],
    [{ inputs: { rows: 2, columns: 4, values: [1] } }, "ModelError: inputs: found 1 values, expected 2 × 4"],
    [{ inputs: { random: 0.5 } }, "UsageError: inputs: found 0.5 samples, expected a whole number ≥ 1"],
    [{ head: "median" }, 'UsageError: head "median": expected one of sum, mean,'],
    [{ head: "logit:3" }, "ModelError: head logit:3: expected an output from 0 to 2"],
    [{ head: "cross-entropy" }, "UsageError: head cross-entropy: found no labels"],
    [{ head: "margin", labels: [0] }, "ModelError: labels: found 1, expected 7, one for each sample"],
    [{ head: "margin", labels: [0, 0, 0, 0, 0, 0, 3] }, "ModelError: labels: label 6 is 3, expected an integer from 0"],
    [{ engine: "webgpu" }, "DeviceError: webgpu: found no shaders, expected the files of shaders/ by their names"],
  ])("%j", async (question, message) => {
    const refusal = await verify({ model: network, inputs: rows, ...question }).then(
      () => "accepted",
      (error: unknown) => String(error),
    );
    expect(refusal.startsWith(message), refusal).toBe(true);
    expect(refusal).not.toContain("\n");
  });
});
