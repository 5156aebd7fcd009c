/**
 * Each product kernel of engine cpu beside what a core multiplies and adds with nothing to load (assembly/ceiling.ts), and the kernels without a product in
 * nanoseconds a number: processor time of one thread, the best of the rounds. `npm run bench -- --kernels [ROUNDS]`; kept in bench/results/kernels.json.
 */
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { LANES } from "../src/engine/cpu/panel-kernels.ts";
import { createWorkspace } from "../src/engine/wasm/workspace.ts";
import { keepResult } from "./results.ts";

const rounds = Number(process.argv.slice(3).find((word) => /^\d+$/.test(word)) ?? "7");
const COLUMNS = 64;
/** Flops of one timing, about a tenth of a second. */
const WORK = 2e9;

interface Ceiling {
  readonly singles: (steps: number) => number;
  readonly doubles: (steps: number) => number;
}

async function ceiling(): Promise<Ceiling> {
  // In a process of its own, since the compiler's types change those of arrays everywhere.
  const program = `import("./scripts/build-wasm.js").then(async ({ compiled }) => {
    process.stdout.write(Buffer.from(await compiled("assembly/ceiling.ts")).toString("base64"));
  })`;
  const bytes = Buffer.from(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }), "base64");
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(bytes), { env: { memory } });
  return instance.exports as unknown as Ceiling;
}

/** Processor seconds of the best round; the first is the warm-up. */
function seconds(run: () => void): number {
  let best = Infinity;
  for (let round = -1; round < rounds; round++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

const workspace = createWorkspace();
if (workspace === null) throw new Error("this runtime has no WebAssembly with SIMD");
const { kernels } = workspace;
const table: object[] = [];
const most = await ceiling();
const perSecond = (flops: number, run: (times: number) => void, unit: number): number => {
  const times = Math.ceil(flops / unit);
  return (times * unit) / seconds(() => run(times)) / 1e9;
};
const f32 = perSecond(4 * WORK, most.singles, 96);
const f64 = perSecond(2 * WORK, most.doubles, 48);
const row = (kernel: string, shape: string, gflops: number, limit: number): void => {
  table.push({ kernel, shape, gflops: Number(gflops.toFixed(1)), ofCeiling: Number((gflops / limit).toFixed(2)) });
};
row("multiply-add, f32", "nothing loaded", f32, f32);
row("multiply-add, f64", "nothing loaded", f64, f64);

/** Room for operands of so many numbers of 8 bytes each. */
function room(...sizes: readonly number[]): number[] {
  const total = sizes.reduce((sum, size) => sum + 8 * size + 64, 0);
  workspace?.holds(total);
  let next = workspace?.room() ?? 0;
  return sizes.map((size) => {
    const own = next;
    next += 64 * Math.ceil((8 * size) / 64);
    return own;
  });
}

const fill = (): void => {
  const numbers = workspace.numbers();
  for (let i = workspace.room() / 8; i < numbers.length; i++) numbers[i] = 0;
};
for (const [rows, inner] of [
  [256, 784],
  [64, 64],
  [32, 16],
  [512, 512],
  [1024, 3072],
] as const) {
  const shape = `${String(rows)}×${String(inner)}×${String(COLUMNS)}`;
  const unit = 2 * rows * inner * COLUMNS;
  const [a = 0, x = 0, y = 0] = room(rows * inner, inner * COLUMNS, rows * COLUMNS);
  fill();
  const single = (times: number): void => {
    for (let k = 0; k < times; k++) kernels.panelProduct(a, x, y, 0, rows, inner, COLUMNS / LANES);
  };
  const double = (times: number): void => {
    for (let k = 0; k < times; k++) kernels.multiply(a, x, y, rows, inner, COLUMNS);
  };
  row("panelProduct (f32)", shape, perSecond(2 * WORK, single, unit), f32);
  row("multiply (f64)", shape, perSecond(WORK, double, unit), f64);
}

const numbers = 64 * COLUMNS;
const [q = 0, r = 0, next = 0, made = 0] = room(numbers, numbers, numbers, numbers);
fill();
const each = (kernel: string, run: () => void): void => {
  const times = 20_000;
  const spent = seconds(() => {
    for (let k = 0; k < times; k++) run();
  });
  table.push({
    kernel,
    shape: `64×${String(COLUMNS)}`,
    nanoseconds: Number(((1e9 * spent) / (times * numbers)).toFixed(2)),
  });
};
const panels = COLUMNS / LANES;
each("panelSteps (f32)", () => kernels.panelSteps(0, 0, r, panels, 1, 0, 1, q, made, 64));
each("tanhWithSlope (f64)", () => kernels.tanhWithSlope(q, r, next, 8 * numbers));
each("relu (f64)", () => kernels.relu(q, r, next, 8 * numbers));
console.table(table);
keepResult("kernels", { rounds, table });
