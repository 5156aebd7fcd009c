// What an adapter's arithmetic can do: 8 chains of vectors an invocation, 32 fused multiply-adds of a vector an iteration, no memory until
// the end. Sizes: `invocations`, `rounds` iterations each: 256 · rounds operations an invocation. Layout: one number an invocation.

struct Sizes {
  invocations: u32,
  rounds: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// A number an invocation.
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= sizes.invocations) {
    return;
  }
  let a = vec4<f32>(0.5, 0.25, 0.125, 0.75);
  let b = vec4<f32>(f32(id.x & 7u));
  var s0 = b;
  var s1 = b + 1.0;
  var s2 = b + 2.0;
  var s3 = b + 3.0;
  var s4 = b + 4.0;
  var s5 = b + 5.0;
  var s6 = b + 6.0;
  var s7 = b + 7.0;
  for (var i = 0u; i < sizes.rounds; i++) {
    s0 = fma(fma(fma(fma(s0, a, b), a, b), a, b), a, b);
    s1 = fma(fma(fma(fma(s1, a, b), a, b), a, b), a, b);
    s2 = fma(fma(fma(fma(s2, a, b), a, b), a, b), a, b);
    s3 = fma(fma(fma(fma(s3, a, b), a, b), a, b), a, b);
    s4 = fma(fma(fma(fma(s4, a, b), a, b), a, b), a, b);
    s5 = fma(fma(fma(fma(s5, a, b), a, b), a, b), a, b);
    s6 = fma(fma(fma(fma(s6, a, b), a, b), a, b), a, b);
    s7 = fma(fma(fma(fma(s7, a, b), a, b), a, b), a, b);
  }
  let sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
  result[id.x] = sum.x + sum.y + sum.z + sum.w;
}
