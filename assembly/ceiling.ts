// AssemblyScript, compiled by bench/kernels.ts: what a core multiplies and adds in WebAssembly SIMD with nothing to load. Twelve chains: a product and a sum
// take some six cycles one behind the other, and two of each can begin in every cycle. A step of the loop is 96 flops in f32, 48 in f64.

/** 12 chains of x ← x·a + b in f32x4. */
export function singles(steps: i32): f32 {
  return f32x4.extract_lane(chains<f32>(steps), 0);
}

/** The same in f64x2. */
export function doubles(steps: i32): f64 {
  return f64x2.extract_lane(chains<f64>(steps), 0);
}

function chains<T>(steps: i32): v128 {
  const a = v128.splat<T>(0.999 as T);
  const b = v128.splat<T>(0.001 as T);
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
    x0 = v128.add<T>(v128.mul<T>(x0, a), b);
    x1 = v128.add<T>(v128.mul<T>(x1, a), b);
    x2 = v128.add<T>(v128.mul<T>(x2, a), b);
    x3 = v128.add<T>(v128.mul<T>(x3, a), b);
    x4 = v128.add<T>(v128.mul<T>(x4, a), b);
    x5 = v128.add<T>(v128.mul<T>(x5, a), b);
    x6 = v128.add<T>(v128.mul<T>(x6, a), b);
    x7 = v128.add<T>(v128.mul<T>(x7, a), b);
    x8 = v128.add<T>(v128.mul<T>(x8, a), b);
    x9 = v128.add<T>(v128.mul<T>(x9, a), b);
    x10 = v128.add<T>(v128.mul<T>(x10, a), b);
    x11 = v128.add<T>(v128.mul<T>(x11, a), b);
  }
  x0 = v128.add<T>(x0, x1);
  x0 = v128.add<T>(x0, x2);
  x0 = v128.add<T>(x0, x3);
  x0 = v128.add<T>(x0, x4);
  x0 = v128.add<T>(x0, x5);
  x0 = v128.add<T>(x0, x6);
  x0 = v128.add<T>(x0, x7);
  x0 = v128.add<T>(x0, x8);
  x0 = v128.add<T>(x0, x9);
  x0 = v128.add<T>(x0, x10);
  x0 = v128.add<T>(x0, x11);
  return x0;
}
