/**
 * Steps a second of training, in processor time of one thread, beside numpy and jax-js on the same task: tanh, cross-entropy, momentum,
 * batches of 64, f64, the same first weights, data and order. The losses are shown, so that all three are seen to do the same.
 * `npm run bench -- training [ROUNDS [WIDTHS…]]`; numpy needs python3 with it, jax-js is a dependency for tests and runs under Deno.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fillInputs, fillLabels } from "../src/sampling/inputs.ts";
import type { Dataset } from "../src/training/data.ts";
import { BATCH_ORDER_STREAM } from "../src/sampling/streams.ts";
import { batchOrder } from "../src/training/order.ts";
import type { TrainingSettings } from "../src/training/settings.ts";
import { createTrainer, initialState } from "../src/training/trainer.ts";

const ONLY = process.argv.slice(4);
const ROUNDS = Number(process.argv[3] ?? "3");
const WITHOUT_JAX = process.env["GPV_BENCH_JAX"] === "no";
const [SAMPLES, BATCH] = [1024, 64];

/** Widths, and steps of about a second. */
const WORKLOADS: readonly (readonly [widths: readonly number[], steps: number])[] = [
  [[16, 32, 32, 4], 1000],
  [[64, 64, 64, 10], 600],
  [[784, 64, 10], 300],
  [[784, 256, 256, 10], 100],
  [[512, 512, 512, 10], 60],
];

interface Timed {
  /** Of processor time, best of the rounds. */
  readonly stepsPerSecond: number;
  /** Of the last batch. */
  readonly loss: number;
}

function ours(settings: TrainingSettings, data: Dataset): Timed {
  let [best, loss] = [Infinity, NaN];
  for (let round = 0; round <= ROUNDS; round++) {
    const trainer = createTrainer(settings, data);
    const before = process.cpuUsage();
    for (let i = 0; i < settings.steps; i++) {
      const made = trainer.step();
      if (made.kind === "made") loss = made.loss;
    }
    const { user, system } = process.cpuUsage(before);
    if (round > 0) best = Math.min(best, (user + system) / 1e6);
  }
  return { stepsPerSecond: settings.steps / best, loss };
}

/** What the others are given: weights, inputs, labels and batches, as JSON. */
function task(settings: TrainingSettings, data: Dataset): string {
  const order = batchOrder(settings.seed, BATCH_ORDER_STREAM, data.samples, settings.batch);
  return JSON.stringify({
    precision: settings.precision === "f64" ? "float64" : "float32",
    ...{ widths: settings.widths, steps: settings.steps, rounds: ROUNDS, rate: settings.learningRate },
    momentum: settings.momentum,
    layers: initialState(settings).parameters.map(({ weight, bias }) => [Array.from(weight), Array.from(bias)]),
    inputs: Array.from(data.inputs),
    labels: Array.from(data.labels ?? []),
    batches: Array.from({ length: settings.steps }, (_, i) => Array.from(order.batch(i))),
  });
}

const NUMPY = `
import json, sys, time
import numpy as np
t = json.load(open(sys.argv[1]))
w = t["widths"]
X = np.array(t["inputs"], dtype=t["precision"]).reshape(-1, w[0])
Y = np.array(t["labels"], dtype=np.int64)
batches = np.array(t["batches"])
best, loss = float("inf"), float("nan")
for r in range(t["rounds"] + 1):
    W = [np.array(l[0], dtype=t["precision"]).reshape(w[i + 1], w[i]) for i, l in enumerate(t["layers"])]
    B = [np.array(l[1], dtype=t["precision"]) for l in t["layers"]]
    VW = [np.zeros_like(a) for a in W]; VB = [np.zeros_like(a) for a in B]
    start = time.process_time()
    for rows in batches:
        hs = [X[rows]]
        for i in range(len(W)):
            z = hs[-1] @ W[i].T + B[i]
            hs.append(np.tanh(z) if i + 1 < len(W) else z)
        h = hs[-1]; n = len(rows)
        e = np.exp(h - h.max(1, keepdims=True)); s = e.sum(1, keepdims=True)
        loss = float(np.mean(np.log(s[:, 0]) + h.max(1) - h[np.arange(n), Y[rows]]))
        d = e / s; d[np.arange(n), Y[rows]] -= 1; d /= n
        for i in reversed(range(len(W))):
            gw, gb = d.T @ hs[i], d.sum(0)
            if i > 0: d = (d @ W[i]) * (1 - hs[i] ** 2)
            VW[i] *= t["momentum"]; VW[i] += gw; W[i] -= t["rate"] * VW[i]
            VB[i] *= t["momentum"]; VB[i] += gb; B[i] -= t["rate"] * VB[i]
    if r > 0: best = min(best, time.process_time() - start)
print(json.dumps({"stepsPerSecond": t["steps"] / best, "loss": loss}))
`;

