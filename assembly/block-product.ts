/**
 * C = A Bᵀ of two packed blocks in f64, the inner loop of Gram matrices and of Cholesky (src/engine/dense/block-product.ts packs them).
 *
 * A packed block is a row of panels; a panel holds four rows of the matrix, column by column: [k][row], `depth` columns. Each entry of C
 * is the sum Σ_k a_ik b_jk in the order of k, one product and one addition a term, each rounded on its own: no fused or relaxed
 * instruction, so the bits are the same on every machine.
 */

/**
 * @param a byte offset of A, `rowPanels` panels; @param b of B, `columnPanels` panels; both 16-byte aligned.
 * @param c byte offset of C: (4 · rowPanels) × (4 · columnPanels), row-major; overwritten.
 */
export function multiply(a: usize, b: usize, c: usize, depth: i32, rowPanels: i32, columnPanels: i32): void {
  const panel: usize = (depth as usize) << 5;
  const pitch: usize = (columnPanels as usize) << 5;
  for (let i = 0; i < rowPanels; i++) {
    for (let j = 0; j < columnPanels; j++) {
      let pa: usize = a + (i as usize) * panel;
      let pb: usize = b + (j as usize) * panel;
      let c00 = f64x2.splat(0);
      let c01 = f64x2.splat(0);
      let c10 = f64x2.splat(0);
      let c11 = f64x2.splat(0);
      let c20 = f64x2.splat(0);
      let c21 = f64x2.splat(0);
      let c30 = f64x2.splat(0);
      let c31 = f64x2.splat(0);
      for (let k = 0; k < depth; k++) {
        const b0 = v128.load(pb);
        const b1 = v128.load(pb, 16);
        const a0 = v128.load64_splat(pa);
        c00 = f64x2.add(c00, f64x2.mul(a0, b0));
        c01 = f64x2.add(c01, f64x2.mul(a0, b1));
        const a1 = v128.load64_splat(pa, 8);
        c10 = f64x2.add(c10, f64x2.mul(a1, b0));
        c11 = f64x2.add(c11, f64x2.mul(a1, b1));
        const a2 = v128.load64_splat(pa, 16);
        c20 = f64x2.add(c20, f64x2.mul(a2, b0));
        c21 = f64x2.add(c21, f64x2.mul(a2, b1));
        const a3 = v128.load64_splat(pa, 24);
        c30 = f64x2.add(c30, f64x2.mul(a3, b0));
        c31 = f64x2.add(c31, f64x2.mul(a3, b1));
        pa += 32;
        pb += 32;
      }
      let out: usize = c + ((i as usize) << 2) * pitch + ((j as usize) << 5);
      v128.store(out, c00);
      v128.store(out, c01, 16);
      out += pitch;
      v128.store(out, c10);
      v128.store(out, c11, 16);
      out += pitch;
      v128.store(out, c20);
      v128.store(out, c21, 16);
      out += pitch;
      v128.store(out, c30);
      v128.store(out, c31, 16);
    }
  }
}
