/**
 * The same numbers with jax-js, as a person would write them: forward, backward, and each ‖J_t‖ by power iteration on a whole batch, every step one compiled
 * function. Reads what bench/peers/power.py reads and answers the same, modes "time" and "norms"; f32. Runs under Deno: jax-js needs Float16Array and
 * navigator, which Node 20 lacks. `deno run -A bench/peers/jax.ts [DEVICE [BATCH]]`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import * as jax from "@jax-js/jax";

const { numpy: np } = jax;
type Tensor = jax.Array;

const [device = "wasm", batch = "256"] = process.argv.slice(2);
const BATCH = Number(batch);
await jax.init();
jax.defaultDevice(device as "wasm");

interface Request {
  readonly folder: string;
  readonly mode: "time" | "norms";
  readonly samples: number;
  readonly tol: number;
  readonly check: number;
}

/** Every use of an array consumes it in jax-js, so that one that is used again is passed as `.ref`. */
const squares = (x: Tensor): Tensor => np.sum(x.ref.mul(x), 1, { keepdims: true });

/** h and D of a hidden layer from its sums. */
const ACTIVATIONS: Readonly<Record<string, (z: Tensor) => [Tensor, Tensor]>> = {
  tanh: (z) => {
    const h = np.tanh(z);
    return [h.ref, h.ref.mul(h).mul(-1).add(1)];
  },
  relu: (z) => [np.maximum(z.ref, 0), np.where(np.greater(z, 0), 1, 0)],
  gelu: (z) => {
    const cdf = jax.lax.erf(z.ref.mul(Math.SQRT1_2)).add(1).mul(0.5);
    const density = np.exp(z.ref.mul(z.ref).mul(-0.5)).mul((2 * Math.PI) ** -0.5);
    return [z.ref.mul(cdf.ref), cdf.add(z.mul(density))];
  },
};

