/** Activations with kinks as exporters write them in several nodes: each is read as the function that it is, or refused. */
import { describe, expect, test } from "vitest";
import { formatActivation } from "../../src/network/parametric.ts";
import type { NodeSpec, Spec } from "../support/onnx-graphs.ts";
import { around, check, one, refusal } from "../support/onnx-graphs.ts";

const [zero, unit, slope, minus] = [one(0), one(1), one(Math.fround(0.2)), one(-1)];
const [alpha, lambda] = [one(Math.fround(1.6732632423543772)), one(Math.fround(1.0507009873554805))];

/** e^z − 1 in `d`. */
const EXPM1: NodeSpec[] = [
  ["Exp", "z", "e"],
  ["Sub", "e unit", "d"],
];

describe("kinks in several nodes agree with onnxruntime-web", () => {
  const cases: [activation: string, nodes: NodeSpec[], tensors?: NonNullable<Spec["tensors"]>, opset?: number][] = [
    [
      "leaky-relu(0.2)",
      [
        ["Mul", "z slope", "s"],
        ["Max", "z s", "g"],
      ],
      { slope },
    ],
    [
      "leaky-relu(0.2)",
      [
        ["Mul", "slope z", "s"],
        ["Greater", "z zero", "p"],
        ["Where", "p z s", "g"],
      ],
      { slope, zero },
    ],
    [
      "leaky-relu(0.2)",
      [
        ["Mul", "slope z", "s"],
        ["Less", "z zero", "n"],
        ["Where", "n s z", "g"],
      ],
      { slope, zero },
    ],
    [
      "leaky-relu(0.2)",
      [
        ["Relu", "z", "r"],
        ["Neg", "z", "m"],
        ["Relu", "m", "q"],
        ["Mul", "q slope", "s"],
        ["Sub", "r s", "g"],
      ],
      { slope },
    ],
    [
      "leaky-relu(0.2)",
      [
        ["Relu", "z", "r"],
        ["Min", "z zero", "m"],
        ["Mul", "m slope", "s"],
        ["Add", "r s", "g"],
      ],
      { slope, zero },
    ],
    [
      "relu",
      [
        ["Greater", "z zero", "p"],
        ["Cast", "p", "f", { to: 1 }],
        ["Mul", "f z", "g"],
      ],
      { zero },
    ],
    [
      "relu",
      [
        ["Less", "zero z", "p"],
        ["Not", "p", "n"],
        ["Where", "n zero z", "g"],
      ],
      { zero },
    ],
    [
      "relu",
      [
        ["Abs", "z", "a"],
        ["Add", "a z", "s"],
        ["Mul", "s half", "g"],
      ],
      { half: one(0.5) },
    ],
    [
      "abs",
      [
        ["Neg", "z", "m"],
        ["Max", "z m", "g"],
      ],
    ],
    [
      "abs",
      [
        ["Neg", "z", "m"],
        ["Relu", "m", "q"],
        ["Relu", "z", "r"],
        ["Add", "q r", "g"],
      ],
    ],
    ["elu", [...EXPM1, ["Greater", "z zero", "p"], ["Where", "p z d", "g"]], { unit, zero }],
    [
      "elu",
      [
        ["Exp", "z", "e"],
        ["Sub", "unit e", "d"],
        ["Relu", "d", "q"],
        ["Relu", "z", "r"],
        ["Sub", "r q", "g"],
      ],
      { unit },
    ],
    [
      "elu(0.2)",
      [...EXPM1, ["Mul", "d slope", "s"], ["Min", "s zero", "m"], ["Relu", "z", "r"], ["Add", "m r", "g"]],
      { unit, zero, slope },
    ],
    [
      "elu",
      [
        ["Min", "z zero", "m"],
        ["Exp", "m", "e"],
        ["Sub", "e unit", "d"],
        ["Max", "z zero", "r"],
        ["Add", "d r", "g"],
      ],
      { unit, zero },
    ],
    [
      "selu",
      [
        ...EXPM1,
        ["Mul", "d alpha", "s"],
        ["Greater", "z zero", "p"],
        ["Where", "p z s", "w"],
        ["Mul", "w lambda", "g"],
      ],
      { unit, zero, alpha, lambda },
    ],
    [
      "softplus",
      [
        ["Exp", "z", "e"],
        ["Add", "e unit", "s"],
        ["Log", "s", "l"],
        ["Greater", "z twenty", "p"],
        ["Where", "p z l", "g"],
      ],
      { unit, twenty: one(20) },
    ],
    [
      "hard-swish",
      [
        ["Add", "z three", "s"],
        ["Relu", "s", "r"],
        ["Min", "r six", "m"],
        ["Mul", "z m", "q"],
        ["Div", "q six", "g"],
      ],
      { three: one(3), six: one(6) },
    ],
    [
      "relu6",
      [
        ["Relu", "z", "r"],
        ["Min", "six r", "g"],
      ],
      { six: one(6) },
    ],
    [
      "silu",
      [
        ["Mul", "z half", "s"],
        ["Tanh", "s", "t"],
        ["Add", "t unit", "d"],
        ["Mul", "d s", "g"],
      ],
      { half: one(0.5), unit },
    ],
    [
      "sigmoid",
      [
        ["Mul", "z half", "s"],
        ["Tanh", "s", "t"],
        ["Add", "t unit", "d"],
        ["Mul", "d half", "g"],
      ],
      { half: one(0.5), unit },
    ],
    [
      "relu",
      [
        ["Shape", "z", "d"],
        ["ConstantOfShape", "d", "o"],
        ["Max", "z o", "g"],
      ],
    ],
  ];
  test.each(cases)("%s by %j", async (activation, nodes, tensors = {}, opset = 17) => {
    const { network, notes } = await check(around(nodes, tensors, opset));
    expect(network.layers.map((layer) => formatActivation(layer.activation))).toEqual([activation, "identity"]);
    expect(notes).toEqual([]);
  });

  test.each([
    ["Celu of another alpha", "elu", [["Celu", "z", "g", { alpha: { float: 0.5 } }]], {}],
    [
      "log of a sigmoid",
      "softplus",
      [
        ["Sigmoid", "z", "s"],
        ["Log", "s", "g"],
      ],
      {},
    ],
    [
      "a leaky-relu that falls",
      "leaky-relu(0.2)",
      [
        ["Neg", "z", "m"],
        ["Mul", "m slope", "s"],
        ["Max", "m s", "g"],
      ],
      { slope },
    ],
    ["a hard tanh, which is a relu6", "relu6", [["Clip", "z minus unit", "g"]], { minus, unit }],
    ["a kink elsewhere", "relu", [["Max", "z unit", "g"]], { unit }],
    [
      "a sharper hard-swish",
      "hard-swish",
      [
        ["Mul", "z two", "u"],
        ["HardSigmoid", "u", "s", { alpha: { float: 1 / 6 } }],
        ["Mul", "u s", "g"],
      ],
      { two: one(2) },
    ],
  ] as [string, string, NodeSpec[], NonNullable<Spec["tensors"]>][])(
    "%s is folded, and said",
    async (_, activation, nodes, tensors) => {
      const { network, notes } = await check(around(nodes, tensors));
      expect(network.layers.map((layer) => formatActivation(layer.activation))).toEqual([activation, "identity"]);
      expect(notes.join(" ")).toContain("the parameter penalty counts what comes out");
    },
  );

  test.each([
    [
      "a step",
      [
        ["Greater", "z zero", "p"],
        ["Cast", "p", "g", { to: 1 }],
      ],
      { zero },
      "no activation that this program has",
    ],
    [
      "a jump",
      [
        ["Add", "z unit", "s"],
        ["Greater", "z zero", "p"],
        ["Where", "p s z", "g"],
      ],
      { zero, unit },
      "no activation that this program has",
    ],
    [
      "a hard shrink",
      [
        ["Abs", "z", "a"],
        ["Greater", "a unit", "p"],
        ["Where", "p z zero", "g"],
      ],
      { zero, unit },
      "no activation that this program has",
    ],
    [
      "a soft shrink",
      [
        ["Sub", "z unit", "s"],
        ["Relu", "s", "r"],
        ["Add", "z unit", "t"],
        ["Min", "t zero", "m"],
        ["Add", "r m", "g"],
      ],
      { unit, zero },
      "no activation that this program has",
    ],
    [
      "bounds that cross",
      [["Clip", "z unit minus", "g"]],
      { minus, unit },
      "found the bounds 1 and -1, expected the lower one first",
    ],
    ["a choice by a constant", [["Where", "unit z z", "g"]], { unit }, "chooses by a constant"],
  ] as [string, NodeSpec[], NonNullable<Spec["tensors"]>, string][])(
    "%s is refused",
    async (_, nodes, tensors, message) => {
      expect(await refusal(around(nodes, tensors))).toContain(message);
    },
  );

  test("a maximum of two layers is refused for its two paths", async () => {
    const graph = around([
      ["Gemm", "x W b", "y2", { transB: 1 }],
      ["Max", "z y2", "g"],
    ]);
    expect(await refusal(graph)).toContain("compares two paths through the network");
  });
});
