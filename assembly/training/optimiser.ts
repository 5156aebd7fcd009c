/** The optimiser of a training step: the formulas of src/training/optimiser.ts. */

/** v ← (g + w θ) + μ v, θ ← θ − η v, from one room into another. Returns 0, or NaN where the new θ is not finite. */
export function sgd<T>(
  theta: usize,
  gradient: usize,
  velocity: usize,
  nextTheta: usize,
  nextVelocity: usize,
  bytes: usize,
  decay: f64,
  momentum: f64,
  rate: f64,
): f64 {
  const w = v128.splat<T>(decay as T);
  const mu = v128.splat<T>(momentum as T);
  const eta = v128.splat<T>(rate as T);
  const zero = v128.splat<T>(0 as T);
  let seen = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(theta + at);
    const g = v128.add<T>(v128.load(gradient + at), v128.mul<T>(w, x));
    const v = v128.add<T>(g, v128.mul<T>(mu, v128.load(velocity + at)));
    v128.store(nextVelocity + at, v);
    const next = v128.sub<T>(x, v128.mul<T>(eta, v));
    v128.store(nextTheta + at, next);
    seen = v128.add<T>(seen, v128.mul<T>(zero, next));
  }
  return total<T>(seen);
}

/** m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², θ ← θ − η (m c₁)/(√(s c₂) + ε), g with its w θ. As `sgd`. */
export function adam<T>(
  theta: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  nextTheta: usize,
  nextMean: usize,
  nextSquare: usize,
  bytes: usize,
  decay: f64,
  first: f64,
  second: f64,
  firstCorrection: f64,
  secondCorrection: f64,
  epsilon: f64,
  rate: f64,
): f64 {
  const w = v128.splat<T>(decay as T);
  const b1 = v128.splat<T>(first as T);
  const r1 = v128.splat<T>((1 - first) as T);
  const b2 = v128.splat<T>(second as T);
  const r2 = v128.splat<T>((1 - second) as T);
  const c1 = v128.splat<T>(firstCorrection as T);
  const c2 = v128.splat<T>(secondCorrection as T);
  const eps = v128.splat<T>(epsilon as T);
  const eta = v128.splat<T>(rate as T);
  const zero = v128.splat<T>(0 as T);
  let seen = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(theta + at);
    const g = v128.add<T>(v128.load(gradient + at), v128.mul<T>(w, x));
    const m = v128.add<T>(v128.mul<T>(b1, v128.load(mean + at)), v128.mul<T>(r1, g));
    const s = v128.add<T>(v128.mul<T>(b2, v128.load(square + at)), v128.mul<T>(r2, v128.mul<T>(g, g)));
    v128.store(nextMean + at, m);
    v128.store(nextSquare + at, s);
    const root = v128.add<T>(v128.sqrt<T>(v128.mul<T>(s, c2)), eps);
    const next = v128.sub<T>(x, v128.mul<T>(eta, v128.div<T>(v128.mul<T>(m, c1), root)));
    v128.store(nextTheta + at, next);
    seen = v128.add<T>(seen, v128.mul<T>(zero, next));
  }
  return total<T>(seen);
}

function total<T>(seen: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(seen, 0) + f64x2.extract_lane(seen, 1);
  return (
    ((f32x4.extract_lane(seen, 0) + f32x4.extract_lane(seen, 1)) as f64) +
    ((f32x4.extract_lane(seen, 2) + f32x4.extract_lane(seen, 3)) as f64)
  );
}
