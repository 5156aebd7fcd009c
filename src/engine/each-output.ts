/**
 * The head each-logit as engines see it: of each input every output k = 0 … K − 1 is an f of its own, a sample each.
 *
 *     sample sK + k of the run = output k of input s
 *
 * What does not depend on f is measured once an input: h_t, z_t, D_t, their norms, and the witnesses for ‖J_t‖, whose iteration starts from
 * output 0's gradient. The head, the backward pass and the tangents run once an output.
 */
import { outputWidth } from "../network/network.ts";
import type { Batch, ExplicitMeasurement, Measurements, WitnessMeasurement } from "./engine.ts";
import type { Plan } from "./plan.ts";

/** K of the plan's head; 1 of any head but each-logit. */
export function outputsAnInput({ head, network }: Pick<Plan, "head" | "network">): number {
  return head.kind === "each-logit" ? outputWidth(network) : 1;
}

/** The number of a sample's input in the run: the address of its random direction and start. */
export function inputIndex(plan: Pick<Plan, "head" | "network">, index: number): number {
  return Math.floor(index / outputsAnInput(plan));
}

/** Samples of a batch that share an input. */
export function sharing({ outputs }: Batch): number {
  return outputs ?? 1;
}

/** Rows of a batch's inputs. */
export function inputCount(batch: Batch): number {
  return batch.samples / sharing(batch);
}

/** Where the input of the sample at place `at` of a batch stands, in its row of numbers. */
export function inputAt(batch: Batch, at: number): Float64Array {
  const width = batch.inputs.length / inputCount(batch);
  const row = Math.floor(at / sharing(batch));
  return batch.inputs.slice(row * width, (row + 1) * width);
}

/** Samples from … to − 1 of a batch, a batch of their own. @param from a multiple of `sharing(batch)`, as `to` is. */
export function partOf(batch: Batch, from: number, to: number): Batch {
  const width = batch.inputs.length / batch.samples;
  return {
    ...batch,
    first: batch.first + from,
    samples: to - from,
    inputs: batch.inputs.slice(from * width, to * width),
    labels: batch.labels === null ? null : batch.labels.slice(from, to),
  };
}

/** The labels of each pass, one an input: pass k takes sample sK + k of each input s. */
export function labelsOfPasses(batch: Batch): (Int32Array | null)[] {
  const { labels } = batch;
  const [inputs, outputs] = [inputCount(batch), sharing(batch)];
  return Array.from({ length: outputs }, (_, k) =>
    labels === null ? null : Int32Array.from({ length: inputs }, (__, s) => labels[s * outputs + k] as number),
  );
}

/** So many samples, but whole inputs, and one at least. */
export function wholeInputs(samples: number, outputs: number): number {
  return outputs * Math.max(1, Math.floor(samples / outputs));
}

/** What is measured of a batch's samples, its witnesses and explicit Jacobians apart. */
export type PassMeasurements = Omit<Measurements, "witnesses" | "explicit">;

/** The measurements of each pass as those of the batch; @param of the inputs, what all passes share. */
export function joinPasses(
  passes: readonly PassMeasurements[],
  { witnesses, explicit }: Pick<Measurements, "witnesses" | "explicit">,
): Measurements {
  const [first] = passes;
  if (first === undefined) throw new RangeError("a batch of no passes");
  if (passes.length === 1) return { ...first, witnesses, explicit };
  const outputs = passes.length;
  return {
    ...(interleaved(passes) as PassMeasurements),
    samples: outputs * first.samples,
    arithmetic: first.arithmetic,
    witnesses: repeated(witnesses, outputs) as (WitnessMeasurement | null)[],
    explicit: repeated(explicit, outputs) as (ExplicitMeasurement | null)[],
  };
}

type Column = Float64Array | Int32Array | Uint8Array;

const isColumn = (node: unknown): node is Column => ArrayBuffer.isView(node);

/** Entry sK + k of each array is entry s of pass k's. */
function interleaved(passes: readonly unknown[]): unknown {
  const [first] = passes;
  if (isColumn(first)) {
    const whole = blank(first, passes.length * first.length);
    passes.forEach((own, k) => (own as Column).forEach((v, s) => (whole[s * passes.length + k] = v)));
    return whole;
  }
  return mapped(first, (key) => interleaved(passes.map((own) => (own as Record<string, unknown>)[key])));
}

/** Each entry of every array, so many times. */
function repeated(node: unknown, times: number): unknown {
  if (isColumn(node)) {
    const whole = blank(node, times * node.length);
    node.forEach((v, s) => whole.fill(v, s * times, (s + 1) * times));
    return whole;
  }
  return mapped(node, (key) => repeated((node as Record<string, unknown>)[key], times));
}

function blank(like: Column, length: number): Column {
  if (like instanceof Float64Array) return new Float64Array(length);
  return like instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}

/** The same node with each child made anew; what has none as it is. */
function mapped(node: unknown, child: (key: string) => unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map((_, i) => child(String(i)));
  return Object.fromEntries(Object.keys(node).map((key) => [key, child(key)]));
}
