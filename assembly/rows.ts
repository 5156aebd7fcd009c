/**
 * Rows of a block as text: the program's fixed pieces of text, and between them numbers of columns as JavaScript writes them (ECMA-262, Number::toString).
 *
 * A number's shortest digits are found by Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020, with the table of 128-bit powers of ten of
 * A. Bolz's Drachennest): those with the fewest digits in the interval that rounds to the number, and of them the nearest. Subnormal numbers, of which a
 * digit may do where the method gives two, are left to the caller.
 */

/** 10^k, −292 ≤ k ≤ 324, as 128 bits with the highest set, rounded up: low word first. */
const POWERS: usize = 0;
const FIRST_POWER: i32 = -292;
/** "00" … "99" */
const PAIRS: usize = 617 * 16;
/** Seventeen digits, from the right. */
const SCRATCH: usize = PAIRS + 200;

function high(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/** The upper 64 bits of g·c / 2^64, the last one set where anything is below. */
function toOdd(low: u64, up: u64, c: u64): u64 {
  const below = high(low, c);
  const y0 = up * c;
  const sum = y0 + below;
  return (high(up, c) + u64(sum < y0)) | u64(sum > 1);
}

/** Writes the digits of `value` to the left of `end`; returns where they begin. */
function digitsBefore(end: usize, value: u64): usize {
  let at = end;
  let rest = value;
  while (rest >= 100000000) {
    const above = rest / 100000000;
    let part = u32(rest - above * 100000000);
    for (let i = 0; i < 4; i++) {
      const next = part / 100;
      at -= 2;
      store<u16>(at, load<u16>(PAIRS + 2 * usize(part - 100 * next)));
      part = next;
    }
    rest = above;
  }
  let part = u32(rest);
  while (part >= 100) {
    const next = part / 100;
    at -= 2;
    store<u16>(at, load<u16>(PAIRS + 2 * usize(part - 100 * next)));
    part = next;
  }
  if (part >= 10) {
    at -= 2;
    store<u16>(at, load<u16>(PAIRS + 2 * usize(part)));
  } else {
    at -= 1;
    store<u8>(at, u8(48 + part));
  }
  return at;
}

/** Writes a number; returns where it ends, 0 for one that is subnormal or not finite. */
export function number(value: f64, out: usize): usize {
  const bits = reinterpret<u64>(value);
  const fraction = bits & 0xfffffffffffff;
  const power = i32((bits >> 52) & 0x7ff);
  let at = out;
  if (power === 0x7ff) return 0;
  if (power === 0) {
    if (fraction !== 0) return 0;
    store<u8>(at, 48);
    return at + 1;
  }
  if (bits >> 63 !== 0) {
    store<u8>(at, 45);
    at += 1;
  }
  const c = fraction | 0x10000000000000;
  const q = power - 1075;
  let digits: u64;
  let exponent: i32;
  if (q <= 0 && q > -53 && (c & ((u64(1) << u64(-q)) - 1)) === 0) {
    digits = c >> u64(-q);
    exponent = 0;
  } else {
    const isPower = fraction === 0 && power > 1;
    const k = (q * 1262611 - (isPower ? 524031 : 0)) >> 22;
    const h = u64(q + ((-k * 1741647) >> 19) + 1);
    const place = POWERS + 16 * usize(-k - FIRST_POWER);
    const low = load<u64>(place);
    const up = load<u64>(place, 8);
    const odd = c & 1;
    const lower = toOdd(low, up, (4 * c - 2 + u64(isPower)) << h) + odd;
    const middle = toOdd(low, up, (4 * c) << h);
    const upper = toOdd(low, up, (4 * c + 2) << h) - odd;
    const s = middle >> 2;
    const tenth = s / 10;
    const isBelow = lower <= 40 * tenth;
    const isAbove = 40 * tenth + 40 <= upper;
    if (isBelow !== isAbove) {
      digits = tenth + u64(isAbove);
      exponent = k + 1;
    } else {
      const isIn = lower <= 4 * s;
      const isNext = 4 * s + 4 <= upper;
      const half = 4 * s + 2;
      const up1 = isIn !== isNext ? isNext : middle > half || (middle === half && (s & 1) !== 0);
      digits = s + u64(up1);
      exponent = k;
    }
  }
  const from = digitsBefore(SCRATCH + 24, digits);
  let to: usize = SCRATCH + 24;
  while (load<u8>(to - 1) === 48) to -= 1;
  const count = i32(to - from);
  /** The number is 0.d₁d₂… · 10^point. */
  const point = i32(SCRATCH + 24 - from) + exponent;
  if (point > 21 || point <= -6) return scientific(at, from, count, point - 1);
  if (point <= 0) {
    store<u16>(at, 0x2e30);
    at += 2;
    for (let i = point; i < 0; i++) {
      store<u8>(at, 48);
      at += 1;
    }
    return copied(at, from, count);
  }
  if (count <= point) {
    at = copied(at, from, count);
    for (let i = count; i < point; i++) {
      store<u8>(at, 48);
      at += 1;
    }
    return at;
  }
  at = copied(at, from, point);
  store<u8>(at, 46);
  return copied(at + 1, from + usize(point), count - point);
}

function scientific(out: usize, from: usize, count: i32, exponent: i32): usize {
  let at = copied(out, from, 1);
  if (count > 1) {
    store<u8>(at, 46);
    at = copied(at + 1, from + 1, count - 1);
  }
  store<u8>(at, 101);
  store<u8>(at, exponent < 0 ? 45 : 43, 1);
  const first = digitsBefore(SCRATCH + 48, u64(exponent < 0 ? -exponent : exponent));
  return copied(at + 2, first, i32(SCRATCH + 48 - first));
}

/** May write up to seven bytes more than `count`. */
function copied(out: usize, from: usize, count: i32): usize {
  for (let i: usize = 0; i < usize(count); i += 8) store<u64>(out + i, load<u64>(from + i));
  return out + usize(count);
}

/**
 * One row. The program: for each field four words of 32 bits, where a piece of text begins, its length, where the column after it begins (0: there is none) and
 * whether NaN is written as null there. Returns where the row ends, 0 where it has a number that is left to the caller.
 */
export function row(program: usize, fields: i32, sample: i32, out: usize): usize {
  let at = out;
  let field = program;
  for (let i = 0; i < fields; i++, field += 16) {
    at = copied(at, usize(load<u32>(field)), load<i32>(field, 4));
    const column = usize(load<u32>(field, 8));
    if (column === 0) continue;
    const value = load<f64>(column + 8 * usize(sample));
    if (load<u32>(field, 12) !== 0 && value !== value) {
      store<u32>(at, 0x6c6c756e);
      at += 4;
      continue;
    }
    at = number(value, at);
    if (at === 0) return 0;
  }
  return at;
}
