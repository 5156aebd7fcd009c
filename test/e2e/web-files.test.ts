/** Files that are dropped on the page: what is asked of them, how they are refused, and that nothing in them is ever markup or script. */
import { readFileSync } from "node:fs";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { skipReason } from "../support/browser.ts";
import { drop, dropAndType, isInView, says } from "../support/drop.ts";
import { npy } from "../support/npy.ts";
import { oneLayerOnnx } from "../support/onnx.ts";
import type { ServedPage } from "../support/page.ts";
import { ended, openSmall, reportOf, servePage } from "../support/page.ts";
import { zip } from "../support/zip.ts";
import { network } from "../witness/support.ts";

const DATA = npy(
  Float64Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  4,
  3,
);

/** Tensors of a 3-5-2 network. */
function tensors(names: readonly [string, string] = ["0", "2"]): Map<string, { shape: number[]; values: number[] }> {
  const ramp = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.cos(i + 1));
  return new Map([
    [`${names[0]}.weight`, { shape: [5, 3], values: ramp(15) }],
    [`${names[1]}.weight`, { shape: [2, 5], values: ramp(10) }],
  ]);
}

const WANTED =
  "plain.safetensors names no activations for its layers 0 (3 → 5), 2 (5 → 2): name the hidden layers’, or one for each layer";

const CONVOLUTION = new Map([
  ["0.weight", { shape: [1, 1, 1], values: [1] }],
  ["0.bias", { shape: [1], values: [1] }],
]);

