import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
} from "../../src/formats/onnx/onnx_pb.ts";
import { readOnnx } from "../../src/formats/onnx/read.ts";
import { FormatError, ModelError, UsageError } from "../../src/network/errors.ts";
import { formatActivation } from "../../src/network/parametric.ts";
import type { NodeSpec, Spec } from "../support/onnx-graphs.ts";
import { around, b, c, check, model, numbers, one, refusal, V, W, Wt } from "../support/onnx-graphs.ts";

const half = one(0.5);
const root = one(Math.fround(Math.SQRT2));
describe("activations, as one node or several, agree with onnxruntime-web", () => {
  const cases: [string, NodeSpec[], NonNullable<Spec["tensors"]>?, number?][] = [
    ...(["Relu", "Tanh", "Sigmoid", "Softplus", "Softsign", "Abs", "Sin", "Elu", "Selu"] as const).map(
      (operator): [string, NodeSpec[]] => [operator.toLowerCase(), [[operator, "z", "g"]]],
    ),
    ["leaky-relu", [["LeakyRelu", "z", "g"]]],
    ["leaky-relu(0.2)", [["LeakyRelu", "z", "g", { alpha: { float: Math.fround(0.2) } }]]],
    ["leaky-relu(-1.5)", [["LeakyRelu", "z", "g", { alpha: { float: -1.5 } }]]],
    ["elu(0.3)", [["Elu", "z", "g", { alpha: { float: Math.fround(0.3) } }]]],
    ["elu", [["Celu", "z", "g"]]],
    [
      "softplus(2.5)",
      [
        ["Mul", "z beta", "s"],
        ["Softplus", "s", "p"],
        ["Div", "p beta", "g"],
      ],
      { beta: one(2.5) },
    ],
    [
      "softplus(0.3)",
      [
        ["Mul", "beta z", "s"],
        ["Exp", "s", "e"],
        ["Add", "e one", "d"],
        ["Log", "d", "p"],
        ["Div", "p beta", "g"],
      ],
      { beta: one(Math.fround(0.3)), one: one(1) },
    ],
    ["hard-swish", [["HardSwish", "z", "g"]]],
    [
      "hard-swish",
      [
        ["HardSigmoid", "z", "s", { alpha: { float: 1 / 6 } }],
        ["Mul", "z s", "g"],
      ],
    ],
    [
      "hard-swish",
      [
        ["Add", "z three", "a"],
        ["Clip", "a zero six", "k"],
        ["Div", "k six", "s"],
        ["Mul", "s z", "g"],
      ],
      { three: one(3), zero: one(0), six: one(6) },
    ],
    ["relu6", [["Clip", "z zero six", "g"]], { zero: one(0), six: one(6) }],
    ["relu6", [["Clip", "z", "g", { min: { float: 0 }, max: { float: 6 } }]], {}, 7],
    [
      "relu6",
      [
        ["Relu", "z", "r"],
        ["Min", "six r", "g"],
      ],
      { six: one(6) },
    ],
    ["relu", [["Max", "zero z", "g"]], { zero: one(0) }],
    [
      "silu",
      [
        ["Sigmoid", "z", "s"],
        ["Mul", "s z", "g"],
      ],
    ],
    [
      "silu",
      [
        ["Neg", "z", "m"],
        ["Exp", "m", "e"],
        ["Add", "one e", "d"],
        ["Div", "z d", "g"],
      ],
      { one: one(1) },
    ],
    [
      "mish",
      [
        ["Softplus", "z", "s"],
        ["Tanh", "s", "t"],
        ["Mul", "z t", "g"],
      ],
    ],
    ["mish", [["Mish", "z", "g"]], {}, 18],
    [
      "softplus",
      [
        ["Exp", "z", "e"],
        ["Add", "e one", "d"],
        ["Log", "d", "g"],
      ],
      { one: one(1) },
    ],
    [
      "gelu",
      [
        ["Div", "z root", "u"],
        ["Erf", "u", "e"],
        ["Add", "e one", "d"],
        ["Mul", "z d", "p"],
        ["Mul", "p half", "g"],
      ],
      { root, one: one(1), half },
    ],
    [
      "gelu",
      [
        ["Mul", "z half", "p"],
        ["Mul", "z inverse", "u"],
        ["Erf", "u", "e"],
        ["Add", "one e", "d"],
        ["Mul", "d p", "g"],
      ],
      { inverse: one(Math.fround(Math.SQRT1_2)), one: one(1), half },
    ],
    [
      "gelu-tanh",
      [
        ...([
          ["Pow", "z three", "q"],
          ["Mul", "q cubic", "k"],
          ["Add", "z k", "s"],
          ["Mul", "s slope", "u"],
        ] as NodeSpec[]),
        ...([
          ["Tanh", "u", "t"],
          ["Add", "t one", "d"],
          ["Mul", "d half", "w"],
          ["Mul", "z w", "g"],
        ] as NodeSpec[]),
      ],
      {
        three: one(3),
        cubic: one(Math.fround(0.044715)),
        slope: one(Math.fround(Math.sqrt(2 / Math.PI))),
        one: one(1),
        half,
      },
    ],
    ["gelu-tanh", [["Gelu", "z", "g", { approximate: "tanh" }]], {}, 20],
    ["gelu", [["Gelu", "z", "g"]], {}, 20],
  ];
  test.each(cases)("%s by %j", async (activation, nodes, tensors = {}, opset = 17) => {
    const { network, notes } = await check(around(nodes, tensors, opset));
    expect(network.layers.map((layer) => formatActivation(layer.activation))).toEqual([activation, "identity"]);
    expect(notes).toEqual([]);
  });

  test.each([
    ["one slope", [0.25], [1]],
    ["a slope a unit", [0.25, -0.5, 2], [3]],
    ["a slope a unit, in rows", [0.25, -0.5, 2], [1, 3]],
  ])("prelu with %s, which are constants, said", async (_, values, dims) => {
    const { network, notes } = await check(around([["PRelu", "z slopes", "g"]], { slopes: { dims, values } }));
    expect(network.layers.map(({ activation }) => activation)).toEqual([
      { name: "prelu", slopes: Float64Array.from(values) },
      "identity",
    ]);
    expect(notes).toEqual([
      "m.onnx: the slopes of the PReLU of layer 1 are taken as constants: no parameters of θ, and the parameter penalty leaves them out",
    ]);
  });

  test("another multiple of a softplus is folded, said, and is no softplus of that β", async () => {
    const nodes: NodeSpec[] = [
      ["Mul", "z beta", "s"],
      ["Softplus", "s", "g"],
    ];
    const { network, notes } = await check(around(nodes, { beta: one(2.5) }));
    expect(network.layers[0]?.activation).toBe("softplus");
    expect(notes.join()).toContain("a factor 2.5 and an offset 0");
  });
});

