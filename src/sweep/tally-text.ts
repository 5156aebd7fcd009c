/** A tally as text and back: JSON with sums in hexadecimal and sketches as sketch.ts writes them. The same text for the same tally. */
import * as v from "valibot";
import { VERDICT_NAMES } from "../records/kit.ts";
import { FormatError } from "../network/errors.ts";
import { parseSketch, sketchText } from "../pipeline/sketch.ts";
import type { LayerTally, Spreading, Summing, Tally } from "./tally.ts";
import { LAYER_NUMBERS } from "./tally.ts";

/** Undone by parseTally. */
export function tallyText(tally: Tally): string {
  return JSON.stringify({
    ...tally,
    bounds: Object.fromEntries(Object.entries(tally.bounds).sort(([a], [b]) => (a < b ? -1 : 1))),
    penalties: {
      ...tally.penalties,
      input: hexadecimal(tally.penalties.input),
      parameter: hexadecimal(tally.penalties.parameter),
    },
    ratio: summingValue(tally.ratio),
    coefficient: summingValue(tally.coefficient),
    layers: tally.layers.map((layer) => LAYER_NUMBERS.map((name) => spreadingValue(layer[name]))),
    faults: [...tally.faults].sort(([a], [b]) => (a < b ? -1 : 1)),
  });
}

/** @throws FormatError for text that is no tally. Undoes tallyText. */
export function parseTally(text: string, source: string): Tally {
  try {
    const raw = v.parse(TALLY, JSON.parse(text));
    return { ...raw, faults: new Map(raw.faults) } as Tally;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${source}: damaged: found a tally that cannot be read (${reason.slice(0, 120)})`, { cause });
  }
}

function hexadecimal(sum: bigint): string {
  return sum < 0n ? `-${(-sum).toString(16)}` : sum.toString(16);
}

function spreadingValue({ counted, min, max, sketch }: Spreading): unknown {
  return counted === 0 ? [0] : [counted, min, max, sketchText(sketch)];
}

function summingValue(summing: Summing): unknown {
  return [spreadingValue(summing), hexadecimal(summing.sum)];
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sum = v.pipe(
  v.string(),
  v.regex(/^-?[0-9a-f]+$/),
  v.transform((text) => (text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`))),
);
const spreading = v.pipe(
  v.union([v.tuple([v.literal(0)]), v.tuple([count, v.number(), v.number(), v.string()])]),
  v.transform((raw): Spreading => {
    const [counted, min = Infinity, max = -Infinity, sketch = ""] = raw;
    return { counted, min, max, sketch: parseSketch(sketch) };
  }),
);
const summing = v.pipe(
  v.tuple([spreading, sum]),
  v.transform(([own, total]): Summing => ({ ...own, sum: total })),
);
const nullable = v.nullable(v.number());
const reached = v.object({
  network: count,
  sample: count,
  verdict: v.picklist(VERDICT_NAMES),
  ratio: nullable,
  reason: v.optional(v.string()),
});
const example = v.object({
  index: count,
  left: nullable,
  right: nullable,
  margin: nullable,
  bound: nullable,
  reason: v.optional(v.string()),
});
const fault = v.object({ check: v.string(), layer: count, count, network: count, example });

const TALLY = v.object({
  networks: count,
  samples: count,
  verdicts: v.object({ holds: count, tight: count, violated: count, unresolved: count, invalid: count }),
  escalations: v.object({ screened: count, iterated: count, replayed: count }),
  certified: v.object({ reached: count, missed: count }),
  bounds: v.record(v.string(), count),
  audited: count,
  roundedValues: count,
  penalties: v.object({ valid: count, overflowed: count, input: sum, parameter: sum }),
  ratio: summing,
  coefficient: summing,
  layers: v.array(
    v.pipe(
      v.array(spreading),
      v.length(LAYER_NUMBERS.length),
      v.transform((own) => Object.fromEntries(LAYER_NUMBERS.map((name, i) => [name, own[i]])) as LayerTally),
    ),
  ),
  faults: v.array(v.tuple([v.string(), fault])),
  tightest: v.array(reached),
  worst: v.array(reached),
});
