/** Y = Xᵀ, X rows × columns: squares of as many rows as a register has lanes, and what is left entry by entry. */
export function transpose<T>(x: usize, xPitch: usize, y: usize, yPitch: usize, rows: i32, columns: i32): void {
  const lanes = (16 / sizeof<T>()) as i32;
  const wholeRows = rows - (rows % lanes);
  const wholeColumns = columns - (columns % lanes);
  // Down the rows first: what is read of a line stays in the cache until the rest of it is, and lines are written whole.
  for (let j = 0; j < wholeColumns; j += lanes) {
    let from: usize = x + (j as usize) * sizeof<T>();
    let to: usize = y + (j as usize) * yPitch;
    for (let i = 0; i < wholeRows; i += lanes) {
      if (sizeof<T>() == 8) squareOfTwo(from, xPitch, to, yPitch);
      else squareOfFour(from, xPitch, to, yPitch);
      from += (lanes as usize) * xPitch;
      to += 16;
    }
  }
  entries<T>(x, xPitch, y, yPitch, 0, wholeRows, wholeColumns, columns);
  entries<T>(x, xPitch, y, yPitch, wholeRows, rows, 0, columns);
}

function entries<T>(
  x: usize,
  xPitch: usize,
  y: usize,
  yPitch: usize,
  firstRow: i32,
  rows: i32,
  firstColumn: i32,
  columns: i32,
): void {
  for (let i = firstRow; i < rows; i++) {
    for (let j = firstColumn; j < columns; j++) {
      const value = load<T>(x + (i as usize) * xPitch + (j as usize) * sizeof<T>());
      store<T>(y + (j as usize) * yPitch + (i as usize) * sizeof<T>(), value);
    }
  }
}

function squareOfTwo(x: usize, xPitch: usize, y: usize, yPitch: usize): void {
  const a = v128.load(x);
  const b = v128.load(x + xPitch);
  v128.store(y, v128.shuffle<f64>(a, b, 0, 2));
  v128.store(y + yPitch, v128.shuffle<f64>(a, b, 1, 3));
}

function squareOfFour(x: usize, xPitch: usize, y: usize, yPitch: usize): void {
  const x1: usize = x + xPitch;
  const x2: usize = x1 + xPitch;
  const a = v128.load(x);
  const b = v128.load(x1);
  const c = v128.load(x2);
  const d = v128.load(x2 + xPitch);
  const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const lowBelow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const highBelow = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const y1: usize = y + yPitch;
  const y2: usize = y1 + yPitch;
  v128.store(y, v128.shuffle<f64>(low, lowBelow, 0, 2));
  v128.store(y1, v128.shuffle<f64>(low, lowBelow, 1, 3));
  v128.store(y2, v128.shuffle<f64>(high, highBelow, 0, 2));
  v128.store(y2 + yPitch, v128.shuffle<f64>(high, highBelow, 1, 3));
}
