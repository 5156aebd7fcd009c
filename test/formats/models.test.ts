import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { parseActivations } from "../../src/formats/activation-list.ts";
import { readModel } from "../../src/formats/read.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";

type Tensors = Record<string, { shape: number[]; values: number[] }>;
const ones = (...shape: number[]): { shape: number[]; values: number[] } => ({
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 1),
});
const file = (tensors: Tensors, metadata: Record<string, string> = { activations: "relu" }): Uint8Array =>
  writeSafetensors(new Map(Object.entries(tensors)), "F32", metadata);
const refusal = async (tensors: Tensors, options = {}, metadata?: Record<string, string>): Promise<string> => {
  try {
    await readModel(file(tensors, metadata), "m.safetensors", options);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
};

test("a Buffer of Node, whose slice is no copy, is read as the same bytes elsewhere", async () => {
  const bytes = writeSafetensors(new Map([["0.weight", { shape: [2, 2], values: [1, 2, 3, 4] }]]), "F32", {
    activations: "identity",
  });
  const torch = readFileSync(join(import.meta.dirname, "pytorch-files/double.pt"));
  for (const [own, name] of [
    [bytes, "m.safetensors"],
    [torch, "m.pt"],
  ] as const) {
    const plain = new Uint8Array(own);
    // Behind an odd number of other bytes, as in the pool of which Node cuts its buffers.
    const pool = Buffer.alloc(plain.length + 3, 0x5a);
    pool.set(plain, 3);
    const [expected, found] = [
      await readModel(plain, name, { activation: "identity" }),
      await readModel(pool.subarray(3), name, { activation: "identity" }),
    ];
    expect(found.layers.map(({ weight }) => [...weight])).toEqual(expected.layers.map(({ weight }) => [...weight]));
  }
});

describe("tensor names as PyTorch writes them", () => {
  test.each([
    [["0.weight", "2.weight", "10.weight"]],
    [["fc1.weight", "fc2.weight", "fc10.weight"]],
    [["layers.0.weight", "layers.2.weight", "layers.11.weight"]],
    [["model.net.0.weight", "model.net.2.weight", "model.net.12.weight"]],
  ])("%j are put in natural order, missing biases are zero", async (names) => {
    const shapes = [ones(3, 4), ones(2, 3), ones(5, 2)];
    const shuffled = Object.fromEntries(
      [2, 0, 1].map((i) => [names[i] as string, shapes[i] as (typeof shapes)[number]]),
    );
    const network = await readModel(file(shuffled), "m.safetensors");
    expect(network.layers.map((l) => [l.inputs, l.outputs])).toEqual([
      [4, 3],
      [3, 2],
      [2, 5],
    ]);
    expect(network.layers.map((l) => l.activation)).toEqual(["relu", "relu", "identity"]);
    expect(Array.from(network.layers[0]?.bias ?? [])).toEqual([0, 0, 0]);
  });

  test("--layers gives the order where the names do not", async () => {
    const tensors = { "out.weight": ones(1, 2), "enter.weight": ones(2, 3) };
    const network = await readModel(file(tensors), "m.safetensors", { layers: ["enter", "out"] });
    expect(network.layers.map((l) => l.inputs)).toEqual([3, 2]);
    expect(await refusal(tensors, { layers: ["out", "enter"] })).toBe(
      "m.safetensors: tensor enter.weight: found 3 inputs, expected 1, the outputs of out; name the layers in order with --layers; read the other way round they chain: --layout inputs-outputs",
    );
  });
});

describe("what is no multilayer perceptron is refused in one line", () => {
  test("no activations known", async () => {
    expect(await refusal({ "0.weight": ones(2, 3), "1.weight": ones(1, 2) }, {}, {})).toBe(
      "m.safetensors: found no activations for the layers 0 (3 → 2), 1 (2 → 1); expected --activation relu, or one name for each layer",
    );
  });
  test("convolution, batch normalisation, NaN, wrong bias, unknown activation", async () => {
    expect(await refusal({ "0.weight": ones(2, 3, 3, 3) })).toContain(
      "a convolution, whose shared weights the inequality does not cover",
    );
    expect(await refusal({ "0.weight": ones(2, 3), "1.running_mean": ones(2) })).toContain("a batch normalisation");
    expect(await refusal({ "0.weight": { shape: [1, 2], values: [1, NaN] } })).toBe(
      "m.safetensors: tensor 0.weight: found NaN at 1, expected finite numbers",
    );
    expect(await refusal({ "0.weight": ones(2, 3), "0.bias": ones(3) })).toBe(
      "m.safetensors: tensor 0.bias: found 3 numbers, expected 2, one for each output of 0; read the other way round they chain: --layout inputs-outputs",
    );
    expect(await refusal({ "0.weight": ones(2, 3) }, { activation: "rleu" })).toContain(
      '--activation: found "rleu", expected one of identity relu',
    );
  });
});

describe("a hostile safetensors file is refused before anything is allocated", () => {
  const raw = (header: unknown, data = 24, claimed?: bigint): Uint8Array => {
    const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
    const bytes = new Uint8Array(8 + text.length + data);
    new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
    bytes.set(text, 8);
    return bytes;
  };
  const entry = (dtype: string, shape: number[], from: number, to: number): object => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });
  test.each([
    [
      "a header longer than the file",
      raw({}, 0, 2n ** 62n),
      "found a header of 4611686018427387904 bytes in a file of 10, expected it to end within",
    ],
    ["a truncated header length", new Uint8Array(5), "found 5 bytes, expected a safetensors header"],
    ["a header that is no JSON", raw("{oops"), "found a header that is not a JSON object, expected tensors by name"],
    [
      "offsets beyond the data",
      raw({ w: entry("F32", [2, 4], 0, 32) }),
      "tensor w: found the offsets 0 to 32, expected them within the 24 bytes of data",
    ],
    [
      "too few bytes for the shape",
      raw({ w: entry("F32", [2, 4], 0, 24) }),
      "tensor w: found 24 bytes, expected 32 for 2 × 4 of F32",
    ],
    [
      "a shape whose product overflows",
      raw({ w: entry("F32", [2 ** 40, 2 ** 40], 0, 24) }),
      "tensor w: found the shape 1099511627776 × 1099511627776, which holds more numbers than any file can",
    ],
    [
      "a negative dimension",
      raw({ w: entry("F32", [-1, 4], 0, 24) }),
      "tensor w: found the dimension -1, expected a whole number ≥ 0",
    ],
    ["an unknown type", raw({ w: entry("F8", [3], 0, 24) }), "tensor w: found the dtype F8, expected one of"],
    [
      "overlapping tensors",
      raw({ a: entry("F32", [4], 0, 16), b: entry("F32", [4], 8, 24) }),
      "tensor b: found its bytes overlapping those of a, expected each its own",
    ],
    [
      "a hole between tensors",
      raw({ a: entry("F32", [2], 0, 8), b: entry("F32", [2], 16, 24) }),
      "tensor b: found it at 16, expected 8, where a ends: a hole of 8 bytes belongs to no tensor",
    ],
    [
      "a hole before the first",
      raw({ a: entry("F32", [2], 16, 24) }),
      "tensor a: found it at 16, expected 0, where the header ends",
    ],
    [
      "bytes after the last",
      raw({ a: entry("F32", [2], 0, 8) }),
      "m.safetensors: found 16 bytes after a, expected the file to end there",
    ],
    [
      "space before the header",
      raw(` ${JSON.stringify({ a: entry("F32", [6], 0, 24) })}`),
      "a header that is not a JSON object",
    ],
    [
      "metadata that are no strings",
      raw({ __metadata__: { a: 1 }, b: entry("F32", [6], 0, 24) }),
      "__metadata__: found",
    ],
    ["a tensor without a place", raw({ constructor: {}, b: entry("F32", [6], 0, 24) }), "tensor constructor: found"],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "m.safetensors")).toThrow(message);
  });
});

