// Elementary functions in f32 of + − × ÷ and exact powers of two, because WGSL allows its own too much error (spec 15.7:
// tanh 1e−5 absolute, sin and cos 2⁻¹¹). Polynomials from Moshier's Cephes (freely usable). With u = 2⁻²³, any order of
// summation, fused or not, and division within 2.5 ulp, the relative errors are at most:
//   exp_f32 (8 + 2|x|) u;  expm1_f32, tanh_f32 16 u;  log1p_f32 16 u;  erfc_tail_f32 (160 + 2x²) u, whose polynomial's terms add up
//   to 8 times its value;
//   sin_f32, cos_f32 (8 + 2|x|) u absolutely, for |x| < 8000.
// test/engine-gpu compares each with f64 within these.

// 2^k for −126 ≤ k ≤ 127, from its bits.
fn power_of_two(k: i32) -> f32 {
  return bitcast<f32>(u32(clamp(k, -126, 127) + 127) << 23u);
}

fn exp_f32(x_given: f32) -> f32 {
  if (x_given < -87.0) {
    return 0.0;
  }
  let x = min(x_given, 88.7);
  let k = floor(x * 1.4426950408889634 + 0.5);
  let r = (x - k * 0.693359375) + k * 2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  let value = p * r * r + r + 1.0;
  let half = i32(k) / 2;
  return value * power_of_two(half) * power_of_two(i32(k) - half);
}

// eˣ − 1 for x ≤ 0.
fn expm1_f32(x: f32) -> f32 {
  if (x < -0.5) {
    return exp_f32(x) - 1.0;
  }
  var p = 1.0 + x / 9.0;
  p = 1.0 + x / 8.0 * p;
  p = 1.0 + x / 7.0 * p;
  p = 1.0 + x / 6.0 * p;
  p = 1.0 + x / 5.0 * p;
  p = 1.0 + x / 4.0 * p;
  p = 1.0 + x / 3.0 * p;
  p = 1.0 + x / 2.0 * p;
  return x * p;
}

// ln(1 + e) for 0 ≤ e ≤ 1: 2 artanh(e/(2 + e)).
fn log1p_f32(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let z = s * s;
  var p = 1.0 / 15.0;
  p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  p = p * z + 1.0;
  return 2.0 * s * p;
}

fn tanh_f32(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.625) {
    let z = x * x;
    var p = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z - 5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z - 3.33332819422e-1;
    return x + x * z * p;
  }
  let t = 1.0 - 2.0 / (exp_f32(min(2.0 * a, 40.0)) + 1.0);
  return select(t, -t, x < 0.0);
}

fn sigmoid_f32(x: f32) -> f32 {
  let e = exp_f32(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// e^(−x²) with x² split, so that the square's rounding is not amplified; x of at most 10 bits squares exactly.
fn exp_minus_square(x: f32) -> f32 {
  let a = min(abs(x), 10.0);
  let high = floor(a * 64.0) * 0.015625;
  return exp_f32(-high * high) * exp_f32(-(a - high) * (a + high));
}

// erf x for |x| < 1.
fn erf_centre_f32(x: f32) -> f32 {
  let z = x * x;
  var p = 7.853861353153693e-5;
  p = p * z - 8.010193625184903e-4;
  p = p * z + 5.188327685732524e-3;
  p = p * z - 2.685381193529856e-2;
  p = p * z + 1.128358514861418e-1;
  p = p * z - 3.761262582423300e-1;
  p = p * z + 1.128379165726710;
  return x * p;
}

// erfc a for a ≥ 1.
fn erfc_tail_f32(a: f32) -> f32 {
  let q = 1.0 / a;
  let z = q * q;
  var p = 0.0;
  if (a < 2.0) {
    p = 2.326819970068386e-2;
    p = p * z - 1.387039388740657e-1;
    p = p * z + 3.687424674597105e-1;
    p = p * z - 5.824733027278666e-1;
    p = p * z + 6.210004621745983e-1;
    p = p * z - 4.944515323274145e-1;
    p = p * z + 3.404879937665872e-1;
    p = p * z - 2.741127028184656e-1;
    p = p * z + 5.638259427386472e-1;
  } else {
    p = -1.047766399936249e+1;
    p = p * z + 1.297719955372516e+1;
    p = p * z - 7.495518717768503;
    p = p * z + 2.921019019210786;
    p = p * z - 1.015265279202700;
    p = p * z + 4.218463358204948e-1;
    p = p * z - 2.820767439740514e-1;
    p = p * z + 5.641895067754075e-1;
  }
  return exp_minus_square(a) * q * p;
}

// Φ(z), with relative accuracy in the left tail.
fn normal_distribution(z: f32) -> f32 {
  let x = z * 0.7071067811865476;
  if (abs(x) < 1.0) {
    return 0.5 + 0.5 * erf_centre_f32(x);
  }
  let tail = 0.5 * erfc_tail_f32(abs(x));
  return select(1.0 - tail, tail, z < 0.0);
}

fn normal_density(z: f32) -> f32 {
  return 0.3989422804014327 * exp_minus_square(z * 0.7071067811865476);
}

struct SineCosine {
  sine: f32,
  cosine: f32,
}

// Cody and Waite's reduction by π/2 in three parts, then Cephes' kernels on |r| ≤ π/4 (clamped: a slope must stay a cosine).
fn sine_cosine(x: f32) -> SineCosine {
  let k = floor(x * 0.6366197723675814 + 0.5);
  let reduced = ((x - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8;
  let r = clamp(reduced, -0.8, 0.8);
  let z = r * r;
  let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let quadrant = i32(clamp(k, -1.0e9, 1.0e9)) & 3;
  var result: SineCosine;
  result.sine = select(s, c, (quadrant & 1) == 1);
  result.cosine = select(c, s, (quadrant & 1) == 1);
  if (quadrant >= 2) {
    result.sine = -result.sine;
  }
  if (quadrant == 1 || quadrant == 2) {
    result.cosine = -result.cosine;
  }
  return result;
}
