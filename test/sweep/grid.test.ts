/** Grids, their order and their refusals; addresses; the presets; the grid's JSON Schema. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { caseRequest, formatAddress, networkSeed, parseAddress } from "../../src/sweep/case.ts";
import type { Cell, Cells } from "../../src/sweep/grid.ts";
import { cellsOf, parseGrids } from "../../src/sweep/grid.ts";
import { preset, PRESET_NAMES } from "../../src/sweep/presets.ts";

const lazy = (raw: unknown): Cells => cellsOf(parseGrids(raw, "grid.json"), "grid.json");
const cells = (raw: unknown): Cell[] => [...lazy(raw)];

describe("a grid", () => {
  test("is the product of its lists, the last turning fastest", () => {
    const found = cells({ depth: [1, 2], width: [3, [4, 5, 6]], activation: ["relu", "tanh"] });
    expect(found.map((c) => `${c.widths.join("-")} ${c.activation}`)).toEqual([
      "3-3 relu",
      "3-3 tanh",
      "4-6 relu",
      "4-6 tanh",
      "3-3-3 relu",
      "3-3-3 tanh",
      "4-5-6 relu",
      "4-5-6 tanh",
    ]);
    expect(found.map((c) => c.architecture)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("numbers the networks of a list of grids one after the other", () => {
    const found = lazy([
      { depth: [1], width: [2, 3], networks: 5 },
      { depth: [2], width: [2] },
    ]);
    expect([...found].map((c) => c.firstNetwork)).toEqual([0, 5, 10]);
    expect([found.length, found.networks]).toEqual([3, 11]);
    expect([0, 4, 5, 9, 10].map((n) => found.ofNetwork(n)?.architecture)).toEqual([0, 0, 1, 1, 2]);
    expect(found.ofNetwork(11)).toBeUndefined();
  });

  test("makes each cell alone as it makes it in the row", () => {
    const found = lazy([
      { depth: [1, 3], width: [2, [3, 4, 5]], activation: ["relu", "tanh"], bias: [0, false], networks: 2 },
      { depth: [2], width: [6], head: ["sum", "mean"], norm: ["spectral", "frobenius"] },
    ]);
    const all = [...found];
    expect(all.map((_, i) => found.at(i))).toEqual(all);
    expect([found.at(all.length), found.at(-1)]).toEqual([undefined, undefined]);
    for (const cell of all) {
      for (let i = 0; i < cell.networks; i++) expect(found.ofNetwork(cell.firstNetwork + i)).toEqual(cell);
    }
    expect(found.distinct("norm")).toEqual([...new Set(all.map(({ norm }) => norm))]);
  });

  test("of a thousand million architectures is opened in a moment, and one of more than 2^32 networks is refused", () => {
    const list = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);
    const raw = { depth: list(1000), width: list(1000), scale: list(1000) };
    const startedMs = performance.now();
    expect(lazy(raw).at(999_999_999)).toMatchObject({ depth: 1000, shape: [1000, 1000, 1000], scale: 1000 });
    expect(() => lazy({ ...raw, networks: 5 })).toThrow("grid.json: found more than 2^32 networks");
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  test.each([
    [{ depth: [], width: [3] }, "grid.json: depth: found 0, expected >=1"],
    [{ depth: [1] }, "grid.json: width: found undefined, expected "],
    [{ depth: [1], width: [0] }, "grid.json: width.0: found 0, expected an integer ≥ 1, or three of them"],
    [{ depth: [1.5], width: [3] }, "grid.json: depth.0: found 1.5, expected "],
    [
      { depth: [1], width: [3], activation: ["rely"] },
      'grid.json: activation.0: found "rely", expected one of identity relu ',
    ],
    [{ depth: [1], width: [3], widths: [3] }, 'grid.json: widths: found "widths", expected one of depth, width, '],
    [{ depth: [1], width: [3], head: ["linear:FILE"] }, 'grid.json: head.0: found "linear:FILE", expected sum, mean, '],
    [{ depth: [1], width: [3], head: ["logit:3"] }, "grid.json: head logit:3: found 3 outputs, expected more than 3"],
    [
      { depth: [2], width: [16, 8], initialiser: ["hadamard"] },
      "grid.json: initialiser hadamard: found widths 8, expected one of 1, 4, 16, 64, 256 … throughout",
    ],
    [3, "grid.json: the document: found 3, expected an object of lists"],
    [[], "grid.json: found an empty list, expected a grid or a list of grids"],
  ])("%j is refused in one line", (raw, message) => {
    expect(() => cells(raw)).toThrow(message);
  });

  test("agrees with its JSON Schema on what a grid is", () => {
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
      JSON.parse(readFileSync("schemas/grid.schema.json", "utf8")) as object,
    );
    const good = [
      { depth: [1], width: [3] },
      [
        {
          depth: [1],
          width: [[1, 2, 3]],
          distribution: [{ distribution: "sphere", scale: 2 }],
          networks: 3,
          bias: [0],
        },
      ],
      { depth: [1], width: [3], head: ["logit:2", "squared-error"], norm: ["frobenius"], scale: [1e-6] },
    ];
    const bad = [
      [],
      { depth: [], width: [3] },
      { depth: [0], width: [3] },
      { depth: [1], width: [[1, 2]] },
      { depth: [1], width: [3], head: ["logit:x"] },
      { depth: [1], width: [3], seed: 1 },
      { depth: [1], width: [3], scale: [0] },
      { depth: [1], width: [3], distribution: [{ scale: 1 }] },
    ];
    for (const raw of [...good, ...PRESET_NAMES.map((name) => preset(name).grids)]) {
      expect(validate(raw), JSON.stringify(validate.errors)).toBe(true);
      expect(() => cells(raw)).not.toThrow();
    }
    for (const raw of bad) {
      expect(validate(raw), JSON.stringify(raw)).toBe(false);
      expect(() => cells(raw), JSON.stringify(raw)).toThrow();
    }
  });
});

test("the smoke preset has at least 50 architectures, every activation and every head", () => {
  const found = [...cellsOf(preset("smoke").grids, "smoke")];
  expect(found.length).toBeGreaterThanOrEqual(50);
  expect(new Set(found.map((c) => c.activation)).size).toBe(17);
  expect(new Set(found.map((c) => c.head)).size).toBe(10);
});

describe("an address", () => {
  test("reads back, and what is none is refused", () => {
    expect(parseAddress("7:12:3")).toEqual({ seed: 7, network: 12, sample: 3 });
    expect(formatAddress(parseAddress("0:4294967295:9007199254740991"))).toBe("0:4294967295:9007199254740991");
    for (const text of ["", "1:2", "1:2:3:4", "-1:2:3", "1:2:x", "1:2:9007199254740993"]) {
      expect(() => parseAddress(text), text).toThrow("expected SEED:STREAM:INDEX");
    }
  });

  test("decides network and input, however many others are made with them", () => {
    const [, cell] = cells({ depth: [2], width: [3, [4, 6, 2]], head: ["cross-entropy"], networks: 3 });
    if (cell === undefined) throw new RangeError("no cell");
    const many = caseRequest(cell, 9, 4, 0, 10);
    const alone = caseRequest(cell, 9, 4, 7, 1);
    expect(alone.network).toEqual(many.network);
    const all = many.source.read(0, 10);
    const one = alone.source.read(0, 1);
    expect(one.inputs).toEqual(all.inputs.slice(28, 32));
    expect(one.labels?.[0]).toBe(all.labels?.[7]);
    expect(caseRequest(cell, 9, 5, 0, 1).network).not.toEqual(many.network);
  });

  test("gives networks of one sweep seeds of their own", () => {
    const seeds = new Set(Array.from({ length: 10_000 }, (_, n) => networkSeed(3, n)));
    expect(seeds.size).toBe(10_000);
    expect([...seeds].every(Number.isSafeInteger)).toBe(true);
  });
});