test("safetensors: no metadata, metadata null, and types that are known but not read", () => {
  const text = `{"__metadata__":null,"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`;
  const bytes = new Uint8Array([text.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(text), 1, 2, 7]);
  const { tensors, metadata } = readSafetensors(bytes, "m.safetensors");
  expect(metadata).toEqual({});
  expect(Array.from(tensors.get("b")?.read() ?? [])).toEqual([7]);
  expect(() => tensors.get("a")?.read()).toThrow(
    "m.safetensors: tensor a: found the dtype F8_E4M3, expected one of F64 F32",
  );
});

test("one file of several, and the index of them, are refused for what they are", async () => {
  const bytes = file({ "0.weight": ones(1, 2) });
  await expect(readModel(bytes, "model-00001-of-00003.safetensors")).rejects.toThrow("found part 1 of 3 of a model");
  expect((await readModel(bytes, "model-00001-of-00001.safetensors")).layers).toHaveLength(1);
  const index = new TextEncoder().encode(JSON.stringify({ metadata: {}, weight_map: { "0.weight": "a" } }));
  await expect(readModel(index, "model.safetensors.index.json")).rejects.toThrow(
    "found the index of a model in several files",
  );
});

test("JSON: a byte order mark is no fault, NaN is; a bias may be null", async () => {
  const json = (bias: string): Uint8Array =>
    new TextEncoder().encode(
      `\ufeff{"schema":"gradient-penalty-model/1","layers":[{"weight":[[1,2]],"bias":${bias},"activation":"relu"}]}`,
    );
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const network = await readModel(json("null"), "m.json", { note });
  expect(Array.from(network.layers[0]?.bias ?? [])).toEqual([0]);
  expect(network.layers[0]?.biased).toBe(false);
  expect(JSON.parse(writeModelJson(network))).toHaveProperty("layers.0.bias", null);
  expect(notes).toEqual(["m.json: found no bias of layer 1: none is counted, the term is ‖h‖² in place of 1 + ‖h‖²"]);
  await expect(readModel(json('[1],"mask":[1,0]'), "m.json")).rejects.toThrow(
    'm.json: layers.0.mask: found "mask", expected weight, bias, activation and slopes alone',
  );
  await expect(readModel(json("[NaN]"), "m.json")).rejects.toThrow("m.json: found no JSON");
});

