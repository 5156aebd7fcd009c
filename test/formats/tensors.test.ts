/** Which network a file of tensors is: every tensor accounted for, the order known or asked for, the layout said. */
import { describe, expect, test } from "vitest";
import { readModel } from "../../src/formats/read.ts";
import type { ModelOptions } from "../../src/formats/model-tensors.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Network } from "../../src/network/network.ts";

interface Tensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Numbers that no two tensors share. */
function tensor(shape: readonly number[], seed = 1): Tensor {
  const count = shape.reduce((product, n) => product * n, 1);
  return { shape, values: Array.from({ length: count }, (_, i) => Math.sin(seed + i)) };
}

async function read(
  tensors: Readonly<Record<string, Tensor>>,
  options: ModelOptions = {},
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ network: Network; notes: string[] }> {
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const bytes = writeSafetensors(new Map(Object.entries(tensors)), "F64", metadata);
  return { network: await readModel(bytes, "m", { activation: "relu", note, ...options }), notes };
}

async function refusal(...args: Parameters<typeof read>): Promise<string> {
  const error = await read(...args).then(
    () => "read",
    (cause: unknown) => cause,
  );
  return error instanceof Error ? error.message : String(error);
}

const names = ({ network }: { network: Network }): (string | undefined)[] =>
  network.layers.map((layer) => layer.tensor);

describe("every tensor is accounted for", () => {
  const good = { "0.weight": tensor([3, 2]), "0.bias": tensor([3]), "2.weight": tensor([1, 3]), "2.bias": tensor([1]) };

  test.each([
    ["scale.gamma", [3], "scale.gamma: found a normalisation's scale or shift"],
    ["1.weight", [3], "1.weight: found the shape 3, the scale of a normalisation or the slope of a PReLU"],
    ["1.weight", [1], "1.weight: found the shape 1, the scale of a normalisation or the slope of a PReLU"],
    ["0.lora_A", [1, 2], "0.lora_A: found an adapter (LoRA or its kin)"],
    ["0.lora_A.weight", [1, 2], "0.lora_A.weight: found an adapter (LoRA or its kin)"],
    ["0.lora.A", [1, 2], "0.lora.A: found an adapter (LoRA or its kin)"],
    ["0.input_scale", [], "0.input_scale: found a part of a quantised weight"],
    ["norm/scale", [3], "norm/scale: found a normalisation's scale or shift"],
    ["bn/moving_variance", [3], "bn/moving_variance: found a batch normalisation"],
    ["lstm/recurrent_kernel", [3, 3], "lstm/recurrent_kernel: found a recurrent layer"],
    ["0.weight_scale", [3], "0.weight_scale: found a part of a quantised weight"],
    ["1.running_mean", [3], "1.running_mean: found a batch normalisation"],
    ["4.bias", [3], "4.bias: found a bias without a weight of its own beside it"],
    ["lstm.weight_ih_l0", [4, 2], "lstm.weight_ih_l0: found a recurrent layer"],
    ["c.weight", [2, 2, 3, 3], "c.weight: found the shape 2 × 2 × 3 × 3, a convolution"],
    ["0.weight_g", [3, 1], "0.weight_g: found a part of a parametrised weight"],
    ["step", [], "step: found none of a layer's names"],
  ])("%s of shape %j is refused for what it is", async (name, shape, message) => {
    expect(await refusal({ ...good, [name]: tensor(shape) })).toContain(`m: tensor ${message}`);
  });

  test("an unknown tensor is named with the way out, which takes it out and says so", async () => {
    const tensors = { ...good, "opt.exp_avg": tensor([4]), extra: tensor([1]) };
    expect(await refusal(tensors)).toBe(
      "m: tensor opt.exp_avg: found none of a layer's names; expected PREFIX.weight and PREFIX.bias of fully connected layers alone (left over too: extra); --layers 0,2 takes these layers and leaves the rest out",
    );
    const taken = await read(tensors, { layers: ["0", "2"] });
    expect(names(taken)).toEqual(["0.weight", "2.weight"]);
    expect(taken.notes).toContain("m: left out: opt.exp_avg, extra");
  });

  test("a counter of batches is left out, and said", async () => {
    const { notes } = await read({ ...good, "1.num_batches_tracked": tensor([]) });
    expect(notes).toEqual(["m: left out: 1.num_batches_tracked"]);
  });

  test("what stands beneath a listed layer is not left out by the list", async () => {
    expect(await refusal({ ...good, "0.lora_A": tensor([1, 2]) }, { layers: ["0", "2"] })).toContain(
      "m: tensor 0.lora_A, a part of a layer that --layers takes: found an adapter",
    );
  });

  test("a layer that is listed twice, or that the metadata name twice, shares its weights: refused", async () => {
    const square = { "0.weight": tensor([2, 2]), "2.weight": tensor([2, 2], 5) };
    expect(await refusal(square, { layers: ["0", "2", "2"] })).toContain("--layers 2: found it twice");
    const alias = { "4.weight": "2.weight" };
    expect(await refusal(square, {}, alias)).toContain("metadata: found 4.weight as another name of 2.weight");
    expect(await refusal(square, { layers: ["0", "4"] }, alias)).toContain(
      "--layers 4: found 4.weight as another name of 2.weight",
    );
    expect(names(await read(square, { layers: ["0", "2"] }, alias))).toEqual(["0.weight", "2.weight"]);
  });

  test("a missing bias is zeros, and said; a bias may be a row", async () => {
    const { network, notes } = await read({
      "0.weight": tensor([3, 2]),
      "2.weight": tensor([1, 3]),
      "2.bias": tensor([1, 1], 7),
    });
    expect(network.layers.map((layer) => Array.from(layer.bias))).toEqual([[0, 0, 0], [Math.sin(7)]]);
    expect(notes).toEqual(["m: found no bias of layer 0: none is counted, the term is ‖h‖² in place of 1 + ‖h‖²"]);
  });

  test("a bare weight is one layer", async () => {
    const { network } = await read({ weight: tensor([3, 4]), bias: tensor([3]) });
    expect(network.layers.map((l) => [l.inputs, l.outputs, l.tensor])).toEqual([[4, 3, "weight"]]);
  });

  test("control characters of a name reach no message and no report", async () => {
    expect(await refusal({ ...good, "\u001b[31m.weight": tensor([1]) })).toContain(
      "m: tensor \\u{1b}[31m.weight: found",
    );
    expect(names(await read({ "\u001b.weight": tensor([1, 2]) }))).toEqual(["\\u{1b}.weight"]);
  });
});

