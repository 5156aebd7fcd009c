/** What the plots count and where their marks stand; what the builder makes of a depth; which hint a browser gets; the command's words. */
import { expect, test } from "vitest";
import type { PageRequest } from "../../src/worker/client.ts";
import { deepened } from "../../web/controls/builder.ts";
import { commandLine } from "../../web/controls/command.ts";
import { bars } from "../../web/plots/histogram.ts";
import { logMarks, widened } from "../../web/plots/scale.ts";
import { hintFor } from "../../web/views/engine-line.ts";

test("a histogram has at most 48 bars, holds every value, and the marked one", () => {
  const values = [1e-7, 2e-7, 0.5, 0.9, 0.999];
  const counts = new Map<number, number>();
  for (const value of values) {
    const bin = Math.floor(40 * Math.log10(value));
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  const { bins, from, to } = bars(counts, 1);
  expect(bins.length).toBeLessThanOrEqual(48);
  expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
  expect(from).toBeLessThanOrEqual(-7);
  expect(to).toBeGreaterThan(0);
  for (const value of values) {
    expect(bins.some((bin) => bin.count > 0 && bin.from <= Math.log10(value) && Math.log10(value) < bin.to)).toBe(true);
  }
  expect(bars(new Map(), null).bins).toEqual([]);
});

test("a scale never shrinks, and its marks lie within it", () => {
  const first = widened(null, 1.2, 2.1);
  expect(first).toEqual({ from: 1, to: 2.5 });
  const next = widened(first, -3.4, 2);
  expect(next).toEqual({ from: -3.5, to: 2.5 });
  expect(widened(null, 2, 2)).toEqual({ from: 2, to: 2.5 });
  for (const range of [first, next, { from: -30, to: 40 }]) {
    const marks = logMarks(range);
    expect(marks.length).toBeGreaterThan(1);
    expect(marks.length).toBeLessThanOrEqual(9);
    for (const { at } of marks) expect(at >= range.from - 1e-9 && at <= range.to + 1e-9).toBe(true);
  }
  expect(logMarks(first).map(({ text }) => text)).toEqual(["10", "20", "50", "100", "200"]);
  expect(logMarks({ from: 5, to: 12 })[0]?.text).toBe("10⁵");
});

test.each([
  [[64, 64, 64, 10], 4, [64, 64, 64, 64, 10]],
  [[784, 64, 32, 10], 5, [784, 64, 32, 32, 32, 10]],
  [[784, 64, 32, 10], 2, [784, 64, 10]],
  [[784, 64, 32, 10], 1, [784, 10]],
  [[5, 4], 3, [5, 5, 5, 4]],
  [[5, 4], 0, [5, 4]],
] as const)("widths %j made %d deep are %j", (widths, depth, made) => {
  expect(deepened(widths, depth)).toEqual(made);
});

const AGENT =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
test.each([
  [AGENT, "chrome"],
  [`${AGENT} Edg/130.0`, "edge"],
  [AGENT.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64"), "chromeLinux"],
  [AGENT.replace("Windows NT 10.0; Win64; x64", "Linux; Android 14"), "chrome"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "safari"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/130 Safari/604.1", "safariPhone"],
  ["Lynx/2.9", "other"],
])("a browser that calls itself %s gets the hint for %s", (agent, hint) => {
  expect(hintFor(agent, true)).toBe(hint);
  expect(hintFor(agent, false)).toBe("insecure");
});

const REQUEST: PageRequest = {
  subject: {
    kind: "files",
    ...{ model: new Blob(), modelName: "it's $(mine).json", activation: "relu", layers: "a,b" },
    ...{ inputs: new Blob(), inputsName: "-rf.npy", array: "x", mean: 0.5, std: 2 },
    ...{ layout: "inputs-outputs", header: "yes", key: "ema model", external: [] },
  },
  ...{ head: "margin", accuracy: "verdict", norm: "frobenius", seed: 7, batchSize: 5, engine: "webgpu" },
  ...{ plant: "vjp-missing-mask", shaders: {} },
};

test("the command names what differs from its own defaults, each word quoted for a shell", () => {
  expect(commandLine(REQUEST)).toBe(
    "npx gradient-penalty-verifier verify --model 'it'\\''s $(mine).json' --activation relu --layers a,b --layout inputs-outputs --key 'ema model' " +
      "--inputs ./-rf.npy --array x --header yes --mean 0.5 --std 2 --head margin --norm frobenius --seed 7 --engine webgpu --accuracy verdict --plant vjp-missing-mask",
  );
  const drawn = {
    widths: [5, 4],
    activation: "relu",
    initialiser: "he",
    distribution: "normal",
    samples: 9,
    seed: 0,
  } as const;
  const plain = {
    head: "logit-argmax",
    accuracy: 1e-3,
    norm: "spectral",
    seed: 0,
    engine: "auto",
    plant: null,
  } as const;
  expect(commandLine({ ...REQUEST, ...plain, subject: { kind: "drawn", ...drawn } })).toBe(
    "npx gradient-penalty-verifier verify --model network.safetensors --random 9",
  );
});
