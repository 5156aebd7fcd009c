/**
 * Nothing depends on company: a sample that keeps its index has the bits of its row whatever it is measured with, in whatever order, batch
 * size and number of threads; the whole set has the report's. Runs in every runtime: it imports src/ and fast-check alone.
 */
import fc from "fast-check";
import type { EnginePair } from "../../src/engine/pair.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import type { VerifyRequest } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

/** A network, a question, and samples among which some are odd. */
export interface Company {
  readonly seed: number;
  readonly widths: readonly number[];
  readonly activation: (typeof ACTIVATION_NAMES)[number];
  readonly initialiser: "orthogonal" | "he" | "lecun";
  readonly biasScale: number | false;
  readonly head: Head["kind"];
  readonly norm: VerifyRequest["norm"];
  readonly accuracy: VerifyRequest["accuracy"];
  readonly certify: number | null;
  readonly audit: number;
  readonly samples: number;
  /** Samples all of whose inputs are this number: 0 is at every kink, others overflow, underflow or are none. */
  readonly odd: readonly { readonly at: number; readonly value: number }[];
  /** How the samples are taken apart, measured again and put into batches. */
  readonly parts: readonly number[];
  readonly order: readonly number[];
  readonly batchSizes: readonly number[];
}

export const company: fc.Arbitrary<Company> = fc.record({
  seed: fc.nat(1000),
  widths: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 5 }),
  activation: fc.constantFrom(...ACTIVATION_NAMES),
  initialiser: fc.constantFrom("orthogonal", "he", "lecun"),
  biasScale: fc.constantFrom<number | false>(0, 0.3, false),
  head: fc.constantFrom(
    ...([
      "sum",
      "logit-argmax",
      "half-squared-norm",
      "log-sum-exp",
      "cross-entropy",
      "margin",
      "squared-error",
    ] as const),
  ),
  norm: fc.constantFrom("spectral", "spectral", "frobenius"),
  accuracy: fc.constantFrom<VerifyRequest["accuracy"]>("verdict", 1e-3, 1e-9),
  certify: fc.constantFrom(null, null, 1e-6),
  audit: fc.constantFrom(0, 0.3, 1),
  samples: fc.integer({ min: 1, max: 70 }),
  odd: fc.array(fc.record({ at: fc.nat(69), value: fc.constantFrom(0, NaN, Infinity, 1e200, 1e-310) }), {
    maxLength: 6,
  }),
  parts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
  order: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  batchSizes: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 2 }),
});

/** The pairs of engines that must agree, by what they are called in a finding. */
export type Pairs = Readonly<Record<string, EnginePair>>;

/** What is not as it should be, each in a line; and a text that must be the same wherever this runs. */
export async function companyFindings(own: Company, pairs: Pairs): Promise<{ findings: string[]; text: string }> {
  const network = networkOf(own);
  const inputs = inputsOf(own);
  const [first] = Object.values(pairs);
  if (first === undefined) throw new RangeError("found no engine");
  const whole = await run(own, network, inputs, first, { first: 0, count: own.samples, batchSize: null });
  const findings: string[] = [];
  const compare = (what: string, at: number, rows: readonly string[], wanted: (index: number) => boolean): void => {
    rows.forEach((row, k) => {
      const expected = whole.rows[at + k];
      if (wanted(at + k) && row !== expected)
        findings.push(`${what}, sample ${String(at + k)}: ${differing(row, expected)}`);
    });
  };
  const always = (): boolean => true;
  for (const [name, pair] of Object.entries(pairs)) {
    for (const batchSize of [null, ...own.batchSizes]) {
      const again = await run(own, network, inputs, pair, { first: 0, count: own.samples, batchSize });
      const what = `${name}, batches of ${String(batchSize ?? "its own choice")}`;
      compare(what, 0, again.rows, always);
      if (again.report !== whole.report) findings.push(`${what}, the report: ${differing(again.report, whole.report)}`);
    }
    for (const part of partsOf(own)) {
      const { rows } = await run(own, network, inputs, pair, { ...part, batchSize: null });
      compare(
        `${name}, samples ${String(part.first)} to ${String(part.first + part.count - 1)} alone`,
        part.first,
        rows,
        always,
      );
    }
    const kept = (index: number): boolean => index % 3 === own.seed % 3;
    const among = await run(own, network, strangers(own, inputs, kept), pair, {
      first: 0,
      count: own.samples,
      batchSize: null,
    });
    compare(`${name}, among strangers`, 0, among.rows, kept);
  }
  return { findings, text: [...whole.rows, whole.report].join("\n") };
}