test("activation lists: one hidden name, one name each, or a clear refusal", () => {
  expect(parseActivations("tanh", 3, "--activation")).toEqual(["tanh", "tanh", "identity"]);
  expect(parseActivations("tanh", 1, "--activation")).toEqual(["tanh"]);
  expect(parseActivations("relu, sin ,gelu", 3, "--activation")).toEqual(["relu", "sin", "gelu"]);
  expect(() => parseActivations("relu,tanh", 3, "--activation")).toThrow(
    "--activation: found 2 activations, expected 1 or 3, one for each layer",
  );
});

test.each([
  ["ReLU, leaky_relu, swish, linear", ["relu", "leaky-relu", "silu", "identity"]],
  ["hardswish,nn.Tanh(),GELU,None", ["hard-swish", "tanh", "gelu", "identity"]],
  ["leaky-relu(0.01),elu(1.0),softplus(1),ReLU6", ["leaky-relu", "elu", "softplus", "relu6"]],
])("the names that other programs have, %s, are known", (text, expected) => {
  expect(parseActivations(text, 4, "--activation")).toEqual(expected);
});

test.each([
  ["leaky-relu(0.2)", { name: "leaky-relu", parameter: 0.2 }],
  ["nn.LeakyReLU(negative_slope=-1.5)", { name: "leaky-relu", parameter: -1.5 }],
  ["leaky_relu(0.01)", "leaky-relu"],
  ["ELU(alpha=.5)", { name: "elu", parameter: 0.5 }],
  ["softplus(1e1)", { name: "softplus", parameter: 10 }],
  ["PReLU(0.25)", { name: "prelu", slopes: Float64Array.of(0.25) }],
  ["nn.PReLU()", "prelu"],
])("the parameter of %s is read", (text, expected) => {
  expect(parseActivations(text, 1, "--activation")).toEqual([expected]);
});

test.each([
  ["tanh(2)", "expected tanh, which has no parameter"],
  ["softplus(0)", "expected softplus(BETA), BETA a number from 2^-20 to 2^20"],
  ["softplus(-1)", "expected softplus(BETA), BETA a number from 2^-20 to 2^20"],
  ["leaky-relu(2e6)", "expected leaky-relu(SLOPE), SLOPE a number from -2^20 to 2^20"],
  ["elu(x)", "expected elu(ALPHA), ALPHA a number from -2^20 to 2^20"],
  ["prelu(NaN)", "expected prelu(SLOPE), SLOPE a number from -2^20 to 2^20"],
])("the parameter of %s is refused, not dropped", (text, message) => {
  expect(() => parseActivations(text, 1, "--activation")).toThrow(`--activation: found "${text}", ${message}`);
});
