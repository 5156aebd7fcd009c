/** The kernels of assembly/panel.ts and ritz.ts in loops, operation for operation: the same bits, where a runtime has no WebAssembly with SIMD. */
import type { PanelMemory } from "./panel-kernels.ts";
import { CALL_WORDS, LANES, MASK, panelBytes, PRODUCT } from "./panel-kernels.ts";
import { settleInLoops } from "./settle-loops.ts";

const { fround } = Math;

export function loopMemory(): PanelMemory {
  let numbers = new Float32Array(2 ** 14);
  let top = 0;
  const grow = (bytes: number): void => {
    if (top + bytes <= numbers.byteLength) return;
    const larger = new Float32Array(Math.ceil((top + bytes) / 4));
    larger.set(numbers);
    numbers = larger;
  };
  const at = (index: number): number => numbers[index] as number;
  const words = (): Int32Array => new Int32Array(numbers.buffer);
  const kernels: PanelMemory["kernels"] = {
    product(a, x, y, slopes, rows, inner, panels) {
      for (let p = 0; p < panels; p++) {
        const [from, to] = [(x + p * panelBytes(inner)) / 4, (p * panelBytes(rows)) / 4];
        for (let i = 0; i < rows + (rows % 2); i++) {
          for (let j = 0; j < LANES; j++) {
            let sum = 0;
            for (let k = 0; k < inner; k++)
              sum = fround(sum + fround(at(a / 4 + i * inner + k) * at(from + k * LANES + j)));
            const own = to + i * LANES + j;
            numbers[y / 4 + own] = slopes === 0 ? sum : fround(sum * at(slopes / 4 + own));
          }
        }
      }
    },
    steps(calls, count, made, panels, _, first, last, basis, coefficients, rows) {
      const size = (panels * panelBytes(rows)) / 4;
      for (let step = first; step < last; step++) {
        const q = basis / 4 + step * size;
        image(calls, count, 4 * q, panels);
        const row = coefficients / 4 + 2 * step * LANES * panels;
        const beta = row - LANES * panels;
        for (let j = 0; j < LANES * panels; j++) {
          const own = (Math.floor(j / LANES) * panelBytes(rows)) / 4 + (j % LANES);
          const r = made / 4 + own;
          let alpha = 0;
          for (let i = 0; i < rows * LANES; i += LANES) alpha = fround(alpha + fround(at(q + own + i) * at(r + i)));
          let square = 0;
          for (let i = 0; i < rows * LANES; i += LANES) {
            let v = fround(at(r + i) - fround(alpha * at(q + own + i)));
            if (step > 0) v = fround(v - fround(at(beta + j) * at(q - size + own + i)));
            square = fround(square + fround(v * v));
            numbers[r + i] = v;
          }
          const norm = fround(Math.sqrt(square));
          numbers[row + j] = alpha;
          numbers[row + LANES * panels + j] = norm;
          const inverse = fround(1 / norm);
          const factor = inverse > 0 && inverse < Infinity ? inverse : 0;
          for (let i = 0; i < rows * LANES; i += LANES) numbers[q + size + own + i] = fround(factor * at(r + i));
        }
      }
    },
    combine(basis, weights, u, rows, panels, blocks) {
      const size = panelBytes(rows) / 4;
      for (let i = 0; i < panels * size; i++) {
        const column = Math.floor(i / size) * LANES + (i % LANES);
        let sum = 0;
        for (let b = 0; b < blocks; b++) {
          const own = at(weights / 4 + b * LANES * panels + column);
          if (own !== 0) sum = fround(sum + fround(own * at(basis / 4 + b * panels * size + i)));
        }
        numbers[u / 4 + i] = sum;
      }
    },
    settle(...asked) {
      settleInLoops(numbers, ...asked);
    },
    pick(from, to, blocks, size, panels, width, chosen, count) {
      const columns = new Int32Array(numbers.buffer, chosen, count);
      const place = (k: number): number => (Math.floor(k / LANES) * size) / 4 + (k % LANES);
      for (let b = 0; b < blocks; b++) {
        const [own, into] = [(from + b * panels * size) / 4, (to + b * width * size) / 4];
        for (let k = 0; k < LANES * width; k++) {
          const column = k < count ? own + place(columns[k] as number) : null;
          for (let i = 0; i < size / 4; i += LANES) numbers[into + place(k) + i] = column === null ? 0 : at(column + i);
        }
      }
    },
  };
  return {
    // Nothing is kept: the matrices of the last iteration make room for those of the next.
    keepAll(matrices) {
      top = 0;
      return matrices.map((own) => {
        grow(own.byteLength + LINE_BYTES);
        const from = top;
        numbers.set(own, from / 4);
        top += Math.ceil(own.byteLength / LINE_BYTES) * LINE_BYTES;
        return from;
      });
    },
    room: () => top,
    holds(bytes) {
      grow(bytes);
      return true;
    },
    singles: () => numbers,
    ...{ words, kernels },
    fill(offset, values, columns, rows) {
      fillPanels(numbers, offset, values, columns, rows);
    },
    take(offset, rows, list, count, values, columns) {
      takeColumns(numbers, words(), offset, rows, list, count, values, columns);
    },
  };

  /** What `calls` make of the vectors at an offset. */
  function image(calls: number, count: number, q: number, panels: number): void {
    const all = words();
    for (let c = 0; c < count; c++) {
      const from = calls / 4 + c * CALL_WORDS;
      const [kind, a, operand, y, slopes, rows, inner] = all.subarray(from, from + CALL_WORDS) as unknown as Words;
      const x = operand === 0 ? q : operand;
      if (kind === PRODUCT) {
        kernels.product(a, x, y, slopes, rows, inner, panels);
        continue;
      }
      for (let i = 0; i < (panels * panelBytes(rows)) / 4; i++) {
        const own = at(x / 4 + i);
        numbers[y / 4 + i] = kind === MASK ? fround(at(slopes / 4 + i) * own) : own;
      }
    }
  }
}

type Words = readonly [number, number, number, number, number, number, number];

/** @see PanelMemory.fill */
export function fillPanels(
  numbers: Float32Array,
  at: number,
  values: Float64Array,
  columns: number,
  rows: number,
): void {
  for (let first = 0, panel = at / 4; first < columns; first += LANES, panel += panelBytes(rows) / 4) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < LANES; j++)
        numbers[panel + i * LANES + j] = first + j < columns ? (values[i * columns + first + j] as number) : 0;
    }
  }
}

/** @see PanelMemory.take */
export function takeColumns(
  numbers: Float32Array,
  words: Int32Array,
  at: number,
  rows: number,
  list: number,
  count: number,
  values: Float64Array,
  columns: number,
): void {
  for (let k = 0; k < count; k++) {
    const [column, into] = [words[list / 4 + 2 * k] as number, words[list / 4 + 2 * k + 1] as number];
    const own = (at + Math.floor(column / LANES) * panelBytes(rows)) / 4 + (column % LANES);
    for (let i = 0; i < rows; i++) values[i * columns + into] = numbers[own + i * LANES] as number;
  }
}

const LINE_BYTES = 64;
