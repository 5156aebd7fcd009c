/**
 * Engine cpu by itself, one thread, at 1e-3 or what is asked for: samples per second of processor time, best and median of the rounds, and a checksum of every
 * measured bit, so that two versions can be compared. `npm run bench -- engine [ROUNDS [WORKLOADS [ACCURACY]]]`, as `engine 7 AB verdict`.
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import type { Batch } from "../src/engine/engine.ts";
import { makePlan } from "../src/engine/plan.ts";
import { inputWidth } from "../src/network/network.ts";
import type { Workload } from "./workloads.ts";
import { WORKLOADS } from "./workloads.ts";

const [rounds = "5", letters = "ABCD", wanted = "1e-3"] = process.argv.slice(3);
const chosen = WORKLOADS.filter(({ name }) => letters.includes(name.charAt(0)));
const engine = createCpuEngine({ threads: 0, runtime: "bench" });

const timings = new Map<Workload, number[]>(chosen.map((workload) => [workload, []]));
const prepared = chosen.map((workload) => {
  const head = { kind: "logit-argmax" } as const;
  const plan = makePlan(workload.network, {
    head,
    precision: "f64",
    norm: "spectral",
    accuracy: wanted === "verdict" ? wanted : Number(wanted),
    seed: 1,
  });
  const size = Math.min(128, workload.samples);
  const [width, all] = [inputWidth(workload.network), workload.inputs(workload.samples)];
  const batches: Batch[] = [];
  for (let first = 0; first < workload.samples; first += size) {
    const inputs = all.slice(first * width, (first + size) * width);
    batches.push({ first, samples: size, inputs, labels: null });
  }
  return { workload, plan, batches, hash: createHash("sha256") };
});

for (let round = -1; round < Number(rounds); round++) {
  for (const { workload, plan, batches, hash } of prepared) {
    const before = process.cpuUsage();
    const measured = [];
    for (const batch of batches) {
      const block = await engine.measure(plan, batch);
      block.release();
      measured.push(block.measurements);
    }
    const { user, system } = process.cpuUsage(before);
    // The first round is the warm-up.
    if (round >= 0) timings.get(workload)?.push((user + system) / 1e6);
    else hash.update(JSON.stringify(measured, (_, v: unknown) => (ArrayBuffer.isView(v) ? bits(v) : v)));
  }
}

for (const { workload, hash } of prepared) {
  const seconds = (timings.get(workload) ?? []).sort((a, b) => a - b);
  const rate = (s: number | undefined): string => Math.round(workload.samples / (s ?? NaN)).toString();
  const [best, median] = [seconds[0], seconds[seconds.length >> 1]].map(rate);
  console.log(
    `${workload.name}: best ${best ?? ""}, median ${median ?? ""} samples/s; bits ${hash.digest("hex").slice(0, 16)}`,
  );
}
engine.dispose();

function bits(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("base64");
}
