/** The e of 2^e ≤ x < 2^(e + 1); 0 where x is 0, infinite or NaN. @param x not below 0. */
export function exponentOf(x: f64): i32 {
  if (!(x > 0 && x < Infinity)) return 0;
  const biased = ((reinterpret<i64>(x) >> 52) & 0x7ff) as i32;
  if (biased != 0) return biased - 1023;
  return (((reinterpret<i64>(x * 18014398509481984.0) >> 52) & 0x7ff) as i32) - 1077;
}
