import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readModel } from "../../src/formats/read.ts";
import { readPytorch } from "../../src/formats/pytorch/read.ts";
import type { Layer } from "../../src/network/network.ts";
import { atUnit, formatActivation, functionsOf } from "../../src/network/parametric.ts";
import { FormatError, ModelError, UsageError } from "../../src/network/errors.ts";

const FOLDER = new URL("./pytorch-files/", import.meta.url);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const read = (name: string, options = {}) => readPytorch(bytesOf(name), name, options);
const numbersOf = async (name: string, options = {}): Promise<number[][]> =>
  (await read(name, options)).tensors.map((tensor) => Array.from(tensor.read()));
const refusal = async (name: string, options = {}): Promise<string> => {
  try {
    for (const tensor of (await read(name, options)).tensors) tensor.read();
  } catch (error) {
    return error instanceof FormatError || error instanceof ModelError || error instanceof UsageError
      ? error.message
      : `another kind of error: ${String(error)}`;
  }
  return "accepted";
};

/** Entry k of all parameters in order is (k mod 17 − 8)/16: pytorch-files/make.py. */
const sixteenths = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (((first + i) % 17) - 8) / 16);
const PARAMETERS = [sixteenths(0, 12), sixteenths(12, 3), sixteenths(15, 6), sixteenths(21, 2)];

/** The network of x = (0.5, −1, 0.25, 2), in f64. */
function outputsOf(layers: readonly Layer[]): number[] {
  return layers.reduce<number[]>(
    (h, { weight, bias, inputs, activation }) =>
      Array.from(bias, (b, o) =>
        functionsOf(atUnit(activation, o)).value(h.reduce((z, v, i) => z + v * (weight[o * inputs + i] as number), b)),
      ),
    [0.5, -1, 0.25, 2],
  );
}

describe("weights as torch.save writes them", () => {
  test.each([
    "state.pt",
    "legacy.pt",
    "protocol-4.pt",
    "views.pt",
    "legacy-views.pt",
    "interleaved.pt",
    "half.pt",
    "bfloat16.pt",
    "double.pt",
    "parameters.pt",
    "prefixes.pt",
    "big-endian-deflated.pt",
    "checkpoint.pt",
    "lightning.ckpt",
    "own-class.pt",
    "command.pt",
    "whole.pt",
    "whole-in-checkpoint.pt",
    "legacy-whole.pt",
  ])("%s gives the same numbers", async (name) => {
    expect(await numbersOf(name)).toEqual(PARAMETERS);
  });

  test("types and shapes are the file's", async () => {
    const described = async (name: string) => (await read(name)).tensors.map((t) => [t.name, t.dtype, t.shape]);
    expect(await described("bfloat16.pt")).toEqual([
      ["0.weight", "bfloat16", [3, 4]],
      ["0.bias", "bfloat16", [3]],
      ["2.weight", "bfloat16", [2, 3]],
      ["2.bias", "bfloat16", [2]],
    ]);
    expect((await described("half.pt"))[0]?.[1]).toBe("float16");
    expect((await described("double.pt"))[0]?.[1]).toBe("float64");
  });

  test("a whole Sequential names its activations, a state_dict none", async () => {
    expect((await read("whole.pt")).activations).toBe("tanh,identity");
    expect((await read("state.pt")).activations).toBeNull();
  });

  test("--activation may only repeat what a whole Sequential says", async () => {
    const bytes = new Uint8Array(readFileSync(new URL("pytorch-files/whole.pt", import.meta.url)));
    const activations = async (activation: string): Promise<unknown[]> =>
      (await readModel(bytes, "whole.pt", { activation })).layers.map((layer) => layer.activation);
    expect(await activations("tanh")).toEqual(["tanh", "identity"]);
    await expect(activations("relu")).rejects.toThrow(
      "--activation relu: found tanh in layer 1 of whole.pt, expected tanh,identity, or no --activation",
    );
  });

  test("which entry of a checkpoint was read, and what was left alone, is said", async () => {
    expect((await read("checkpoint.pt")).notes).toEqual([
      "checkpoint.pt: the weights are the entry model_state_dict; left alone: epoch, optimizer_state_dict, rng",
    ]);
  });

  test("of two networks in one checkpoint --key takes one", async () => {
    expect(await refusal("two.pt")).toBe("two.pt: found the weights of 2 networks (model, ema), expected --key NAME");
    expect(await numbersOf("two.pt", { key: "model" })).toEqual(PARAMETERS);
    expect((await numbersOf("two.pt", { key: "ema" }))[0]?.[0]).toBe(-0.25);
    expect(await refusal("two.pt", { key: "eva" })).toBe("--key eva: found model, ema in two.pt, expected one of them");
  });
});