describe("layers however they are written agree with onnxruntime-web", () => {
  test("MatMul and Add either way round, without notes", async () => {
    const { network, notes } = await check({
      tensors: { Wt, b, V2: { dims: [3, 2], values: V.values }, c },
      nodes: [
        ["MatMul", "x Wt", "p"],
        ["Add", "b p", "z"],
        ["Relu", "z", "h"],
        ["MatMul", "h V2", "q"],
        ["Add", "q c", "y"],
      ],
    });
    expect(notes).toEqual([]);
    expect(Array.from(network.layers[0]?.bias ?? [])).toEqual(b.values);
    expect(network.layers.map(({ biased }) => biased)).toEqual([undefined, undefined]);
  });
  test("MatMul with no Add after it is a layer without a bias, and said", async () => {
    const { network, notes } = await check({
      tensors: { Wt, b, V2: { dims: [3, 2], values: V.values } },
      nodes: [
        ["MatMul", "x Wt", "p"],
        ["Add", "b p", "z"],
        ["Relu", "z", "h"],
        ["MatMul", "h V2", "y"],
      ],
    });
    expect(network.layers.map(({ biased }) => biased)).toEqual([undefined, false]);
    expect(notes.join()).toMatch(/found no bias of layer 2/);
  });
  test("W x of samples that are columns", async () => {
    const tensors = { W, b2: { dims: [3, 1], values: b.values }, V };
    const nodes: NodeSpec[] = [
      ["MatMul", "W x", "p"],
      ["Add", "p b2", "z"],
      ["Tanh", "z", "h"],
      ["Gemm", "V h", "y"],
    ];
    await check({ dims: [4, 1], tensors, nodes }, () => [4, 1]);
  });
  test("Gemm with alpha, beta and transposed weights says that it folds them", async () => {
    const { notes } = await check({
      tensors: { Wt, b, V, c },
      nodes: [
        ["Gemm", "x Wt b", "z", { alpha: { float: 0.5 }, beta: { float: 2 } }],
        ["Tanh", "z", "h"],
        ["Gemm", "h V c", "y", { transB: 1 }],
      ],
    });
    expect(notes).toEqual([
      "m.onnx: layer 1: its weight and bias contain alpha 0.5 of Gemm Gemm0, beta 2 of Gemm Gemm0; the parameter penalty counts what comes out",
    ]);
  });
  test("a normalisation of x is folded into the first layer, and said", async () => {
    const { notes } = await check({
      tensors: { W, b, V, c, mean: { dims: [4], values: numbers(4, 9) }, std: { dims: [4], values: [1, 2, 0.5, 3] } },
      nodes: [
        ["Sub", "x mean", "m"],
        ["Div", "m std", "s"],
        ["Gemm", "s W b", "z", { transB: 1 }],
        ["Tanh", "z", "h"],
        ["Gemm", "h V c", "y", { transB: 1 }],
      ],
    });
    expect(notes).toEqual([
      "m.onnx: layer 1: its weight and bias contain Sub Sub0, Div Div1 before it; x is the graph's own input, and the parameter penalty counts what comes out",
    ]);
  });
  test.each([
    ["after a Gemm", true],
    ["after an activation", false],
  ])("BatchNormalization %s", async (_, isAfterGemm) => {
    const gamma = { dims: [3], values: [0.5, 2, 1.5] };
    const tensors = {
      gamma,
      beta: { dims: [3], values: [1, -1, 0.5] },
      mu: { dims: [3], values: [0.25, 0, -0.5] },
      var: { dims: [3], values: [1, 0.25, 4] },
    };
    const nodes: NodeSpec[] = isAfterGemm
      ? [
          ["BatchNormalization", "z gamma beta mu var", "a"],
          ["Tanh", "a", "g"],
        ]
      : [
          ["Tanh", "z", "a"],
          ["BatchNormalization", "a gamma beta mu var", "g"],
        ];
    const { notes } = await check(around(nodes, tensors));
    expect(notes.join()).toContain("BatchNormalization BatchNormalization");
  });
  test("images flattened by the shape that the graph computes", async () => {
    await check(
      {
        dims: ["n", 1, 2, 2],
        tensors: {
          W,
          b,
          zero: { dims: [], values: [0], int: true },
          ax: { dims: [1], values: [0], int: true },
          rest: { dims: [1], values: [-1], int: true },
        },
        nodes: [
          ["Shape", "x", "s"],
          ["Gather", "s zero", "n"],
          ["Unsqueeze", "n ax", "u"],
          ["Concat", "u rest", "t", { axis: 0 }],
          ["Reshape", "x t", "f"],
          ["Gemm", "f W b", "y", { transB: 1 }],
        ],
      },
      () => [1, 1, 2, 2],
    );
  });
  test("sin(2 z) has the factor in the layer", async () => {
    const { network, notes } = await check(
      around(
        [
          ["Mul", "z w", "s"],
          ["Sin", "s", "g"],
        ],
        { w: one(2) },
      ),
    );
    expect(network.layers[0]?.activation).toBe("sin");
    expect(notes).toHaveLength(1);
  });
  test("a last Softmax is left out, and said", async () => {
    const spec = around([["Tanh", "z", "g"]]);
    const read = await readOnnx(
      toBinary(ModelProtoSchema, model({ ...spec, nodes: [...spec.nodes, ["Softmax", "y", "p", { axis: 1 }]] })),
      "m.onnx",
    );
    expect(read.notes).toEqual(["m.onnx: Softmax Softmax3 at the end is left out: the heads speak of logits"]);
  });
});