describe.skipIf(skipReason !== null)("files dropped on the page", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  const open = (): Promise<Page> => openSmall(served);

  test("a network and data run at once, whatever their order", async () => {
    const page = await open();
    await drop(page, ["data.npy", DATA], ["model.json", writeModelJson(network([3, 5, 2], "tanh"))]);
    await ended(page, 4);
    expect((await reportOf(page)).model.source).toBe("model.json");
    expect(await page.isChecked("#subject-files")).toBe(true);
    // The address no longer asks for a drawn network.
    expect(new URL(page.url()).searchParams.get("widths")).toBeNull();
    await page.close();
  });

  test("PyTorch's and ONNX files are read in the page, data beside them", async () => {
    const page = await open();
    const state = new Uint8Array(readFileSync(new URL("../formats/pytorch-files/state.pt", import.meta.url)));
    const wide = npy(
      Float64Array.from({ length: 12 }, (_, i) => Math.cos(i)),
      3,
      4,
    );
    await drop(page, ["state.pt", state], ["data.npy", wide]);
    await says(
      page,
      "state.pt names no activations for its layers 0 (4 → 3), 2 (3 → 2): name the hidden layers’, or one for each layer",
    );
    await page.fill("#own-activation", "tanh");
    await page.press("#own-activation", "Enter");
    await ended(page, 3);
    const read = (await reportOf(page)).model;
    expect([read.source, ...read.layers.map(({ tensor }) => tensor)]).toEqual(["state.pt", "0.weight", "2.weight"]);
    await drop(page, ["layer.onnx", oneLayerOnnx([3, 0, 0, 0, 4, 0])], ["data.npy", DATA]);
    await expect.poll(async () => (await reportOf(page)).model.source, { timeout: 20_000 }).toBe("layer.onnx");
    const { model } = await reportOf(page);
    expect(model.layers[0]?.weightNorm.lower).toBeCloseTo(4, 9);
    expect(model.layers[0]?.biased).toBe(false);
    await page.close();
  });

  test("a file with an ONNX model's numbers that comes first is kept, and the model takes it", async () => {
    const page = await open();
    const numbers = new Uint8Array(Float32Array.of(9, 3, 0, 0, 0, 4, 0).buffer);
    for (const name of ["weights.bin", "model.onnx.data"]) {
      await drop(page, [name, numbers]);
      await expect
        .poll(() => page.innerText("#own-status"), { timeout: 20_000 })
        .toMatch(
          new RegExp(`^${name}: found n.* It is kept, in case an ONNX model has its numbers in it: drop that too$`),
        );
    }
    await drop(page, ["data.npy", DATA]);
    await says(page, "Found data.npy: expected a network too");
    await drop(page, ["layer.onnx", oneLayerOnnx({ location: "model.onnx.data", offset: 4 })]);
    await ended(page, 4);
    expect((await reportOf(page)).model.layers[0]?.weightNorm.lower).toBeCloseTo(4, 9);
    await page.close();
  });

  test("a file with an ONNX model's numbers is read beside it, and asked for where it is not there", async () => {
    const page = await open();
    // [[3, 0, 0], [0, 4, 0]] behind 4 bytes of something else.
    const numbers = new Uint8Array(Float32Array.of(9, 3, 0, 0, 0, 4, 0).buffer);
    const model = oneLayerOnnx({ location: "parts/weights.bin", offset: 4 });
    await drop(page, ["weights.bin", numbers], ["data.npy", DATA], ["layer.onnx", model]);
    await ended(page, 4);
    const norm = async (): Promise<number> => (await reportOf(page)).model.layers[0]?.weightNorm.lower ?? NaN;
    expect(await norm()).toBeCloseTo(4, 9);
    expect(await page.innerText("#own-status")).toBe("layer.onnx with data.npy");
    // The same model alone: numbers that came with another are not its own.
    await drop(page, ["again.onnx", model]);
    await says(page, "again.onnx: found numbers of it in weights.bin, expected that file too");
    await page.click("#own-verify");
    // Files are looked at one after another: what comes next is said once the network has been looked at again.
    await drop(page, ["note.md", "no model"]);
    await expect.poll(() => page.innerText("#own-status"), { timeout: 20_000 }).toContain("note.md: found none");
    expect(await page.innerText("#command")).not.toContain("again.onnx");
    const others = new Uint8Array(Float32Array.of(9, 1, 0, 0, 0, 2, 0).buffer);
    await drop(page, ["weights.bin", others]);
    await expect.poll(norm, { timeout: 20_000 }).toBeCloseTo(2, 9);
    expect((await reportOf(page)).model.source).toBe("again.onnx");
    await page.close();
  });

  test("of two networks in a checkpoint one is asked for, and a command in a file is named and never run", async () => {
    const page = await open();
    const wide = npy(
      Float64Array.from({ length: 12 }, (_, i) => Math.cos(i)),
      3,
      4,
    );
    const pickled = (name: string): Uint8Array =>
      new Uint8Array(readFileSync(new URL(`../formats/pytorch-files/${name}`, import.meta.url)));
    await drop(page, ["two.pt", pickled("two.pt")], ["data.npy", wide]);
    await says(page, "two.pt: found the weights of 2 networks (model, ema), expected “Entry of a checkpoint” NAME");
    expect(await page.getAttribute("#own-key", "aria-invalid")).not.toBeNull();
    expect(await page.locator("#keys option").evaluateAll((all) => all.map((o) => o.getAttribute("value")))).toEqual([
      "model",
      "ema",
    ]);
    await page.fill("#own-activation", "leaky-relu(0.2)");
    await page.fill("#own-key", "ema");
    await page.press("#own-key", "Enter");
    await ended(page, 3);
    expect((await reportOf(page)).model.layers[0]?.activation).toBe("leaky-relu(0.2)");
    expect(await page.innerText("#command")).toContain("--activation 'leaky-relu(0.2)' --key ema");
    await drop(page, ["command.pt", pickled("command.pt")]);
    await expect
      .poll(() => page.innerText("#own-status"), { timeout: 20_000 })
      .toContain("command.pt names no activations");
    expect(await page.inputValue("#own-key")).toBe("");
    await page.fill("#own-activation", "tanh");
    await page.press("#own-activation", "Enter");
    await expect.poll(async () => (await reportOf(page)).model.source, { timeout: 20_000 }).toBe("command.pt");
    expect((await reportOf(page)).model.notes).toContain(
      "classes and functions named in the file and never run: posix.system",
    );
    await drop(page, ["bad.pt", pickled("command-as-weight.pt")]);
    await expect
      .poll(() => page.innerText("#own-status"), { timeout: 20_000 })
      .toContain("bad.pt: entry 0.weight: found an object of posix.system, which would have to be run");
    await page.close();
  });

  test("activations are asked for where the network's file names none", async () => {
    const page = await open();
    await drop(page, ["plain.safetensors", writeSafetensors(tensors(), "F64")], ["data.npy", DATA]);
    await says(page, WANTED);
    expect(await page.getAttribute("#own-activation", "aria-invalid")).not.toBeNull();
    expect(await page.locator("#activations option").count()).toBeGreaterThan(10);
    await page.fill("#own-activation", "relu");
    await page.press("#own-activation", "Enter");
    await ended(page, 4);
    expect((await reportOf(page)).model.layers.map((layer) => layer.activation)).toEqual(["relu", "identity"]);
    expect(await page.innerText("#command")).toContain("--activation relu");
    await page.close();
  });

  test("what is typed while a file is still being read is of that file, and what was typed before is not", async () => {
    const page = await open();
    const model = ["plain.safetensors", writeSafetensors(tensors(), "F64")] as const;
    await dropAndType(page, [model, ["data.npy", DATA]], "sigmoid");
    await ended(page, 4);
    expect((await reportOf(page)).model.layers.map((layer) => layer.activation)).toEqual(["sigmoid", "identity"]);
    await drop(page, model);
    await says(page, WANTED);
    expect(await page.inputValue("#own-activation")).toBe("");
    await page.close();
  });

  test("a file that can be a network and data is asked about", async () => {
    const page = await open();
    const single = writeSafetensors(
      new Map([["0.weight", { shape: [4, 3], values: Array.from({ length: 12 }, (_, i) => Math.cos(i)) }]]),
      "F32",
      {
        activations: "tanh",
      },
    );
    await drop(page, ["either.safetensors", single], ["model.json", writeModelJson(network([3, 5, 2], "tanh"))]);
    await says(page, "either.safetensors can be a network or data. What is it?");
    await page.locator("#own-question button", { hasText: "Data" }).click();
    await ended(page, 4);
    expect(await page.locator("#own-question button").count()).toBe(0);
    await page.close();
  });

  test("axe finds nothing serious while a question is open, and tables are", async () => {
    const { page } = await served.open("?engine=cpu&widths=3-2&samples=5", {
      ...{ colorScheme: "dark", viewport: { width: 360, height: 800 } },
    });
    await ended(page, 5);
    const single = new Map([["0.weight", { shape: [4, 3], values: Array.from({ length: 12 }, (_, i) => i + 1) }]]);
    await drop(page, ["either.safetensors", writeSafetensors(single, "F32", { activations: "tanh" })]);
    await page.waitForSelector("#own-question button");
    for (const summary of await page.locator("summary").all()) await summary.click();
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await page.close();
  });

  test("files are waited for where they are chosen and none is there", async () => {
    const page = await open();
    await page.check("#subject-files");
    await ended(page, 0);
    expect(await page.innerText("#status")).toBe("Found no file: expected a network too");
    // The network that was drawn before is not theirs.
    expect(await page.locator("#results table, #plot svg").count()).toBe(0);
    await page.check("#subject-digits");
    await ended(page, 1000);
    await page.close();
  });

  test("one of several arrays is asked for, and the data are shifted and divided as the command says", async () => {
    const page = await open();
    const arrays = new Map([
      ["train", { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }],
      ["test", { shape: [3, 3], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
    ]);
    await drop(page, ["arrays.safetensors", writeSafetensors(arrays, "F64")]);
    await says(page, "Found arrays.safetensors: expected a network too");
    await page.selectOption("#own-array", "test");
    await page.fill("#own-mean", "5");
    await page.fill("#own-std", "4");
    await drop(page, ["model.json", writeModelJson(network([3, 5, 2], "tanh"))]);
    await ended(page, 3);
    expect(await page.innerText("#command")).toContain("--inputs arrays.safetensors --array test --mean 5 --std 4");
    await page.close();
  });

  test.each([
    [
      "picture.bmp",
      "BM",
      "picture.bmp: found none of the known formats, expected .npy, .npz, .safetensors, .csv, .parquet or IDX (plain or .gz)",
    ],
    ["model.h5", Uint8Array.from([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10]), "from Keras: import keras"],
    ["model.keras", zip([{ name: "model.weights.h5", content: new Uint8Array(3) }]), "from Keras: import keras"],
    ["model.json", "{", "model.json: "],
    ["cnn.safetensors", writeSafetensors(CONVOLUTION, "F64"), "a convolution, whose shared weights"],
    ["data.npy", "version https://git-lfs.github.com/spec/v1\n", "data.npy: found a Git LFS pointer"],
    ["checkpoint.pt", zip([{ name: "archive/data.pkl", content: new Uint8Array(3) }]), "checkpoint.pt: "],
  ])("%s is refused in a line", async (name, bytes, expected) => {
    const page = await open();
    await drop(page, [name, bytes]);
    await expect.poll(() => page.innerText("#own-status"), { timeout: 20_000 }).toContain(expected);
    const said = await page.innerText("#own-status");
    expect(said.split("\n")).toHaveLength(1);
    // The page has fields, no options.
    expect(said).not.toContain("--");
    expect(await isInView(page, "#own-status")).toBe(true);
    await page.close();
  });

  test("names and metadata that are markup stay text, and no script of theirs runs", async () => {
    const { page, errors, strangers } = await served.open("?engine=cpu&widths=3-2&samples=5");
    await ended(page, 5);
    const bad = `<img src=x onerror="window.caught=1"><script>window.caught=1</script>`;
    const metadata = { activations: "relu", [bad]: bad };
    await drop(
      page,
      [`${bad.replaceAll("/", "")}.safetensors`, writeSafetensors(tensors([`${bad}0`, `${bad}1`]), "F64", metadata)],
      [`${bad.replaceAll("/", "")}.npy`, DATA],
    );
    await ended(page, 4);
    await page.locator("#results button").first().click();
    await page.waitForSelector("#sample[data-shown]", { timeout: 60_000 });
    expect(await page.innerText("#command")).toContain("<img src=x");
    await drop(page, [`${bad.replaceAll("/", "")}.json`, bad]);
    await expect.poll(() => page.innerText("#own-status")).toContain("<img src=x");
    expect(await page.evaluate("window.caught")).toBeUndefined();
    expect(await page.locator("main img, main script").count()).toBe(0);
    // An address is no better than a file.
    await page.goto(
      `${served.address}?widths=${encodeURIComponent(bad)}&head=${encodeURIComponent(bad)}&plant=x&engine=cpu&seed=${encodeURIComponent(bad)}`,
    );
    await ended(page, 0);
    expect(await page.evaluate("window.caught")).toBeUndefined();
    expect(strangers).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("the policy of the page runs no inline script, style or stranger's script", async () => {
    const { page } = await served.open("?engine=cpu&widths=3-2&samples=5");
    await ended(page, 5);
    const refused = await page.evaluate(async () => {
      const found: string[] = [];
      document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "window.caught = 1";
      document.head.append(script);
      document.body.setAttribute("onclick", "window.caught = 1");
      document.body.click();
      const style = document.createElement("style");
      style.textContent = "body { color: red }";
      document.head.append(style);
      await fetch("http://localhost:9/").catch(() => undefined);
      await new Promise((next) => setTimeout(next, 50));
      return { found, caught: (window as { caught?: number }).caught };
    });
    expect(refused.caught).toBeUndefined();
    expect([...new Set(refused.found)].sort()).toEqual([
      "connect-src",
      "script-src-attr",
      "script-src-elem",
      "style-src-elem",
    ]);
    await page.close();
  });
});
