/** Columns of panels (panel-product.ts): chosen ones, and to and from matrices in f64. */
import { sizeOf } from "./panel-product";

/**
 * So many chosen columns of panels, filled up with columns of 0, of several blocks of them.
 * @param size bytes of a panel. @param panels, @param width panels of a block, and of one that is made.
 * @param chosen a word each, ascending. @param to may be where the panels stand.
 */
export function panelPick(
  from: usize,
  to: usize,
  blocks: i32,
  size: usize,
  panels: i32,
  width: i32,
  chosen: usize,
  count: i32,
): void {
  for (let b = 0; b < blocks; b++) {
    for (let k = 0; k < width << 4; k++) {
      let into: usize = to + ((k >> 4) as usize) * size + (((k & 15) as usize) << 2);
      const end: usize = into + size;
      if (k < count) {
        const column: usize = load<i32>(chosen + ((k as usize) << 2)) as usize;
        let own: usize = from + (column >> 4) * size + ((column & 15) << 2);
        for (; into < end; into += 64) {
          store<f32>(into, load<f32>(own));
          own += 64;
        }
      } else {
        for (; into < end; into += 64) store<f32>(into, 0);
      }
    }
    from += (panels as usize) * size;
    to += (width as usize) * size;
  }
}

/** An n × B matrix in f64 as panels, filled up with columns of 0. */
export function panelFill(x: usize, count: i32, rows: i32, to: usize): void {
  const pitch: usize = (count as usize) << 3;
  const size: usize = sizeOf(rows);
  for (let first = 0; first < count; first += 16) {
    const own = count - first;
    let at: usize = x + ((first as usize) << 3);
    for (const end: usize = to + ((rows as usize) << 6); to < end; to += 64) {
      if (own >= 16) {
        fourOf(at, to);
        fourOf(at + 32, to + 16);
        fourOf(at + 64, to + 32);
        fourOf(at + 96, to + 48);
      } else {
        for (let k: usize = 0; k < 16; k++) {
          store<f32>(to + (k << 2), k < (own as usize) ? (load<f64>(at + (k << 3)) as f32) : 0);
        }
      }
      at += pitch;
    }
    to += size - ((rows as usize) << 6);
  }
}

/** Four numbers in f32. */
function fourOf(x: usize, to: usize): void {
  const low = f32x4.demote_f64x2_zero(v128.load(x));
  const high = f32x4.demote_f64x2_zero(v128.load(x, 16));
  v128.store(to, i32x4.shuffle(low, high, 0, 1, 4, 5));
}

/**
 * Columns of panels into columns of an n × B matrix in f64.
 * @param list of each the number of its column in the panels and in the matrix, two words. @param wide bytes of a row of the matrix.
 */
export function panelTake(u: usize, rows: i32, list: usize, count: i32, y: usize, wide: usize): void {
  const size: usize = sizeOf(rows);
  for (let k = 0; k < count; k++) {
    const column: usize = load<i32>(list) as usize;
    let own: usize = u + (column >> 4) * size + ((column & 15) << 2);
    let into: usize = y + ((load<i32>(list, 4) as usize) << 3);
    for (let i = 0; i < rows; i++) {
      store<f64>(into, load<f32>(own) as f64);
      own += 64;
      into += wide;
    }
    list += 8;
  }
}
