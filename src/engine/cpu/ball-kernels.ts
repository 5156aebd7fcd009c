/** The kernels of assembly/ball-proof.ts with one plan's matrices in their memory: rows of one sample's Jacobians, and the factorisation. */
import { randomStart } from "../dense/top-eigenvector.ts";
import { BALL_PROOF_WASM } from "./ball-proof-wasm.ts";

/** As assembly/ball-proof.ts declares them; matrices are byte offsets. */
type Call = (...operands: readonly number[]) => number;
type Exports = Readonly<
  Record<"scaledRows" | "scaledGram" | "nextRows" | "transposed" | "sumOfSquares" | "factor" | "ballQuotient", Call>
>;

export interface ProofMatrices {
  /** n_1 … n_l. */
  readonly widths: readonly number[];
  /** W_1 … */
  readonly weights: readonly Float64Array[];
  /** n_2 × columns. */
  readonly base: Float64Array;
  readonly columns: number;
  /** n_2 × n_2. */
  readonly gram: Float64Array | null;
}

/** A factorisation that ran to completion. */
export interface Completed {
  /** Rows of Y and of U. */
  readonly terms: number;
  /** Order of the matrix that was factored. */
  readonly size: number;
  /** ‖Uv‖²/‖v‖² of a vector near the top ones, nearer with each call, within γ of size and U's rows. */
  readonly quotient: () => number;
}

export interface ProofKernels {
  /** False where there is no memory for them. */
  readonly putSlopes: (slopes: readonly Float64Array[], samples: number) => boolean;
  /** X_2 of a sample. */
  readonly first: (sample: number) => void;
  /** X_t from X_{t−1}. @param isLower whether row k of X_{t−1} ends at the column of its number. */
  readonly next: (t: number, sample: number, isLower: boolean) => void;
  /** Rows of X_t that are there. */
  readonly rows: () => number;
  /** ‖X_t‖_F², within γ of its entries. */
  readonly squares: () => number;
  /** The same of the base. */
  readonly baseSquares: () => number[];
  /** ρ²I − YᵀY, Y = X_t or its transpose; null where a pivot is not positive. X_t is left as it was. */
  readonly rowsBall: (square: number) => Completed | null;
  /** The same of D_1GD_1 after `first`, of no more rows than G has. */
  readonly gramBall: (square: number) => Completed | null;
}

const PAGE_BYTES = 2 ** 16;

/** So many numbers filled up to whole tiles. */
export function filled(numbers: number): number {
  return Math.ceil(numbers / 4) * 4;
}

/** Numbers from one row to the next: an odd number of cache lines where there are many rows, which else would meet in a few of its sets. */
export function pitchOf(columns: number): number {
  if (columns <= 32) return filled(columns);
  const lines = Math.ceil(columns / 8);
  return 8 * (lines % 2 === 0 ? lines + 1 : lines);
}

let module: WebAssembly.Module | null = null;

