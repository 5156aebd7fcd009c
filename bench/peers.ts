/**
 * Engine cpu with all of settlement beside numpy and jax-js as a person writes them (bench/peers/power.py, bench/peers/jax.ts; f32), one thread each, in turn in
 * one run: processor seconds a sample between two sizes, the best of the rounds. Their stopping rule is tightened until as many of their norms are within 1e-3 of
 * f64 SVDs as of ours. jax-js, which is far slower, has smaller batches and two rounds at most, on its faster device here, "wasm".
 * `npm run bench -- peers [ROUNDS [WORKLOADS]]`; bench/results/peers.json keeps the table, and of workloads that are left out what it had.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Peer } from "../src/cli/bench-numpy.ts";
import { exactNorms, openNumpy, openPeer, TOLERANCES, within, writeTask } from "../src/cli/bench-numpy.ts";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import type { Measurements } from "../src/engine/engine.ts";
import type { Plan } from "../src/engine/plan.ts";
import { ours, rates } from "./ours.ts";
import { keepResult } from "./results.ts";
import type { Workload } from "./workloads.ts";
import { WORKLOADS } from "./workloads.ts";

const [rounds = "5", letters = "ABCDEFG"] = process.argv.slice(3);
const ACCURACY = 1e-3;
/** Share of (sample, layer) that must be within it. */
const SHARE = 0.999;
/** Samples a batch of numpy; a timing is of whole batches, since the slowest sample of each decides its steps. That of G would take minutes. */
const BATCH = 256;
const BATCH_OF_G = 32;

const engine = createCpuEngine({ threads: 0, runtime: "bench" });
const folder = mkdtempSync(join(tmpdir(), "gpv-peers-"));

/** ‖J_t‖ of each sample by its witness, t = 2 … l, in the unscaled network. */
function witnessNorms(plan: Plan, { witnesses }: Measurements): number[][] {
  let exponent = 0;
  return witnesses.slice(1).map((w, i) => {
    exponent += plan.layers[i]?.scaleExponent ?? 0;
    return Array.from(w?.pullbackNorm ?? [], (c, j) => (c / (w?.vectorNorm[j] ?? NaN)) * 2 ** exponent);
  });
}

type Norms = readonly (readonly number[])[];

/** The first stopping rule, from `from` on, by which as many norms are right as `wanted`, or the last. */
async function tighten(
  name: string,
  peer: Peer,
  place: string,
  exact: Norms,
  wanted: number,
  from: number,
  batch: number,
): Promise<{ tolerance: number; reached: number }> {
  let found = { tolerance: NaN, reached: 0 };
  for (const tolerance of TOLERANCES.filter((own) => own <= from)) {
    const norms = await peer.norms(place, exact[0]?.length ?? 0, tolerance, batch);
    found = { tolerance, reached: within(norms, exact, ACCURACY) };
    console.error(`${name} at ${String(tolerance)}: ${String(found.reached)} within`);
    if (found.reached >= wanted) break;
  }
  return found;
}

async function compare(numpy: Peer, { name, network, samples, inputs: inputsOf }: Workload): Promise<object> {
  const place = join(folder, name.charAt(0));
  const batch = name.startsWith("G") ? BATCH_OF_G : BATCH;
  const most = Math.max(samples, 2 * batch);
  const largest = Math.max(...network.layers.map((layer) => layer.inputs * layer.outputs));
  // Enough for a second of ours, as in a run of many: what is compiled on the way is a part of it.
  const large = largest > 2 ** 20 ? samples : 8 * samples;
  const inputs = inputsOf(Math.max(most, large));
  writeTask(place, network, inputs);
  console.error(`${name}: checking`);
  const full = ours(engine, network, inputs, ACCURACY);
  const verdict = ours(engine, network, inputs, "verdict");
  const check = Math.min(256, samples, Math.round(2 ** 24 / largest));
  const exact = await exactNorms(numpy, place, check);
  const own = within(witnessNorms(full.plan, await full.measurements(check)), exact, ACCURACY);
  const wanted = Math.min(SHARE, own);
  // Looser ones have never been enough.
  const first = await tighten("numpy", numpy, place, exact, wanted, 1e-4, batch);

  const jaxBatch = Math.min(BATCH, samples / 4);
  const deno = ["run", "-A", "--node-modules-dir=manual", "bench/peers/jax.ts", "wasm", String(jaxBatch)];
  const jax = await openPeer("node_modules/.bin/deno", deno);
  if (jax === null) throw new Error("jax-js does not start");
  const other = await tighten("jax-js", jax, place, exact, wanted, first.tolerance, jaxBatch);

  const timed = (peer: Peer, tol: number) => async (n: number) =>
    (await peer.ask<{ cpu: number }>({ folder: place, mode: "time", samples: n, tol, batch })).cpu;
  const sizes = { small: large / 4, large };
  const found = await rates(
    [
      { name: "numpy", small: Math.max(batch, samples / 4), large: most, seconds: timed(numpy, first.tolerance) },
      { name: "jax", small: jaxBatch, large: 2 * jaxBatch, seconds: timed(jax, other.tolerance), rounds: 2 },
      { name: "full", ...sizes, seconds: full.seconds },
      { name: "verdict", ...sizes, seconds: verdict.seconds },
    ],
    Number(rounds),
  );
  jax.end();
  const rate = (of: string): number => found.get(of) ?? NaN;
  const ratio = (a: string, b: string, digits: number): number => Number((rate(a) / rate(b)).toFixed(digits));
  return {
    workload: name,
    numpy: Math.round(rate("numpy")),
    jax: Number(rate("jax").toPrecision(3)),
    full: Math.round(rate("full")),
    verdict: Math.round(rate("verdict")),
    fullRatio: ratio("full", "numpy", 2),
    verdictRatio: ratio("verdict", "numpy", 1),
    jaxRatio: ratio("full", "jax", 1),
    ...{ tolerance: first.tolerance, numpyWithin: first.reached, jaxTolerance: other.tolerance },
    ...{ jaxWithin: other.reached, oursWithin: own, checked: exact.flat().length, rounds: Number(rounds) },
  };
}

const numpy = await openNumpy("/usr/bin/python3", true);
if (numpy === null || !/openblas/i.test(JSON.stringify(numpy.about))) {
  console.error(`numpy is not on OpenBLAS: ${JSON.stringify(numpy?.about ?? "not installed")}`);
  process.exit(2);
}
const KEPT = "bench/results/peers.json";
const before = existsSync(KEPT)
  ? (JSON.parse(readFileSync(KEPT, "utf8")) as { table: readonly { workload: string }[] }).table
  : [];
const table: object[] = [];
for (const workload of WORKLOADS) {
  const { name } = workload;
  const known = before.find((row) => row.workload === name);
  if (!letters.includes(name.charAt(0))) {
    if (known !== undefined) table.push(known);
    continue;
  }
  const row = await compare(numpy, workload);
  table.push(row);
  console.log(JSON.stringify(row));
}
console.table(table);
keepResult("peers", { numpy: numpy.about, jax: { "jax-js": "0.1.25", device: "wasm" }, table });
spawnSync(process.execPath, ["scripts/bench.js", "plot"], { stdio: "inherit" });
numpy.end();
engine.dispose();
rmSync(folder, { recursive: true });