describe("the order of layers is known or asked for", () => {
  test("numbers decide, whatever else chains: 2 before 10, dense before dense_1", async () => {
    const square = (seed: number): Tensor => tensor([2, 2], seed);
    expect(names(await read({ "m.10.weight": square(1), "m.2.weight": square(2), "m.0.weight": square(3) }))).toEqual([
      "m.0.weight",
      "m.2.weight",
      "m.10.weight",
    ]);
    expect(
      names(await read({ "dense_2/kernel": square(1), "dense/kernel": square(2), "dense_1/kernel": square(3) })),
    ).toEqual(["dense/kernel", "dense_1/kernel", "dense_2/kernel"]);
  });

  test("the only order that chains is taken, whatever the order in the file", async () => {
    const tensors = { "out.weight": tensor([1, 5]), "fc2.weight": tensor([5, 5]), "fc1.weight": tensor([5, 3]) };
    expect(names(await read(tensors))).toEqual(["fc1.weight", "fc2.weight", "out.weight"]);
  });

  test("two orders that chain are refused with both, and either is taken by --layers", async () => {
    const tensors = {
      "enter.weight": tensor([4, 4], 1),
      "mid.weight": tensor([4, 4], 2),
      "out.weight": tensor([2, 4], 3),
    };
    expect(await refusal(tensors)).toBe(
      "m: found several orders in which the layers chain, and no numbers in their names that decide; expected --layers enter,mid,out or --layers mid,enter,out; read the other way round they chain: --layout inputs-outputs",
    );
    expect(names(await read(tensors, { layers: ["mid", "enter", "out"] }))).toEqual([
      "mid.weight",
      "enter.weight",
      "out.weight",
    ]);
  });

  test("families of prefixes are named: encoder and decoder, two copies of a network", async () => {
    const half = (family: string, widths: readonly number[]): Record<string, Tensor> =>
      Object.fromEntries(
        widths.slice(1).map((n, i) => [`${family}.${String(2 * i)}.weight`, tensor([n, widths[i] as number], i)]),
      );
    expect(await refusal({ ...half("encoder", [6, 4, 2]), ...half("decoder", [2, 4, 6]) })).toContain(
      "found several orders in which the layers chain, with the families encoder., decoder.",
    );
    expect(await refusal({ ...half("ema", [6, 4, 2]), ...half("model", [6, 4, 2]) })).toContain(
      "chain, with the families ema., model.",
    );
  });

  test("a chain of numbers that does not chain is refused where it breaks", async () => {
    expect(await refusal({ "0.weight": tensor([3, 2]), "1.weight": tensor([1, 4]) })).toBe(
      "m: tensor 1.weight: found 4 inputs, expected 3, the outputs of 0; name the layers in order with --layers",
    );
  });
});

