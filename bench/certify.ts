/**
 * `--certify 1e-3`, engine cpu with all of settlement, beside numpy with explicit Jacobians and batched SVDs (bench/peers/power.py, f32), one thread each: proven
 * intervals of ‖J_t‖ a thousandth wide against numbers that SVDs have. `npm run bench -- certify [ROUNDS [WORKLOADS]]`; kept in bench/results/certify.json.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openNumpy, writeTask } from "../src/cli/bench-numpy.ts";
import { createCpuEngine } from "../src/engine/cpu/engine.ts";
import { ours, rates } from "./ours.ts";
import { keepResult } from "./results.ts";
import { WORKLOADS } from "./workloads.ts";

const [rounds = "5", letters = "ABD"] = process.argv.slice(3);
const WIDTH = 1e-3;

const engine = createCpuEngine({ threads: 0, runtime: "bench" });
const folder = mkdtempSync(join(tmpdir(), "gpv-certify-"));
const numpy = await openNumpy("/usr/bin/python3", true);
if (numpy === null || !/openblas/i.test(JSON.stringify(numpy.about))) {
  console.error(`numpy is not on OpenBLAS: ${JSON.stringify(numpy?.about ?? "not installed")}`);
  process.exit(2);
}
const table: object[] = [];
for (const { name, network, samples, inputs: inputsOf } of WORKLOADS) {
  if (!letters.includes(name.charAt(0))) continue;
  const place = join(folder, name.charAt(0));
  const inputs = inputsOf(samples);
  writeTask(place, network, inputs);
  const certified = ours(engine, network, inputs, 1e-3, WIDTH);
  const [small, large] = [samples / 4, samples];
  const found = await rates(
    [
      {
        ...{ name: "svd", small, large },
        seconds: async (n) => (await numpy.ask<{ cpu: number }>({ folder: place, mode: "svd", samples: n })).cpu,
      },
      { name: "certified", small, large, seconds: certified.seconds },
    ],
    Number(rounds),
  );
  const [svd = NaN, own = NaN] = [found.get("svd"), found.get("certified")];
  const { reached = 0, missed = 0 } = certified.result()?.certified ?? {};
  const row = {
    workload: name,
    numpy: Number(svd.toPrecision(3)),
    certified: Number(own.toPrecision(3)),
    ratio: Number((own / svd).toFixed(2)),
    ...{ reached, missed },
  };
  table.push(row);
  console.log(JSON.stringify(row));
}
console.table(table);
keepResult("certify", { numpy: numpy.about, rounds: Number(rounds), width: WIDTH, table });
numpy.end();
engine.dispose();
rmSync(folder, { recursive: true });
