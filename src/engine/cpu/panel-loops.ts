/** The kernels of assembly/panel.ts and ritz.ts in loops, operation for operation: the same bits, where a runtime has no WebAssembly with SIMD. */
import type { PanelMemory } from "./panel-kernels.ts";
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
    words: () => new Int32Array(numbers.buffer),
    kernels: {
      product(a, x, y, slopes, rows, inner, columns) {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            let sum = 0;
            for (let k = 0; k < inner; k++)
              sum = fround(sum + fround(at(a / 4 + i * inner + k) * at(x / 4 + k * columns + j)));
            const own = i * columns + j;
            numbers[y / 4 + own] = slopes === 0 ? sum : fround(sum * at(slopes / 4 + own));
          }
        }
      },
      mask(slopes, x, y, bytes) {
        for (let i = 0; i < bytes / 4; i++) numbers[y / 4 + i] = fround(at(slopes / 4 + i) * at(x / 4 + i));
      },
      step(q, r, before, next, beta, made, rows, columns) {
        for (let j = 0; j < columns; j++) {
          let alpha = 0;
          for (let i = j; i < rows * columns; i += columns)
            alpha = fround(alpha + fround(at(q / 4 + i) * at(r / 4 + i)));
          const last = at(beta / 4 + j);
          let square = 0;
          for (let i = j; i < rows * columns; i += columns) {
            let v = fround(at(r / 4 + i) - fround(alpha * at(q / 4 + i)));
            if (before !== q) v = fround(v - fround(last * at(before / 4 + i)));
            square = fround(square + fround(v * v));
            numbers[r / 4 + i] = v;
          }
          const norm = fround(Math.sqrt(square));
          numbers[made / 4 + j] = alpha;
          numbers[made / 4 + columns + j] = norm;
          const inverse = fround(1 / norm);
          const factor = inverse > 0 && inverse < Infinity ? inverse : 0;
          for (let i = j; i < rows * columns; i += columns) numbers[next / 4 + i] = fround(factor * at(r / 4 + i));
        }
      },
      combine(basis, weights, u, rows, columns, blocks) {
        const size = rows * columns;
        for (let i = 0; i < size; i++) {
          let sum = 0;
          for (let b = 0; b < blocks; b++) {
            const own = at(weights / 4 + b * columns + (i % columns));
            if (own !== 0) sum = fround(sum + fround(own * at(basis / 4 + b * size + i)));
          }
          numbers[u / 4 + i] = sum;
        }
      },
      settle(...asked) {
        settleInLoops(numbers, ...asked);
      },
      pick(from, to, rows, columns, width, chosen, count) {
        const words = new Int32Array(numbers.buffer, chosen, count);
        for (let i = 0; i < rows; i++) {
          const into = to / 4 + i * width;
          for (let k = 0; k < count; k++) numbers[into + k] = at(from / 4 + i * columns + (words[k] as number));
          numbers.fill(0, into + count, into + width);
        }
      },
    },
  };
}

const LINE_BYTES = 64;
