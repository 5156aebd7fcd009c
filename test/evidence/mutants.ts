/** Mutants of a file: each a pure function of its seed, some blind to what the bytes mean, some not. */

/** Numbers from 0 up to n, exclusive: mulberry32. */
export type Draw = (n: number) => number;

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** Counts and lengths at which readers go wrong. */
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to four changes of bytes. `other` is a file to splice from. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, draw: Draw): Uint8Array {
  let file: Uint8Array = bytes.slice();
  for (let changes = 1 + draw(4); changes > 0; changes--) {
    const { length } = file;
    // Headers stand at the ends.
    const near = Math.min(length, 96);
    const at = [draw(length), draw(near), length - 1 - draw(near)][draw(3)] ?? 0;
    const size = 1 + draw(draw(2) === 0 ? 8 : 256);
    const view = new DataView(file.buffer, file.byteOffset, length);
    switch (draw(9)) {
      case 0:
        file[at] = (file[at] ?? 0) ^ (1 << draw(8));
        break;
      case 1:
        file[at] = draw(256);
        break;
      case 2:
        file = file.slice(0, at);
        break;
      case 3:
        file = joined(file.subarray(0, at), file.subarray(at + size));
        break;
      case 4:
        file = joined(file.subarray(0, at), file.subarray(at, at + size), file.subarray(at));
        break;
      case 5:
        file = joined(file.subarray(0, at), other.subarray(draw(other.length)).subarray(0, size), file.subarray(at));
        break;
      case 6:
        file.fill(draw(2) * 255, at, at + size);
        break;
      case 7:
        if (at + 4 <= length) view.setUint32(at, NUMBERS[draw(NUMBERS.length)] ?? 0, draw(2) === 0);
        break;
      default:
        if (at + 8 <= length)
          view.setBigUint64(at, BigInt(NUMBERS[draw(NUMBERS.length)] ?? 0) << BigInt(draw(40)), true);
    }
    if (file.length === 0) file = Uint8Array.of(draw(256));
  }
  return file;
}

/** What stands in the place of a token: extreme numbers, names that objects have, steering and broken text, deep nesting. */
const TOKENS: readonly ((draw: Draw) => string)[] = [
  ...["0", "-1", "1e999", "-0", "4294967296", "9007199254740993", "1e-400", "0.1", "NaN", "Infinity", "null", "true"],
  ...[
    '""',
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"\\u001b[2J"',
    '"\\ud800"',
    "[]",
    "{}",
    '"relu"',
    "'",
    '"',
    "\\",
  ],
  ...[
    ",",
    ":",
    "]",
    "}",
    "\n",
    "\r",
    "\t",
    " ",
    "#",
    ";",
    "- ",
    "&a ",
    "*a",
    "<<: *a",
    "!!js/function",
    "|",
    "\u0000",
    "\ufeff",
  ],
].map((text) => () => text);
const LONG: readonly ((draw: Draw) => string)[] = [
  (draw) => "[".repeat(1 + draw(3000)),
  (draw) => '{"a":'.repeat(1 + draw(1000)),
  (draw) => "9".repeat(1 + draw(400)),
  (draw) => " ".repeat(1 + draw(3000)),
  (draw) => '"'.repeat(1 + draw(300)),
  (draw) => `${"1,".repeat(1 + draw(2000))}1`,
];

/** One to four changes of tokens: numbers, strings, words, brackets. */
export function mutateText(text: string, draw: Draw): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|[^\w\s]/g) ?? [];
  for (let changes = 1 + draw(4); changes > 0; changes--) {
    const at = draw(tokens.length + 1);
    const other = draw(tokens.length + 1);
    const list = draw(12) === 0 ? LONG : TOKENS;
    const token = (list[draw(list.length)] as (typeof TOKENS)[number])(draw);
    const action = draw(5);
    if (action === 0) tokens.splice(at, 1);
    else if (action === 1) tokens.splice(at, 0, token);
    else if (action === 2) tokens.splice(at, 1, token);
    else if (action === 3) tokens.splice(at, 1, tokens[other] ?? "");
    else tokens.splice(at, 0, ...tokens.slice(other, other + draw(20)));
  }
  return tokens.join("");
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
