import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { erfc } from "../../src/network/elementary.ts";
import { INITIALISERS, initialWeights } from "../../src/network/initialisers.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import { normalGenerator, normalQuantile, normalsAt } from "../../src/sampling/normal.ts";
import { philox, uniformOpen, uniformSigned, wordsAt } from "../../src/sampling/philox.ts";
import { weightNorms } from "../../src/engine/weight-norm.ts";
import { sameBits } from "../support/same-bits.ts";

const hex = (words: Uint32Array): string => Array.from(words, (w) => w.toString(16).padStart(8, "0")).join(" ");

describe("Philox-4×32-10", () => {
  // Random123's known answers (kat_vectors): counter, key, words.
  test.each([
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [[~0, ~0, ~0, ~0], [~0, ~0], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ])("counter %j, key %j", (counter, key, words) => {
    const out = new Uint32Array(4);
    philox(counter, key, out);
    expect(hex(out)).toBe(words);
  });

  test("every part of an address changes the words, and a longer reading begins with a shorter one", () => {
    const base = hex(wordsAt(1, 2, 3, 8));
    for (const other of [
      wordsAt(2, 2, 3, 8),
      wordsAt(1 + 2 ** 32, 2, 3, 8),
      wordsAt(1, 3, 3, 8),
      wordsAt(1, 2, 4, 8),
      wordsAt(1, 2, 3 + 2 ** 32, 8),
    ]) {
      expect(hex(other)).not.toBe(base);
    }
    expect(hex(wordsAt(1, 2, 3, 21)).startsWith(base)).toBe(true);
  });

  test("uniforms reach both ends and nothing beyond", () => {
    expect([uniformSigned(0), uniformSigned(0xffffffff)]).toEqual([-1, 1 - 2 ** -23]);
    expect(uniformOpen(0, 0)).toBeGreaterThan(0);
    expect(uniformOpen(0xffffffff, 0xffffffff)).toBeLessThan(1);
  });
});

describe("normals", () => {
  test("the quantile undoes the distribution function to 1e−13, far into both tails", () => {
    for (const p of [1e-300, 1e-100, 1e-20, 1e-5, 0.01, 0.075, 0.2, 0.5, 0.8, 0.925, 0.99]) {
      expect(Math.abs((0.5 * erfc(-normalQuantile(p) * Math.SQRT1_2)) / p - 1)).toBeLessThan(p < 1e-50 ? 1e-12 : 1e-13);
    }
  });
  test("100,000 of them have the moments of a normal distribution, within five standard errors", () => {
    const z = normalsAt(3, 1, 0, 100_000);
    const mean = (f: (x: number) => number): number => z.reduce((sum, x) => sum + f(x), 0) / z.length;
    expect(Math.abs(mean((x) => x))).toBeLessThan(5 / Math.sqrt(1e5));
    expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan(5 * Math.sqrt(2 / 1e5));
    expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / 1e5));
  });
});

describe("initialisers", () => {
  test.each([
    [7, 4],
    [4, 7],
    [6, 6],
    [1, 5],
  ])("orthogonal %i × %i has spectral norm 1", (rows, columns) => {
    const w = initialWeights("orthogonal", rows, columns, normalGenerator(1, 2, 3));
    const { spectral } = weightNorms(w, rows, columns);
    expect(Math.abs(spectral.upper - 1)).toBeLessThan(1e-10);
    expect(Math.abs(spectral.lower - 1)).toBeLessThan(1e-10);
  });
  test("glorot, he, lecun and normal have their variances within five standard errors", () => {
    const [rows, columns] = [60, 200];
    for (const [name, variance] of [
      ["glorot", 2 / 260],
      ["he", 2 / 200],
      ["lecun", 1 / 200],
      ["normal", 1],
    ] as const) {
      const w = initialWeights(name, rows, columns, normalGenerator(2, 1, 0));
      const found = w.reduce((sum, v) => sum + v * v, 0) / w.length;
      expect(Math.abs(found / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / w.length));
    }
  });
  test("hadamard is exactly orthogonal, and refuses other sizes", () => {
    const w = initialWeights("hadamard", 16, 16, () => 0);
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j < 16; j++) {
        let dot = 0;
        for (let k = 0; k < 16; k++) dot += (w[i * 16 + k] ?? 0) * (w[j * 16 + k] ?? 0);
        expect(dot).toBe(i === j ? 1 : 0);
      }
    }
    expect(() => initialWeights("hadamard", 8, 8, () => 0)).toThrow(
      "initialiser hadamard: found 8 × 8, expected a square of 1, 4, 16",
    );
    expect(INITIALISERS.length).toBe(6);
  });
});

test("inputs depend on their address alone, not on where a reading starts", () => {
  for (const distribution of ["normal", "uniform", "sphere"] as const) {
    const settings = { distribution, scale: 2, seed: 5 };
    const all = fillInputs(settings, 0, 10, 6);
    expect(Array.from(fillInputs(settings, 4, 3, 6))).toEqual(Array.from(all.subarray(24, 42)));
  }
  const sphere = fillInputs({ distribution: "sphere", scale: 3, seed: 1 }, 0, 5, 8);
  expect(Math.abs(Math.hypot(...sphere.subarray(0, 8)) - 3)).toBeLessThan(1e-14);
  const labels = fillLabels(1, 0, 1000, 7);
  expect([Math.min(...labels), Math.max(...labels)]).toEqual([0, 6]);
});

test("the same bits in Node and Deno: words, normals, inputs, weights, activations, engine cpu's measurements", async () => {
  const here = await sameBits();
  const root = resolve(import.meta.dirname, "../..");
  const program = `import { sameBits } from "./test/support/same-bits.ts"; console.log(JSON.stringify(await sameBits()));`;
  const printed = execFileSync(
    `${root}/node_modules/.bin/deno`,
    ["eval", "--node-modules-dir=manual", "--ext=ts", program],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  expect(JSON.parse(printed)).toEqual(here);
  // Pinned, so that a change of any bit is a decision.
  expect(here).toMatchInlineSnapshot(`
    {
      "activations": "34c859f739b1827936739d2ae3a802111a55962144acac9f7eaf04a60e2a7a6f",
      "inputs": "c977e3b6486552de91aa98895f793a977a1be61ff6894c7f8bd18c34e8102047",
      "measurements": "0476bd649a1cd5332c1d45e3ed19b9ee4bea95c27d6fbf057b2daefd6ceb7387",
      "normals": "9a9abbdafd35435c79bebafd1b553408f437a4c43b923025fa964ad04c1c0027",
      "uniforms": "757f20172ca54a3fc2b9b1efc1bd9c3f8cfe1c64514cff4e221e1855fa904a79",
      "weights": "105a03bc43445759121f3a797edfea3b43b314b36e769a4b8cf76da335cce347",
      "words": "a68c29cfe550abcf303c5c14978de6cfe73b69742a9e919169dfc88e9819e14e",
    }
  `);
});