/** What torch 1.13 printed for x in f64: pytorch-files/make.py. Parameters are sixteenths; log and exp of both are good to 1e-15. */
describe("activations with a parameter", () => {
  test.each([
    ["prelu.pt", [-0.13793277740478516, -0.3817481994628906], "prelu", ["prelu", "prelu(0.3125)", "identity"]],
    [
      "prelu-shared.pt",
      [-0.5313720703125, -0.5059080123901367],
      undefined,
      ["prelu(0.4375)", "prelu(0.4375)", "identity"],
    ],
    [
      "parametric.pt",
      [-0.01312218631735887, 0.10653412226291914],
      undefined,
      ["prelu", "leaky-relu(0.2)", "elu(0.5)", "softplus(2.5)", "identity"],
    ],
  ])("%s: the network is torch's", async (name, expected, activation, activations) => {
    const notes: string[] = [];
    const note = (line: string): void => void notes.push(line);
    const { layers } = await readModel(bytesOf(name), name, { activation, note });
    expect(layers.map((layer) => formatActivation(layer.activation))).toEqual(activations);
    outputsOf(layers).forEach((y, i) => expect(Math.abs(y - (expected[i] as number))).toBeLessThan(1e-14));
    expect(notes.join()).toContain("are taken as constants: no parameters of θ");
  });

  test("the slopes of a state_dict are no weights that may be left out unsaid", async () => {
    await expect(readModel(bytesOf("prelu.pt"), "prelu.pt", { activation: "relu" })).rejects.toThrow(
      "prelu.pt: tensor 1.weight: found the shape 3, the scale of a normalisation or the slope of a PReLU; expected fully connected layers alone, or --activation prelu where it is one (left over too: 3.weight)",
    );
    await expect(readModel(bytesOf("prelu.pt"), "prelu.pt", { activation: "prelu,relu,identity" })).rejects.toThrow(
      "prelu.pt: tensor 3.weight: found the slopes of a PReLU after a layer whose activation is another, expected prelu there",
    );
    await expect(readModel(bytesOf("prelu.pt"), "prelu.pt", { activation: "prelu,prelu,prelu" })).rejects.toThrow(
      "prelu.pt: found no slopes for the PReLU of 4, expected PREFIX.weight along one axis",
    );
  });

  test("a module in DataParallel says its activations too, as inference has them; its LogSoftmax is left out, and that is said", async () => {
    const notes: string[] = [];
    const { layers } = await readModel(bytesOf("parallel.pt"), "parallel.pt", {
      note: (line) => void notes.push(line),
    });
    expect(layers.map((layer) => formatActivation(layer.activation))).toEqual(["elu", "leaky-relu(0.25)", "identity"]);
    // A log-softmax keeps the difference of two logits.
    const [first = NaN, second = NaN] = outputsOf(layers);
    expect(Math.abs(first - second - (-0.3054516111645398 + 1.3348052002503483))).toBeLessThan(1e-14);
    expect(notes.join()).toContain(
      "parallel.pt: the last LogSoftmax is left out: f is a function of the logits before it",
    );
  });

  test.each([
    [
      "hardtanh.pt",
      "hardtanh.pt: found Hardtanh after layer 1, expected one of the activations that are covered: identity",
    ],
    ["threshold.pt", "threshold.pt: found Softplus after layer 1, with other arguments than ours, expected one of"],
  ])("%s has another function, and is refused by its name, whatever --activation says", async (name, message) => {
    for (const activation of [undefined, "relu", "softplus"]) {
      await expect(readModel(bytesOf(name), name, { activation })).rejects.toThrow(message);
    }
  });
});