describe("anything else is refused by node, operator and why", () => {
  const square = { dims: [3, 3], values: numbers(9, 1) };
  test.each<[string, Spec, string]>([
    [
      "a convolution",
      { nodes: [["Conv", "x W", "y"]], tensors: { W } },
      "node Conv Conv0: uses its weights at several positions",
    ],
    [
      "a skip connection",
      around([
        ["Tanh", "z", "h"],
        ["Add", "h z", "s"],
        ["Add", "s h", "g"],
      ]),
      "no activation that this program has",
    ],
    [
      "a sum over two layers",
      {
        tensors: { S: square, T: square },
        dims: ["n", 3],
        nodes: [
          ["MatMul", "x S", "a"],
          ["MatMul", "a T", "d"],
          ["Add", "a d", "y"],
        ],
      },
      "node Add Add2: joins two paths through the network",
    ],
    [
      "one weight twice",
      {
        tensors: { S: square },
        dims: ["n", 3],
        nodes: [
          ["MatMul", "x S", "a"],
          ["Tanh", "a", "h"],
          ["MatMul", "h S", "y"],
        ],
      },
      "initialiser S: found in layers 1 and 2: shared weights",
    ],
    [
      "tokens",
      { tensors: { Wt }, dims: ["n", 5, 4], nodes: [["MatMul", "x Wt", "y"]] },
      "applies one weight at 5 positions of a sample",
    ],
    [
      "a slope out of range",
      around([["LeakyRelu", "z", "g", { alpha: { float: 2 ** 21 } }]]),
      "LeakyRelu LeakyRelu1: found a parameter out of range, expected leaky-relu(SLOPE), SLOPE a number from -2^20 to 2^20",
    ],
    [
      "slopes that are not finite",
      around([["PRelu", "z slopes", "g"]], { slopes: { dims: [3], values: [0, NaN, 0] } }),
      "expected prelu(SLOPE)",
    ],
    [
      "slopes that depend on the input",
      around([["PRelu", "z z", "g"]]),
      "found input 2 to depend on the network's input, expected a constant",
    ],
    [
      "an alpha of Celu that divides by nothing",
      around([["Celu", "z", "g", { alpha: { float: 0 } }]]),
      "found alpha 0, expected a positive number",
    ],
    ["Softmax inside", around([["Softmax", "z", "g"]]), "comes after Softmax Softmax1, which couples the units"],
    [
      "LayerNormalization",
      around([["LayerNormalization", "z b", "g"]]),
      "divides by a statistic of the sample's own units",
    ],
    [
      "an old operator set",
      { opset: 6, tensors: { Wt }, nodes: [["MatMul", "x Wt", "y"]] },
      "found the operator set 6, expected 7 to 21",
    ],
    [
      "a scaled last activation",
      {
        tensors: { Wt, half },
        nodes: [
          ["MatMul", "x Wt", "z"],
          ["Tanh", "z", "h"],
          ["Mul", "h half", "y"],
        ],
      },
      "after the last activation, where no layer can take it in",
    ],
  ])("%s", async (_, spec, message) => {
    expect(await refusal(spec)).toContain(message);
  });
});