function openNetwork(folder: string) {
  const { widths, activation } = JSON.parse(readFileSync(join(folder, "network.json"), "utf8")) as {
    widths: number[];
    activation: string;
  };
  const depth = widths.length - 1;
  const read = (file: string): Float32Array => {
    const bytes = readFileSync(join(folder, file));
    return Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8));
  };
  const cut = (file: string, sizes: readonly number[], shapes: readonly number[][]): Tensor[] => {
    const all = read(file);
    let at = 0;
    return sizes.map((size, i) =>
      np.array(all.slice(at, (at += size)), { dtype: np.float32 }).reshape(shapes[i] as number[]),
    );
  };
  const shapes = widths.slice(1).map((n, i) => [n, widths[i] as number]);
  const W = cut(
    "weights.bin",
    shapes.map(([m = 0, n = 0]) => m * n),
    shapes,
  );
  const b = cut(
    "biases.bin",
    widths.slice(1),
    widths.slice(1).map((n) => [n]),
  );
  const inputs = read("inputs.bin");
  const width = widths[0] as number;

  /** D of the hidden layers, and both penalties of the largest logit. */
  const base = jax.jit((x: Tensor, W: Tensor[], b: Tensor[]): Tensor[] => {
    const hidden: Tensor[] = [x];
    const slopes: Tensor[] = [];
    for (let t = 0; t < depth; t++) {
      const z = np.matmul((hidden[t] as Tensor).ref, np.transpose((W[t] as Tensor).ref)).add(b[t] as Tensor);
      const [h, D] = t === depth - 1 ? [z, null] : (ACTIVATIONS[activation] as (z: Tensor) => [Tensor, Tensor])(z);
      hidden.push(h);
      if (D !== null) slopes.push(D);
    }
    const logits = hidden[depth] as Tensor;
    let delta = jax.nn.oneHot(np.argmax(logits, 1), widths[depth] as number);
    let parameters: Tensor = np.zeros([x.shape[0] as number, 1]);
    for (let t = depth - 1; t >= 0; t--) {
      parameters = parameters.add(squares(delta.ref).mul(squares(hidden[t] as Tensor).add(1)));
      delta = np.matmul(delta, W[t] as Tensor);
      if (t > 0) delta = delta.mul((slopes[t - 1] as Tensor).ref);
    }
    return [...slopes, squares(delta), parameters];
  });

  /** One step of power iteration in input space for J_t: the next vectors, and |J_t v| of these. */
  const steps = slopesOf(depth).map((count) =>
    jax.jit((v: Tensor, W: Tensor[], slopes: Tensor[]): Tensor[] => {
      let own = v;
      for (let s = 0; s < count; s++)
        own = np.matmul(own, np.transpose((W[s] as Tensor).ref)).mul((slopes[s] as Tensor).ref);
      const norm = np.sqrt(squares(own.ref));
      for (let s = count - 1; s >= 0; s--) own = np.matmul(own.mul(slopes[s] as Tensor), W[s] as Tensor);
      return [own.ref.div(np.sqrt(squares(own))), norm];
    }),
  );

  async function norms(slopes: readonly Tensor[], rows: number, tol: number): Promise<Float32Array[]> {
    const found: Float32Array[] = [];
    for (const [i, step] of steps.entries()) {
      const start = Float32Array.from({ length: rows * width }, normal);
      let v = np.array(start, { dtype: np.float32 }).reshape([rows, width]);
      v = v.ref.div(np.sqrt(squares(v)));
      let before = new Float32Array(rows);
      for (let k = 0; k < 500; k++) {
        const [next, norm] = step(
          v,
          W.slice(0, i + 1).map((w) => w.ref),
          slopes.slice(0, i + 1).map((d) => d.ref),
        ) as [Tensor, Tensor];
        v = next;
        const own = (await norm.data()) as Float32Array<ArrayBuffer>;
        const isDone = own.every((x, j) => Math.abs(x - (before[j] as number)) <= tol * x);
        before = own;
        if (isDone) break;
      }
      v.dispose();
      found.push(before);
    }
    return found;
  }

  return async (samples: number, tol: number): Promise<Float32Array[][]> => {
    const result: Float32Array[][] = [];
    for (let first = 0; first < samples; first += BATCH) {
      const rows = Math.min(BATCH, samples - first);
      const x = np
        .array(inputs.slice(first * width, (first + rows) * width), { dtype: np.float32 })
        .reshape([rows, width]);
      const made = base(
        x,
        W.map((w) => w.ref),
        b.map((w) => w.ref),
      ) as Tensor[];
      const slopes = made.slice(0, depth - 1);
      for (const penalty of made.slice(depth - 1)) await penalty.data();
      result.push(await norms(slopes, rows, tol));
      for (const D of slopes) D.dispose();
    }
    return result;
  };
}

/** 1 … l: how many slopes J_{t+1} has. */
function slopesOf(depth: number): number[] {
  return Array.from({ length: depth - 1 }, (_, i) => i + 1);
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

console.log(JSON.stringify({ "jax-js": "0.1", device, batch: BATCH }));
const known = new Map<string, ReturnType<typeof openNetwork>>();
for await (const line of createInterface({ input: process.stdin })) {
  const { folder, mode, samples, tol, check } = JSON.parse(line) as Request;
  const everything = known.get(folder) ?? openNetwork(folder);
  known.set(folder, everything);
  if (mode === "norms") {
    const found = await everything(BATCH * Math.ceil(check / BATCH), tol);
    const all = found[0]?.map((_, t) => found.flatMap((own) => Array.from(own[t] ?? [])).slice(0, check));
    console.log(JSON.stringify({ norms: all }));
    continue;
  }
  const [before, startedMs] = [process.cpuUsage(), performance.now()];
  await everything(samples, tol);
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ cpu: (user + system) / 1e6, wall: (performance.now() - startedMs) / 1e3 }));
}