/** Parameters are one list; value and gradient of the batch's mean loss in one call, compiled once. */
const JAX = `
import { readFileSync } from "node:fs";
import process from "node:process";
import * as jax from "@jax-js/jax";
const { numpy: np } = jax;
await jax.init(); jax.defaultDevice("wasm");
const t = JSON.parse(readFileSync(process.argv[2], "utf8"));
const w = t.widths, depth = w.length - 1, n = t.batches[0].length, k = w[depth];
const make = (v, shape) => np.array(v, { dtype: t.precision === "float64" ? np.float64 : np.float32 }).reshape(shape);
const loss = (p, x, y) => {
  let h = x;
  for (let i = 0; i < depth; i++) {
    const z = np.matmul(h, np.transpose(p[2 * i])).add(p[2 * i + 1]);
    h = i + 1 < depth ? np.tanh(z) : z;
  }
  const own = np.sum(h.ref.mul(y));
  return np.sum(np.log(np.sum(np.exp(h), 1))).sub(own).div(n);
};
const step = jax.jit(jax.valueAndGrad(loss));
let best = Infinity, value = NaN;
for (let r = 0; r <= t.rounds; r++) {
  let p = t.layers.flatMap(([a, b], i) => [make(a, [w[i + 1], w[i]]), make(b, [w[i + 1]])]);
  let v = p.map((a) => np.zerosLike(a.ref));
  const before = process.cpuUsage();
  for (const rows of t.batches) {
    const x = make(rows.flatMap((i) => t.inputs.slice(i * w[0], (i + 1) * w[0])), [n, w[0]]);
    const y = make(rows.flatMap((i) => Array.from({ length: k }, (_, c) => (c === t.labels[i] ? 1 : 0))), [n, k]);
    const [l, g] = step(p.map((a) => a.ref), x, y);
    value = l.js();
    v = v.map((a, i) => a.mul(t.momentum).add(g[i]));
    p = p.map((a, i) => a.sub(v[i].ref.mul(t.rate)));
    await Promise.all(p.map((a) => a.ref.blockUntilReady()));
  }
  const { user, system } = process.cpuUsage(before);
  if (r > 0) best = Math.min(best, (user + system) / 1e6);
}
console.log(JSON.stringify({ stepsPerSecond: t.steps / best, loss: value }));
process.exit(0);
`;

const folder = mkdtempSync(join(tmpdir(), "gpv-bench-"));

/** Null where the peer is not here, or fails: said on stderr. */
function peer(name: string, program: string, words: readonly string[]): Timed | null {
  const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", env, timeout: 300_000 });
  if (status === 0) return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null") as Timed;
  process.stderr.write(`${name}: not timed: ${stderr.trim().split("\n").at(-1) ?? ""}\n`);
  return null;
}

writeFileSync(join(folder, "peer.py"), NUMPY);
// Beside node_modules, where Deno finds the package.
const jaxFile = "node_modules/.evidence/jax-training.mjs";
writeFileSync(jaxFile, JAX);
console.log("steps a second of processor time, one thread (loss of the last batch)");
for (const [widths, steps] of WORKLOADS) {
  if (ONLY.length > 0 && !ONLY.includes(widths.join("-"))) continue;
  const outputs = widths.at(-1) ?? 1;
  const width = widths[0] ?? 1;
  const data: Dataset = {
    ...{ samples: SAMPLES, width, outputs, targets: null },
    inputs: fillInputs({ distribution: "normal", scale: 1, seed: 3 }, 0, SAMPLES, width),
    labels: fillLabels(3, 0, SAMPLES, outputs),
  };
  for (const precision of ["f64", "f32"] as const) {
    const settings: TrainingSettings = {
      ...{ widths, activations: widths.slice(1).map((_, i) => (i + 2 < widths.length ? "tanh" : "identity")) },
      ...{ initialiser: "glorot", scale: 1, loss: "cross-entropy", optimiser: "sgd", learningRate: 0.05 },
      ...{ momentum: 0.9, weightDecay: 0, schedule: { kind: "constant" }, warmUp: 0, batch: BATCH, steps },
      ...{ penalties: [], precision, seed: 1 },
    };
    const file = join(folder, "task.json");
    writeFileSync(file, task(settings, data));
    const deno = ["run", "-A", "--node-modules-dir=manual", jaxFile, file];
    const timed = {
      gpv: ours(settings, data),
      numpy: peer("numpy", "python3", [join(folder, "peer.py"), file]),
      "jax-js": WITHOUT_JAX ? null : peer("jax-js", "node_modules/.bin/deno", deno),
    };
    const shown = Object.entries(timed).map(([name, found]) =>
      found === null ? `${name} –` : `${name} ${found.stepsPerSecond.toFixed(0)} (${found.loss.toPrecision(8)})`,
    );
    console.log(`${widths.join("-")} ${precision}: ${shown.join(", ")}`);
  }
}
rmSync(folder, { recursive: true });
