import fc from "fast-check";
import { expect, test } from "vitest";
import { cellsOf, parseGrids } from "../../src/sweep/grid.ts";
import { preset, PRESET_NAMES } from "../../src/sweep/presets.ts";
import { shardUnits } from "../../src/sweep/run.ts";
import { unitsOf } from "../../src/sweep/units.ts";

const grid = fc.record({
  depth: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
  width: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 3 }),
  networks: fc.integer({ min: 1, max: 40 }),
});

test("units hold every sample of every network once, in order", () => {
  fc.assert(
    fc.property(fc.array(grid, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 3000 }), (raw, inputs) => {
      const cells = cellsOf(parseGrids(raw, "drawn"), "drawn");
      const units = unitsOf(cells, inputs);
      let [network, sample, samples] = [0, 0, 0];
      for (let unit = 0; unit < units.count; unit++) {
        for (const segment of units.at(unit)) {
          expect([segment.network, segment.first]).toEqual([network, sample]);
          expect(segment.cell.firstNetwork).toBeLessThanOrEqual(network);
          samples += segment.samples;
          sample += segment.samples;
          if (sample === inputs) [network, sample] = [network + 1, 0];
        }
      }
      expect(sample).toBe(0);
      expect(samples).toBe(units.samples);
      expect(network).toBe(cells.networks);
      expect(() => units.at(units.count)).toThrow(RangeError);
    }),
    { numRuns: 50 },
  );
});

test("a sweep of 10^12 samples is divided without listing its units", () => {
  const cells = cellsOf(parseGrids({ depth: [3], width: [16], networks: 2 ** 30 }, "large"), "large");
  const units = unitsOf(cells, 1000);
  expect(units.samples).toBe(1000 * 2 ** 30);
  const [segment] = units.at(units.count - 1);
  expect(segment?.network).toBeGreaterThan(2 ** 29);
});

test("shards divide the units of every preset without remainder or overlap", () => {
  for (const name of PRESET_NAMES) {
    const { grids, inputsPerNetwork } = preset(name);
    const units = unitsOf(cellsOf(grids, name), inputsPerNetwork);
    for (const count of [1, 3, 7, units.count + 1]) {
      const sizes = Array.from({ length: count }, (_, i) => shardUnits(units, { number: i + 1, count }));
      expect(sizes.reduce((a, b) => a + b)).toBe(units.count);
    }
  }
});
