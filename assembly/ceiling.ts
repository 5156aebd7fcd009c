// AssemblyScript, compiled by bench/kernels.ts: what a core multiplies and adds in WebAssembly SIMD with nothing to load. Twelve chains: a product and a sum
// take some six cycles one behind the other, and two of each can begin in every cycle. A step of the loop is 96 flops in f32, 48 in f64.

/** 12 chains of x ← x·a + b in f32x4. */
export function singles(steps: i32): f32 {
  const a = f32x4.splat(0.999);
  const b = f32x4.splat(0.001);
  let x0 = a,
    x1 = b,
    x2 = a;
  let x3 = b,
    x4 = a,
    x5 = b;
  let x6 = a,
    x7 = b,
    x8 = a;
  let x9 = b,
    x10 = a,
    x11 = b;
  for (let i = 0; i < steps; i++) {
    x0 = f32x4.add(f32x4.mul(x0, a), b);
    x1 = f32x4.add(f32x4.mul(x1, a), b);
    x2 = f32x4.add(f32x4.mul(x2, a), b);
    x3 = f32x4.add(f32x4.mul(x3, a), b);
    x4 = f32x4.add(f32x4.mul(x4, a), b);
    x5 = f32x4.add(f32x4.mul(x5, a), b);
    x6 = f32x4.add(f32x4.mul(x6, a), b);
    x7 = f32x4.add(f32x4.mul(x7, a), b);
    x8 = f32x4.add(f32x4.mul(x8, a), b);
    x9 = f32x4.add(f32x4.mul(x9, a), b);
    x10 = f32x4.add(f32x4.mul(x10, a), b);
    x11 = f32x4.add(f32x4.mul(x11, a), b);
  }
  x0 = f32x4.add(x0, x1);
  x0 = f32x4.add(x0, x2);
  x0 = f32x4.add(x0, x3);
  x0 = f32x4.add(x0, x4);
  x0 = f32x4.add(x0, x5);
  x0 = f32x4.add(x0, x6);
  x0 = f32x4.add(x0, x7);
  x0 = f32x4.add(x0, x8);
  x0 = f32x4.add(x0, x9);
  x0 = f32x4.add(x0, x10);
  x0 = f32x4.add(x0, x11);
  return f32x4.extract_lane(x0, 0);
}

/** The same in f64x2. */
export function doubles(steps: i32): f64 {
  const a = f64x2.splat(0.999);
  const b = f64x2.splat(0.001);
  let x0 = a,
    x1 = b,
    x2 = a;
  let x3 = b,
    x4 = a,
    x5 = b;
  let x6 = a,
    x7 = b,
    x8 = a;
  let x9 = b,
    x10 = a,
    x11 = b;
  for (let i = 0; i < steps; i++) {
    x0 = f64x2.add(f64x2.mul(x0, a), b);
    x1 = f64x2.add(f64x2.mul(x1, a), b);
    x2 = f64x2.add(f64x2.mul(x2, a), b);
    x3 = f64x2.add(f64x2.mul(x3, a), b);
    x4 = f64x2.add(f64x2.mul(x4, a), b);
    x5 = f64x2.add(f64x2.mul(x5, a), b);
    x6 = f64x2.add(f64x2.mul(x6, a), b);
    x7 = f64x2.add(f64x2.mul(x7, a), b);
    x8 = f64x2.add(f64x2.mul(x8, a), b);
    x9 = f64x2.add(f64x2.mul(x9, a), b);
    x10 = f64x2.add(f64x2.mul(x10, a), b);
    x11 = f64x2.add(f64x2.mul(x11, a), b);
  }
  x0 = f64x2.add(x0, x1);
  x0 = f64x2.add(x0, x2);
  x0 = f64x2.add(x0, x3);
  x0 = f64x2.add(x0, x4);
  x0 = f64x2.add(x0, x5);
  x0 = f64x2.add(x0, x6);
  x0 = f64x2.add(x0, x7);
  x0 = f64x2.add(x0, x8);
  x0 = f64x2.add(x0, x9);
  x0 = f64x2.add(x0, x10);
  x0 = f64x2.add(x0, x11);
  return f64x2.extract_lane(x0, 0);
}
