/** The README's plot of throughput beside numpy. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Peers } from "../../bench/peers-svg.ts";
import { peersSvg } from "../../bench/peers-svg.ts";

const committed = JSON.parse(readFileSync("bench/results/peers.json", "utf8")) as Peers;

test("is made of the results that are committed: npm run bench -- plot", () => {
  expect(readFileSync("docs/peers.svg", "utf8")).toBe(peersSvg(committed));
});

test("has a bar of each ratio, as long as its logarithm, none below 1, and words that need escaping", () => {
  const table = [
    { workload: "A <wide> & deep", fullRatio: 10, verdictRatio: 100 },
    { workload: "B", fullRatio: 0.5, verdictRatio: 1 },
  ];
  const svg = peersSvg({ ...committed, table });
  expect(svg).toContain("A &lt;wide> &amp; deep");
  const widths = [...svg.matchAll(/width="([\d.]+)" height="14"/g)].map(([, width]) => Number(width));
  expect(widths.length).toBe(4);
  expect(widths[1]).toBeCloseTo(2 * (widths[0] ?? 0), 0);
  expect(widths.slice(2)).toEqual([0, 0]);
});