describe("the layout is known or said", () => {
  test("kernels are inputs × outputs, and said", async () => {
    const kernel = tensor([2, 3]);
    const { network, notes } = await read({ "dense/kernel": kernel, "dense/bias": tensor([3]) });
    const [first] = network.layers;
    expect([first?.inputs, first?.outputs]).toEqual([2, 3]);
    // W = kernelᵀ, row-major.
    expect(Array.from(first?.weight ?? [])).toEqual([0, 3, 1, 4, 2, 5].map((i) => kernel.values[i]));
    expect(notes).toEqual(["m: kernels are taken as inputs × outputs"]);
  });

  test("where both layouts chain, the one taken is said, and --layout gives the other", async () => {
    const weight = tensor([2, 2]);
    const { network, notes } = await read({ "0.weight": weight, "0.bias": tensor([2]) });
    expect(Array.from(network.layers[0]?.weight ?? [])).toEqual(weight.values);
    expect(notes).toEqual([
      "m: weights are taken as outputs × inputs; read the other way round the layers chain too: --layout inputs-outputs",
    ]);
    const other = await read({ "0.weight": weight, "0.bias": tensor([2]) }, { layout: "inputs-outputs" });
    expect(Array.from(other.network.layers[0]?.weight ?? [])).toEqual([0, 2, 1, 3].map((i) => weight.values[i]));
    expect(other.notes).toEqual([]);
  });

  test("weights that chain only the other way round are refused with the remedy", async () => {
    const tensors = {
      "0.weight": tensor([4, 8]),
      "0.bias": tensor([8]),
      "2.weight": tensor([8, 3]),
      "2.bias": tensor([3]),
    };
    expect(await refusal(tensors)).toBe(
      "m: tensor 0.bias: found 8 numbers, expected 4, one for each output of 0; read the other way round they chain: --layout inputs-outputs",
    );
    const { network } = await read(tensors, { layout: "inputs-outputs" });
    expect(network.layers.map((l) => [l.inputs, l.outputs])).toEqual([
      [4, 8],
      [8, 3],
    ]);
  });
});

describe("weights in parts are merged into the weight that inference uses", () => {
  // Rows (3, 4) and (0, 2): lengths 5 and 2.
  const direction = { shape: [2, 2], values: [3, 4, 0, 2] };

  test.each([
    ["each row's length (dim = 0)", { shape: [2, 1], values: [10, -1] }, [6, 8, 0, -1]],
    ["each column's length (dim = 1)", { shape: [1, 2], values: [3, Math.sqrt(20)] }, [3, 4, 0, 2]],
    ["the length of the whole (dim = None)", { shape: [], values: [2 * Math.sqrt(29)] }, [6, 8, 0, 4]],
  ])("weight_norm with %s, by either name", async (_, length, expected) => {
    for (const [g, v] of [
      ["weight_g", "weight_v"],
      ["parametrizations.weight.original0", "parametrizations.weight.original1"],
    ] as const) {
      const { network, notes } = await read({ [`a.${g}`]: length, [`a.${v}`]: direction, "a.bias": tensor([2]) });
      // A square root, a division and a product: three roundings.
      Array.from(network.layers[0]?.weight ?? []).forEach((w, i) => {
        expect(Math.abs(w - (expected[i] as number))).toBeLessThanOrEqual(
          4 * 2 ** -53 * Math.abs(expected[i] as number),
        );
      });
      expect(network.layers[0]?.tensor).toBe("a.weight (weight_norm)");
      expect(notes).toContain("m: merged into the weights that inference uses: a.weight (weight_norm)");
    }
  });

  test("lengths beyond the range of squares", async () => {
    const { network } = await read({
      "0.weight_g": { shape: [2, 1], values: [5, 5] },
      "0.weight_v": { shape: [2, 2], values: [3e200, 4e200, 3e-200, 4e-200] },
    });
    for (const [i, w] of [3, 4, 3, 4].entries()) expect(network.layers[0]?.weight[i]).toBeCloseTo(w, 14);
  });

  test("spectral_norm divides by uᵀWv of the stored vectors, whatever ‖W‖ is", async () => {
    const weight = { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] };
    const [u, v] = [
      { shape: [2], values: [0.6, 0.8] },
      { shape: [3], values: [0, 1, 0] },
    ];
    // σ = 0.6·2 + 0.8·5 = 5.2.
    const expected = weight.values.map((x) => x / (0.6 * 2 + 0.8 * 5));
    const old = await read({ "0.weight_orig": weight, "0.weight_u": u, "0.weight_v": v });
    expect(Array.from(old.network.layers[0]?.weight ?? [])).toEqual(expected);
    const prefix = "0.parametrizations.weight";
    const now = await read({ [`${prefix}.original`]: weight, [`${prefix}.0._u`]: u, [`${prefix}.0._v`]: v });
    expect(Array.from(now.network.layers[0]?.weight ?? [])).toEqual(expected);
    expect(names(now)).toEqual(["0.weight (spectral_norm)"]);
  });

  test("half a set, another parametrisation, a direction of length 0 and σ = 0 are refused", async () => {
    const g = { shape: [2, 1], values: [1, 1] };
    expect(await refusal({ "0.weight_v": direction, "1.weight": tensor([1, 2]) })).toContain(
      "0.weight_v: found a part of a parametrised",
    );
    expect(await refusal({ "0.parametrizations.weight.original": direction, "1.weight": tensor([1, 2]) })).toContain(
      "original: found a part of a parametrised",
    );
    expect(await refusal({ "0.weight_g": g, "0.weight_v": { shape: [2, 2], values: [1, 1, 0, 0] } })).toContain(
      "0.weight_v: found a direction of length 0",
    );
    const zero = { shape: [2], values: [0, 0] };
    expect(await refusal({ "0.weight_orig": direction, "0.weight_u": zero, "0.weight_v": zero })).toContain(
      "found uᵀWv = 0",
    );
  });
});