/** Null where the memory does not suffice. */
export function openProofKernels({ widths, weights, base, columns, gram }: ProofMatrices): ProofKernels | null {
  const memory = new WebAssembly.Memory({ initial: 1 });
  module ??= new WebAssembly.Module(Uint8Array.from(atob(BALL_PROOF_WASM), (c) => c.charCodeAt(0)));
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  let top = 0;
  const place = (bytes: number): number => {
    const at = top;
    top += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const numbers = (count: number): number => place(8 * count);
  const hidden = widths.slice(1);
  const [widest, wide, pitch] = [Math.max(...hidden), filled(columns), pitchOf(columns)];
  const own = weights.slice(0, -1).map((w, i) => (i === 0 ? 0 : numbers(w.length)));
  const baseAt = numbers((hidden[0] as number) * pitch);
  const gramAt = gram === null ? 0 : numbers(gram.length);
  const tall = filled(widest);
  const blocks = [numbers((tall + wide) * pitch), numbers((tall + wide) * pitch)] as [number, number];
  const lists = [place(4 * tall), place(4 * tall)] as [number, number];
  const packed = numbers(4 * tall);
  const [startAt, vector, solved] = [
    numbers(Math.max(tall, wide)),
    numbers(Math.max(tall, wide)),
    numbers(Math.max(tall, wide)),
  ];
  const turned = numbers((columns + tall) * pitchOf(tall));
  const congruent = gram === null ? 0 : numbers(filled(hidden[0] as number) * pitchOf(hidden[0] as number));
  const slopesAt = top;
  if (!grown(slopesAt)) return null;
  let view = new Float64Array(memory.buffer);
  weights.slice(1, -1).forEach((w, i) => {
    view.set(w, (own[i + 1] as number) / 8);
  });
  for (let i = 0; i < (hidden[0] as number); i++)
    view.set(base.subarray(i * columns, (i + 1) * columns), baseAt / 8 + i * pitch);
  if (gram !== null) view.set(gram, gramAt / 8);
  view.set(randomStart(0, Math.max(tall, wide)), startAt / 8);

  let [samples, current, now, count] = [0, 0, 0, 0];
  /** Of D_1 … */
  let starts: number[] = [];
  const slope = (t: number, sample: number): number => (starts[t - 2] as number) + 8 * sample;

  function grown(bytes: number): boolean {
    const missing = bytes - memory.buffer.byteLength;
    if (missing <= 0) return true;
    try {
      memory.grow(Math.ceil(missing / PAGE_BYTES));
      return true;
    } catch {
      return false;
    }
  }

  /** @param used columns that are not all padding. */
  function completed(
    ...[z, zPitch, depth, size, used, square, c]: readonly [number, number, number, number, number, number, number]
  ): Completed | null {
    if (kernels.factor(z, zPitch, depth, size, square, c) !== 1) return null;
    let isStarted = false;
    return {
      ...{ terms: depth + size, size },
      quotient() {
        if (!isStarted) {
          view.copyWithin(vector / 8, startAt / 8, startAt / 8 + used);
          view.fill(0, vector / 8 + used, vector / 8 + size);
        }
        isStarted = true;
        return kernels.ballQuotient(z + 8 * depth * zPitch, zPitch, used, size, vector, solved, 2);
      },
    };
  }

  return {
    putSlopes(slopes, many) {
      samples = many;
      top = slopesAt;
      starts = hidden.map((n) => numbers(n * many));
      if (!grown(top)) return false;
      if (view.buffer !== memory.buffer) view = new Float64Array(memory.buffer);
      starts.forEach((at, i) => {
        view.set(slopes[i] as Float64Array, at / 8);
      });
      return true;
    },
    first(sample) {
      [now, current] = [0, sample];
      count = kernels.scaledRows(
        ...[baseAt, pitch, wide, hidden[0] as number, slope(2, sample), 8 * samples, blocks[0], lists[0]],
      );
    },
    next(t, sample, isLower) {
      const [rows, inner] = [widths[t - 1] as number, widths[t - 2] as number];
      const [from, to] = [now, 1 - now] as [0 | 1, 0 | 1];
      count = kernels.nextRows(
        ...[own[t - 2] as number, inner, rows, slope(t, sample), 8 * samples, lists[from], count],
        ...[blocks[from], pitch, wide, isLower ? 1 : 0, packed, blocks[to], lists[to]],
      );
      now = to;
    },
    rows: () => count,
    squares: () => kernels.sumOfSquares(blocks[now as 0 | 1], pitch, count, wide),
    baseSquares: () => [kernels.sumOfSquares(baseAt, pitch, hidden[0] as number, wide)],
    rowsBall(square) {
      const size = filled(count);
      const [x, turnedPitch] = [blocks[now as 0 | 1], pitchOf(count)];
      if (size >= wide) {
        return completed(x, pitch, count, wide, columns, square, 0);
      }
      kernels.transposed(x, pitch, count, columns, turned, turnedPitch, size);
      return completed(turned, turnedPitch, columns, size, count, square, 0);
    },
    gramBall(square) {
      const [size, own] = [filled(count), pitchOf(count)];
      kernels.scaledGram(
        gramAt,
        hidden[0] as number,
        lists[0],
        count,
        slope(2, current),
        8 * samples,
        congruent,
        own,
        size,
      );
      return completed(turned, own, 0, size, count, square, congruent);
    },
  };
}
