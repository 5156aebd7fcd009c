/** Drawn inputs once more: the right ones pass, to the last digits, and one that is not of its address is named. */
import { describe, expect, test } from "vitest";
import { DISTRIBUTIONS, fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import type { DrawnInputs } from "../../src/verification/audit/drawn-inputs.ts";
import { drawnDifference } from "../../src/verification/audit/drawn-inputs.ts";

const drawnOf = (distribution: (typeof DISTRIBUTIONS)[number], change: Partial<DrawnInputs> = {}): DrawnInputs => ({
  inputs: { distribution, scale: 1.7, seed: 2 ** 40 + 12_345 },
  ...{ first: 0, mean: 0, std: 1, classes: null },
  ...change,
});
const rowOf = ({ inputs, first }: DrawnInputs, index: number, width: number): Float64Array =>
  fillInputs(inputs, first + index, 1, width);

describe.each(DISTRIBUTIONS)("%s", (distribution) => {
  test("is what it is, narrow and wide, at low and at high addresses", () => {
    for (const width of [1, 2, 5, 64, 300])
      for (const first of [0, 2 ** 33 + 7])
        for (let index = 0; index < 40; index++) {
          const drawn = drawnOf(distribution, { first });
          expect(drawnDifference(drawn, index, rowOf(drawn, index, width), null)).toBeNull();
        }
  });

  test("of another row, seed or scale is not, nor with an entry a billionth off", () => {
    const drawn = drawnOf(distribution);
    const row = rowOf(drawn, 9, 20);
    expect(drawnDifference(drawn, 8, row, null)?.what).toBe("input 0");
    expect(
      drawnDifference(drawnOf(distribution, { inputs: { ...drawn.inputs, seed: 1 } }), 9, row, null),
    ).not.toBeNull();
    expect(
      drawnDifference(
        drawn,
        9,
        row.map((x) => 1.001 * x),
        null,
      ),
    ).not.toBeNull();
    for (let k = 0; k < row.length; k++) {
      const changed = row.slice();
      changed[k] = (row[k] as number) * (1 + 1e-9) + Math.sign(row[k] as number) * 1e-9;
      expect(drawnDifference(drawn, 9, changed, null)?.what, String(k)).toMatch(/^input \d+$/);
    }
    expect(
      drawnDifference(
        drawn,
        9,
        row.map(() => NaN),
        null,
      ),
    ).not.toBeNull();
  });

  test("is (x − mean)/std where that was asked for, and may be rounded by what is stated", () => {
    const drawn = drawnOf(distribution, { mean: 3, std: 0.01 });
    const row = rowOf(drawn, 4, 9).map((x) => (x - 3) / 0.01);
    expect(drawnDifference(drawn, 4, row, null)).toBeNull();
    const single = rowOf(drawnOf(distribution), 4, 9).map(Math.fround);
    expect(drawnDifference(drawnOf(distribution), 4, single, null)).not.toBeNull();
    expect(drawnDifference(drawnOf(distribution, { error: 2 ** -23 }), 4, single, null)).toBeNull();
  });
});

test("over some samples every entry of a wide input is looked at", () => {
  const drawn = drawnOf("normal");
  const missed = Array.from({ length: 300 }, (_, k) => k).filter((k) =>
    Array.from({ length: 9 }, (_, index) => index).every((index) => {
      const row = rowOf(drawn, index, 300);
      row[k] = 0.123;
      return drawnDifference(drawn, index, row, null) === null;
    }),
  );
  expect(missed).toEqual([]);
});

test("random labels are those of their addresses", () => {
  for (const classes of [1, 2, 10, 1000]) {
    const drawn = drawnOf("normal", { classes });
    const labels = fillLabels(drawn.inputs.seed, 0, 50, classes);
    labels.forEach((label, index) => {
      const row = rowOf(drawn, index, 2);
      expect(drawnDifference(drawn, index, row, label)).toBeNull();
      expect(drawnDifference(drawn, index, row, (label + 1) % (classes + 1))?.what).toBe("the label");
    });
  }
});
