import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { examine, forward, weights } from "../../src/reference/oracle.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { normals } from "../support/stream.ts";
import { spectralNorm } from "../support/svd.ts";
import type { JaxCase, JaxResult } from "./programs/jax.ts";

const OUTPUTS = 3;
const coefficients = [0.5, -1.25, 2];
const targets = [0.3, 0.9, -0.7];
const HEADS: readonly (readonly [Head["kind"], Head, number])[] = [
  ["sum", { kind: "sum" }, -1],
  ["mean", { kind: "mean" }, -1],
  ["logit", { kind: "logit", index: 1 }, -1],
  ["logit-argmax", { kind: "logit-argmax" }, -1],
  ["linear", { kind: "linear", coefficients: Float64Array.from(coefficients) }, -1],
  ["half-squared-norm", { kind: "half-squared-norm" }, -1],
  ["squared-error", { kind: "squared-error", targets: Float64Array.from(targets), rows: 1 }, -1],
  ["log-sum-exp", { kind: "log-sum-exp" }, -1],
  ["cross-entropy", { kind: "cross-entropy" }, 2],
  ["margin", { kind: "margin" }, 0],
];

/** What jax-js computes in f64 throughout; its exp, log, tanh, sin and erf (0.1.25) have the accuracy of f32 even on f64 arrays. */
const EXACT = new Set([
  "identity",
  "relu",
  "leaky-relu",
  "softsign",
  "hard-swish",
  "relu6",
  "abs",
  "sum",
  "mean",
  "logit",
  "logit-argmax",
  "linear",
  "half-squared-norm",
  "squared-error",
  "margin",
]);

/** A hang of the third party is a failure of this test, not of the suite. */
const LIMIT_MS = 90_000;

test("jax-js's autodiff gives the oracle's value and gradients, for every activation and every head", () => {
  const drawn = [
    ...ACTIVATION_NAMES.map((activation, i) => ({ activation, pair: HEADS[4] as (typeof HEADS)[number], i })),
    ...HEADS.map((pair, i) => ({ activation: "tanh" as const, pair, i: 100 + i })),
  ].map(({ activation, pair: [kind, head, label], i }) => {
    const network = randomNetwork({
      seed: 71,
      index: i,
      widths: [4, 5, OUTPUTS],
      activations: [activation, activation],
      initialiser: "he",
      biasScale: 0.4,
    });
    const x = normals(72, i, 4);
    const output = forward(network, x).hidden.at(-1) ?? [];
    const top = output.indexOf(Math.max(...output));
    const index = kind === "logit" ? 1 : label >= 0 ? label : top;
    const others = output.map((v, k) => (k === index ? -Infinity : v));
    const layers = network.layers.map((l, k) => ({ weight: weights(network)[k] ?? [], bias: Array.from(l.bias) }));
    const request: JaxCase = {
      activation,
      head: kind,
      x,
      layers,
      coefficients,
      targets,
      index,
      rival: others.indexOf(Math.max(...others)),
    };
    return { name: `${activation} ${kind}`, network, head, label, x, request };
  });

  const root = resolve(import.meta.dirname, "../..");
  const child = spawnSync(
    resolve(root, "node_modules/.bin/deno"),
    ["run", "-A", "--node-modules-dir=manual", "test/reference/programs/jax.ts"],
    {
      cwd: root,
      input: JSON.stringify(drawn.map((d) => d.request)),
      encoding: "utf8",
      timeout: LIMIT_MS,
      maxBuffer: 2 ** 28,
    },
  );
  expect(child.error, "jax-js did not answer within its time limit").toBeUndefined();
  expect(child.status, child.stderr).toBe(0);
  const answers = JSON.parse(child.stdout) as JaxResult[];

  drawn.forEach(({ name, network, head, label, x, request }, i) => {
    const found = examine(network, head, x, label, 0, "spectral", spectralNorm);
    const { hidden } = forward(network, x);
    const answer = answers[i] as JaxResult;
    const exact = EXACT.has(request.activation) && EXACT.has(request.head);
    const unit = exact ? 2 ** -53 : 2 ** -23;
    // Two layers of sums of five terms on both sides: fewer than 64 roundings; the plain forms of mish, gelu-tanh and softplus
    // (log(1 + eᶻ), 1 + tanh) amplify those of their elementary functions by less than 4 here.
    const close = (a: number, b: number, scale: number): void => {
      expect(Math.abs(a - b), name).toBeLessThanOrEqual(
        (exact ? 64 : 256) * unit * Math.max(scale, Math.abs(a), Math.abs(b)),
      );
    };
    const scaleOf = (v: readonly number[]): number => v.reduce((m, e) => Math.max(m, Math.abs(e)), 0);
    close(answer.value, found.value, scaleOf(hidden.at(-1) ?? []));
    expect(answer.inputGradient.length).toBe(4);
    found.inputGradient.forEach((v, k) => close(answer.inputGradient[k] ?? NaN, v, scaleOf(found.inputGradient)));
    network.layers.forEach((layer, t) => {
      const delta = found.adjoints[t] ?? [];
      const h = hidden[t] ?? [];
      delta.forEach((d, row) => {
        close(answer.biasGradients[t]?.[row] ?? NaN, d, scaleOf(delta));
        h.forEach((v, k) => {
          close(answer.weightGradients[t]?.[row * layer.inputs + k] ?? NaN, d * v, scaleOf(delta) * scaleOf(h));
        });
      });
    });
  });
});
