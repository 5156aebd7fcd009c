/** From files to what a run computes with: rows and weights read again by offsets of their own, and files that must not change. */
import { utimesSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkWeights, inputsOrigin, rowAgain, steadyFiles, weightsOrigin } from "../../src/cli/origin.ts";
import { writeIdx } from "../../src/formats/idx.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { openRows, readModel } from "../../src/formats/read.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Network } from "../../src/network/network.ts";
import { temporary } from "../support/temporary.ts";

const { write } = temporary();

const numbers = Float64Array.from({ length: 21 }, (_, k) => (k * 37) % 50);

describe("a row read again", () => {
  test.each([
    ["f64.npy", writeNpy([7, 3], numbers, "f64")],
    ["f32.npy", writeNpy([7, 3], numbers, "f32")],
    ["i32.npy", writeNpy([7, 3], numbers, "i32")],
    ["u8.idx2-ubyte", writeIdx([7, 3], numbers)],
  ] as const)("is the one that was parsed: %s", async (name, bytes) => {
    const file = write(name, bytes);
    const rows = await openRows(bytes, file);
    const again = rowAgain(file, 7, 3);
    for (let i = 0; i < 7; i++) expect(again?.(i)).toEqual(rows.read(i, 1));
    expect(again?.(7)).toBeNull();
  });

  test("is not offered of a table, of another shape, or of what is no plain file", () => {
    expect(rowAgain(write("table.csv", new TextEncoder().encode("1,2,3\n4,5,6\n")), 2, 3)).toBeNull();
    expect(rowAgain(write("wide.npy", writeNpy([7, 3], numbers, "f64")), 3, 7)).toBeNull();
    expect(rowAgain("/dev/null", 1, 1)).toBeNull();
    expect(inputsOrigin({ file: { name: "/dev/null" }, again: null })).toBe(
      "unchecked: inputs, since null is no plain file",
    );
  });
});

describe("drawn weights of a safetensors model", () => {
  const ramp = (n: number): Float64Array => Float64Array.from({ length: n }, (_, k) => Math.fround(Math.sin(k + 1)));
  const tensors = new Map([
    ["a.weight", { shape: [4, 3], values: ramp(12) }],
    ["a.bias", { shape: [4], values: ramp(4) }],
    ["b.weight", { shape: [4, 4], values: ramp(16) }],
    ["b.bias", { shape: [4], values: ramp(4) }],
  ]);
  const read = async (): Promise<{ file: string; network: Network }> => {
    const bytes = writeSafetensors(tensors, "F32");
    const file = write("model.safetensors", bytes);
    return { file, network: await readModel(bytes, file, { activation: "relu,identity" }) };
  };
  const changed = ({ layers }: Network, i: number, change: (w: Float64Array) => Float64Array): Network => ({
    layers: layers.map((layer, k) => (k === i ? { ...layer, weight: change(layer.weight) } : layer)),
  });

  test("are the network's", async () => {
    const { file, network } = await read();
    expect(checkWeights(file, network)).toBe(2);
    expect(weightsOrigin(file, network)).toContain("drawn weights of 2 of 2 layers are read again");
  });

  test("are not those of a network with one weight in the place of another, rounded, or with a square one transposed", async () => {
    const { file, network } = await read();
    const turned = (w: Float64Array): Float64Array => w.map((_, k) => w[(k % 4) * 4 + Math.floor(k / 4)] as number);
    for (const wrong of [
      changed(network, 0, (w) => w.map((_, k) => w[(k + 1) % w.length] as number)),
      changed(network, 0, (w) => w.map((v) => v * (1 + 2 ** -20))),
      changed(network, 1, turned),
    ]) {
      expect(() => checkWeights(file, wrong)).toThrow(/found other numbers in [ab]\.weight than layer/);
    }
  });
});

test("a file that changes during the run is refused, named; one that stays is not", () => {
  const [still, moving] = [write("still.npy", new Uint8Array(3)), write("moving.npy", new Uint8Array(9))];
  const check = steadyFiles([still, null, "/dev/null", moving]);
  check();
  utimesSync(moving, 1, 1);
  expect(check).toThrow(`${moving}: found it changed during the run, expected it to stay as it is`);
});
