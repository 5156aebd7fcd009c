// The activations g and their slopes g′, numbered as in src/network/activations.ts, with its formulas and its conventions at kinks.
// leaky-relu, elu and softplus take a parameter; the others ignore it.
// uses: lib/elementary.wgsl

struct Activated {
  value: f32,
  slope: f32,
}

fn sech_squared(z: f32) -> f32 {
  let e = exp_f32(-2.0 * abs(z));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}

fn gelu_tanh(z: f32) -> Activated {
  let c = clamp(z, -1000.0, 1000.0);
  let inner = 0.7978845608028654 * (c + 0.044715 * c * c * c);
  let inner_slope = 0.7978845608028654 * (1.0 + 3.0 * 0.044715 * c * c);
  let gate = sigmoid_f32(2.0 * inner);
  return Activated(z * gate, gate + z * (0.5 * sech_squared(inner) * inner_slope));
}

fn mish(z: f32) -> Activated {
  var gate = 0.0;
  var complement = 0.0;
  if (z <= 0.0) {
    let w = exp_f32(z);
    let n = w * (w + 2.0);
    gate = n / (n + 2.0);
    complement = (4.0 * n + 4.0) / ((n + 2.0) * (n + 2.0));
  } else {
    let e = exp_f32(-z);
    let d = 1.0 + 2.0 * e + 2.0 * e * e;
    gate = (1.0 + 2.0 * e) / d;
    complement = 4.0 * e * e * (1.0 + 2.0 * e + e * e) / (d * d);
  }
  return Activated(z * gate, gate + z * (complement * sigmoid_f32(z)));
}

fn activate(name: u32, parameter: f32, z: f32) -> Activated {
  switch (name) {
    case 1u: { // relu
      return Activated(max(z, 0.0), select(0.0, 1.0, z > 0.0));
    }
    case 2u: { // leaky-relu
      return Activated(select(parameter * z, z, z > 0.0), select(parameter, 1.0, z > 0.0));
    }
    case 3u: { // elu
      let n = min(z, 0.0);
      return Activated(select(parameter * expm1_f32(n), z, z > 0.0), select(parameter * exp_f32(n), 1.0, z > 0.0));
    }
    case 4u: { // selu
      let n = min(z, 0.0);
      let value = select(1.6732632423543772 * expm1_f32(n), z, z > 0.0);
      let slope = select(1.6732632423543772 * exp_f32(n), 1.0, z > 0.0);
      return Activated(1.0507009873554805 * value, 1.0507009873554805 * slope);
    }
    case 5u: { // gelu
      let p = normal_distribution(z);
      return Activated(z * p, p + z * normal_density(z));
    }
    case 6u: {
      return gelu_tanh(z);
    }
    case 7u: { // silu
      let s = sigmoid_f32(z);
      return Activated(z * s, s * (1.0 + z * sigmoid_f32(-z)));
    }
    case 8u: {
      return mish(z);
    }
    case 9u: { // softplus
      let y = parameter * z;
      let value = max(y, 0.0) + log1p_f32(exp_f32(-abs(y)));
      // WGSL's quotient by 1 need not be exact.
      return Activated(select(value / parameter, value, parameter == 1.0), sigmoid_f32(y));
    }
    case 10u: { // sigmoid
      let e = exp_f32(-abs(z));
      return Activated(sigmoid_f32(z), e / ((1.0 + e) * (1.0 + e)));
    }
    case 11u: { // tanh
      return Activated(tanh_f32(z), sech_squared(z));
    }
    case 12u: { // sin
      let both = sine_cosine(z);
      return Activated(both.sine, both.cosine);
    }
    case 13u: { // softsign
      let d = 1.0 / (1.0 + abs(z));
      return Activated(z * d, d * d);
    }
    case 14u: { // hard-swish
      let inside = z > -3.0 && z < 3.0;
      let value = select(max(z, 0.0), z * (z + 3.0) / 6.0, inside);
      return Activated(select(value, 0.0, z <= -3.0), select(select(0.0, 1.0, z >= 3.0), (2.0 * z + 3.0) / 6.0, inside));
    }
    case 15u: { // relu6
      return Activated(clamp(z, 0.0, 6.0), select(0.0, 1.0, z > 0.0 && z < 6.0));
    }
    case 16u: { // abs
      return Activated(abs(z), sign(z));
    }
    default: { // identity
      return Activated(z, 1.0);
    }
  }
}