/** What torch 1.13 printed for x in f64, in eval mode: pytorch-files/make.py. Stored u and v are f32, so σ has a relative error of 2⁻²³ or so. */
test.each([
  ["norms-by-hooks.pt", [-0.4520340679232654, 0.43196502050160124]],
  ["norms-by-parametrizations.pt", [-0.23448261482403832, -0.1471488094893887]],
])("%s: the weights are those that inference uses", async (name, expected) => {
  const { layers } = await readModel(bytesOf(name), name, { activation: "tanh" });
  outputsOf(layers).forEach((y, i) => expect(Math.abs(y - (expected[i] as number))).toBeLessThan(1e-6));
});

describe("nothing in a file is run", () => {
  test("a command is named, and is refused only where a weight should be", async () => {
    expect((await read("command.pt")).notes).toContain(
      "command.pt: classes and functions named in the file and never run: posix.system",
    );
    expect(await refusal("command-as-weight.pt")).toBe(
      'command-as-weight.pt: entry 0.weight: found an object of posix.system, which would have to be run, expected a dense tensor: torch.save(model.state_dict(), "model.pt")',
    );
    expect(existsSync("executed") || existsSync(new URL("executed", FOLDER))).toBe(false);
  });
});

describe("what is no set of dense weights of its own is refused in one line", () => {
  test.each([
    ["tied.pt", "tied.pt: tensor 2.weight: found the memory of 0.weight: shared weights"],
    ["twice.pt", "twice.pt: found one module as 0 and 2: shared weights"],
    ["expanded.pt", "expanded.pt: tensor 0.weight: found 3 × 4 entries that share 1 numbers in memory: shared weights"],
    ["sparse.pt", "entry 0.weight: found an object of torch._utils._rebuild_sparse_tensor"],
    ["quantised.pt", "entry 0._packed_params._packed_params: found an object of torch._utils._rebuild_qtensor"],
    ["complex.pt", "tensor 0.weight: found the type ComplexFloatStorage"],
    [
      "torchscript.pt",
      "torchscript.pt: found TorchScript, whose forward pass is code that is not run here, expected what torch.save(",
    ],
    ["plain-pickle.pkl", "plain-pickle.pkl: found a plain pickle, expected what torch.save("],
  ])("%s: %s", async (name, message) => {
    expect(await refusal(name)).toContain(message);
  });

  test("tied weights pass where --layers leaves one of them out", async () => {
    expect(await refusal("tied.pt", { layers: ["0"] })).toBe("accepted");
  });
});

describe("damaged files", () => {
  const names = readdirSync(FOLDER).filter((name) => /\.(pt|ckpt)$/.test(name));

  test("cut at any byte, state.pt and legacy.pt are refused", async () => {
    for (const name of ["state.pt", "legacy.pt"]) {
      const whole = bytesOf(name);
      for (let length = 0; length < whole.length; length += 7) {
        const cut = readPytorch(whole.slice(0, length), name).then((m) => m.tensors.map((t) => t.read()));
        await expect(cut, `${name} cut to ${String(length)}`).rejects.toBeInstanceOf(Error);
      }
    }
  });

  test("whatever bytes change, there is a result or one of our errors, soon", async () => {
    const change = fc.tuple(fc.nat(1 << 20), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        async (name, changes) => {
          const bytes = bytesOf(name).slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            for (const tensor of (await readPytorch(bytes, name)).tensors) tensor.read();
          } catch (error) {
            const known = error instanceof FormatError || error instanceof ModelError || error instanceof UsageError;
            if (!known) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  }, 60_000);
});