function networkOf({ seed, widths, activation, initialiser, biasScale }: Company): Network {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 && depth > 1 ? "identity" : activation));
  return randomNetwork({ seed, index: 0, widths, activations, initialiser, biasScale });
}

function inputsOf({ seed, widths: [width = 1], samples, odd }: Company): Float64Array {
  const inputs = fillInputs({ distribution: "normal", scale: 1, seed }, 0, samples, width);
  for (const { at, value } of odd) if (at < samples) inputs.fill(value, at * width, (at + 1) * width);
  return inputs;
}

/** Other inputs in the places of those that are not kept, odd ones among them. */
function strangers(
  { seed, widths: [width = 1], samples }: Company,
  inputs: Float64Array,
  kept: (index: number) => boolean,
) {
  const others = fillInputs({ distribution: "sphere", scale: 40, seed: seed + 1 }, 0, samples, width);
  for (let i = 0; i < samples; i++) {
    if (kept(i)) others.set(inputs.subarray(i * width, (i + 1) * width), i * width);
    else if (i % 5 === 0) others.fill([NaN, 0, 1e250][i % 3] as number, i * width, (i + 1) * width);
  }
  return others;
}

/** The samples in pieces, in an order of their own; the last piece is cut to what is left. */
function partsOf({ samples, parts, order }: Company): { first: number; count: number }[] {
  const found: { first: number; count: number }[] = [];
  for (let first = 0, k = 0; first < samples; k++) {
    const count = Math.min(parts[k % parts.length] as number, samples - first);
    found.push({ first, count });
    first += count;
  }
  const rank = (k: number): number => order[k % order.length] as number;
  return found
    .map((part, k) => ({ part, k }))
    .sort((a, b) => rank(a.k) - rank(b.k) || b.k - a.k)
    .map(({ part }) => part);
}

async function run(
  own: Company,
  network: Network,
  inputs: Float64Array,
  { engine, host }: EnginePair,
  { first, count, batchSize }: { first: number; count: number; batchSize: number | null },
): Promise<{ rows: string[]; report: string }> {
  const { seed, widths, norm, accuracy, certify, audit, samples } = own;
  const [width = 1, outputs = 1] = [widths[0], widths.at(-1)];
  const rows: string[] = [];
  const { report, failure } = await verify({
    ...{ network, engine, host, norm, accuracy, certify, audit, seed, batchSize, firstIndex: first },
    head: headOf(own.head, outputs, samples, seed),
    source: {
      ...{ samples: count, width },
      read: (at, n) => ({
        inputs: inputs.slice((first + at) * width, (first + at + n) * width),
        labels: fillLabels(seed, first + at, n, outputs),
      }),
    },
    onRow: (row) => rows.push(bits(row)),
  });
  if (failure !== null) throw failure;
  if (rows.length !== count) throw new RangeError(`found ${String(rows.length)} rows, expected ${String(count)}`);
  return { rows, report: bits({ ...report, timing: null }) };
}

function headOf(kind: Head["kind"], outputs: number, samples: number, seed: number): Head {
  if (kind === "squared-error") {
    const targets = fillInputs({ distribution: "uniform", scale: 1, seed: seed + 2 }, 0, samples, outputs);
    return { kind, targets, rows: samples };
  }
  return { kind } as Head;
}

/** A value as a text that two values share where all their bits are the same. */
function bits(value: unknown): string {
  const exact = (_: string, entry: unknown): unknown => {
    if (Object.is(entry, -0)) return "-0";
    return typeof entry === "number" && !Number.isFinite(entry) ? String(entry) : entry;
  };
  return JSON.stringify(value, exact);
}

/** Both texts around the first place where they differ. */
function differing(found: string, expected = ""): string {
  let at = 0;
  while (found[at] !== undefined && found[at] === expected[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 60), at + 40);
  return `found …${around(found)}…, expected …${around(expected)}…`;
}
