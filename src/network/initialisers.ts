/** Weight initialisers. Each takes a generator of standard normals, so that the caller decides the address. */
import { ModelError } from "./errors.ts";

export const INITIALISERS = ["orthogonal", "glorot", "he", "lecun", "normal", "hadamard"] as const;
export type InitialiserName = (typeof INITIALISERS)[number];

/**
 * A weight matrix W, outputs × inputs, row-major.
 *
 * orthogonal: orthonormal rows or columns, whichever are fewer, uniformly distributed (Saxe et al. 2014; Mezzadri 2007);
 * glorot σ² = 2/(inputs + outputs); he σ² = 2/inputs; lecun σ² = 1/inputs; normal σ = scale;
 * hadamard: Sylvester's ±1 matrix over √n, square, n = 4^k, exact in every binary format. `scale` multiplies all but normal's σ.
 * @throws ModelError where hadamard's size does not fit.
 */
export function initialWeights(
  name: InitialiserName,
  outputs: number,
  inputs: number,
  normal: () => number,
  scale = 1,
): Float64Array {
  const gaussian = (sigma: number): Float64Array =>
    Float64Array.from({ length: outputs * inputs }, () => sigma * normal());
  switch (name) {
    case "glorot":
      return gaussian(scale * Math.sqrt(2 / (inputs + outputs)));
    case "he":
      return gaussian(scale * Math.sqrt(2 / inputs));
    case "lecun":
      return gaussian(scale * Math.sqrt(1 / inputs));
    case "normal":
      return gaussian(scale);
    case "orthogonal":
      return orthogonal(outputs, inputs, normal).map((v) => scale * v);
    case "hadamard":
      return hadamard(outputs, inputs).map((v) => scale * v);
  }
}

/** Gram–Schmidt, twice, on the rows (or columns) of a normal matrix: the Q of its QR with a positive diagonal of R. */
function orthogonal(outputs: number, inputs: number, normal: () => number): Float64Array {
  const count = Math.min(outputs, inputs);
  const length = Math.max(outputs, inputs);
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const v = Float64Array.from({ length }, normal);
    for (let pass = 0; pass < 2; pass++) {
      for (const u of vectors) {
        const c = dot(u, v);
        for (let i = 0; i < length; i++) v[i] = (v[i] as number) - c * (u[i] as number);
      }
    }
    const norm = Math.sqrt(dot(v, v));
    if (norm > 0) vectors.push(v.map((x) => x / norm));
  }
  const weight = new Float64Array(outputs * inputs);
  vectors.forEach((v, k) => {
    for (let i = 0; i < length; i++) weight[outputs <= inputs ? k * inputs + i : i * inputs + k] = v[i] as number;
  });
  return weight;
}

function hadamard(outputs: number, inputs: number): Float64Array {
  const root = Math.sqrt(inputs);
  if (outputs !== inputs || !Number.isInteger(Math.log2(root))) {
    throw new ModelError(
      `initialiser hadamard: found ${String(outputs)} × ${String(inputs)}, expected a square of 1, 4, 16, 64, 256 …`,
    );
  }
  const weight = new Float64Array(inputs * inputs);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < inputs; j++) {
      let parity = 0;
      for (let common = i & j; common > 0; common >>>= 1) parity ^= common & 1;
      weight[i * inputs + j] = (parity === 1 ? -1 : 1) / root;
    }
  }
  return weight;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}
