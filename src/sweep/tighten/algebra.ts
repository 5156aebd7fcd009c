/** Dense products of the search, row-major, in f64; each sums in one fixed order, so that the bits are the same everywhere. */

/** A x for A rows × columns. */
export function times(a: Float64Array, x: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += (a[i * columns + k] as number) * (x[k] as number);
    result[i] = sum;
  }
  return result;
}

/** Aᵀ y for A rows × columns. */
export function transposedTimes(a: Float64Array, y: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(columns);
  addTransposedTimes(result, a, y, rows, columns);
  return result;
}

function addTransposedTimes(into: Float64Array, a: Float64Array, y: Float64Array, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    const factor = y[i] as number;
    if (factor === 0) continue;
    for (let k = 0; k < columns; k++) into[k] = (into[k] as number) + factor * (a[i * columns + k] as number);
  }
}

/** A B for A rows × inner, B inner × columns. */
export function product(a: Float64Array, b: Float64Array, rows: number, inner: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = result.subarray(i * columns, (i + 1) * columns);
    addTransposedTimes(row, b, a.subarray(i * inner, (i + 1) * inner), inner, columns);
  }
  return result;
}

/** Aᵀ B for A inner × rows, B inner × columns. */
export function transposedProduct(
  a: Float64Array,
  b: Float64Array,
  inner: number,
  rows: number,
  columns: number,
): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let k = 0; k < inner; k++)
    addOuter(result, a.subarray(k * rows, (k + 1) * rows), b.subarray(k * columns, (k + 1) * columns));
  return result;
}

/** Adds A Bᵀ for A rows × inner, B columns × inner. */
export function addProductTransposed(
  into: Float64Array,
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += (a[i * inner + k] as number) * (b[j * inner + k] as number);
      into[i * columns + j] = (into[i * columns + j] as number) + sum;
    }
  }
}

/** Adds x yᵀ. */
export function addOuter(into: Float64Array, x: Float64Array, y: Float64Array): void {
  const columns = y.length;
  for (let i = 0; i < x.length; i++) {
    const factor = x[i] as number;
    if (factor === 0) continue;
    for (let k = 0; k < columns; k++)
      into[i * columns + k] = (into[i * columns + k] as number) + factor * (y[k] as number);
  }
}

/** y ← y + factor·x. */
export function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = (y[i] as number) + factor * (x[i] as number);
}

/** Rows of A (rows × columns) multiplied by the entries of d. */
export function scaledRows(d: Float64Array, a: Float64Array, columns: number): Float64Array {
  return a.map((v, i) => v * (d[Math.floor(i / columns)] as number));
}

export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

export function squaredNorm(x: Float64Array): number {
  return dot(x, x);
}

/**
 * L, rows × rows and lower triangular, with A Aᵀ = L Lᵀ: the triangle of A = L Q by modified Gram–Schmidt on the rows, twice. A row that
 * depends on those before it gets a 0 on the diagonal.
 */
export function triangleOfRows(a: Float64Array, rows: number, columns: number): Float64Array {
  const triangle = new Float64Array(rows * rows);
  const basis: (Float64Array | null)[] = [];
  for (let i = 0; i < rows; i++) {
    const rest = a.slice(i * columns, (i + 1) * columns);
    const before = squaredNorm(rest);
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((q, j) => {
        if (q === null) return;
        const c = dot(q, rest);
        addScaled(rest, -c, q);
        triangle[i * rows + j] = (triangle[i * rows + j] as number) + c;
      });
    }
    const square = squaredNorm(rest);
    // What is left of a dependent row is rounding.
    const dependent = !(square > before * 2 ** -96);
    const length = Math.sqrt(square);
    triangle[i * rows + i] = dependent ? 0 : length;
    basis.push(dependent ? null : rest.map((v) => v / length));
  }
  return triangle;
}