describe("data beside the model", () => {
  const proto = model({ tensors: { Wt }, nodes: [["MatMul", "x Wt", "y"]] });
  const tensor = proto.graph?.initializer[0];
  if (tensor === undefined) throw new Error("no tensor");
  tensor.floatData = [];
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  const at = (location: string): Uint8Array => {
    tensor.externalData = [
      ["location", location],
      ["offset", "4"],
      ["length", "48"],
    ].map(([key = "", value = ""]) => create(StringStringEntryProtoSchema, { key, value }));
    return toBinary(ModelProtoSchema, proto);
  };
  const data = new Uint8Array(Float32Array.from([99, ...Wt.values]).buffer);
  test("is read at its offset", async () => {
    const { network } = await readOnnx(at("weights.bin"), "m.onnx", { external: () => Promise.resolve(data) });
    expect(network.layers[0]?.weight[1]).toBe(Wt.values[3]);
  });
  test("outside of the model's folder, cut short, or not given is refused", async () => {
    const external = (): Promise<Uint8Array> => Promise.resolve(data.slice(0, 40));
    for (const location of ["../secret", "/etc/passwd", "C:\\x"]) {
      await expect(readOnnx(at(location), "m.onnx", { external })).rejects.toThrow(
        "expected one in the model's folder",
      );
    }
    await expect(readOnnx(at("w.bin"), "m.onnx", { external })).rejects.toThrow(
      "which has 40, expected 48 bytes within it",
    );
    await expect(readOnnx(at("w.bin"), "m.onnx")).rejects.toThrow("expected that file too");
  });
});

test("whatever bytes change, there is a network or one of our errors", async () => {
  const whole = toBinary(
    ModelProtoSchema,
    model(
      around([
        ["Sigmoid", "z", "s"],
        ["Mul", "s z", "g"],
      ]),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      async (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          await readOnnx(bytes, "m.onnx");
        } catch (error) {
          if (!(error instanceof ModelError || error instanceof FormatError || error instanceof UsageError))
            throw error;
        }
      },
    ),
    { numRuns: 2000 },
  );
}, 60_000);
