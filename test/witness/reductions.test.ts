/** The smaller cases that shrink tries: whatever the case, each is one that the engines can run. */
import { describe, expect, test } from "vitest";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import { checkHead, labelRange, labelUse } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { checkNetwork, inputWidth, outputWidth } from "../../src/network/network.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import type { Activation } from "../../src/network/parametric.ts";
import { formatActivation, isPrelu } from "../../src/network/parametric.ts";
import type { ShrinkCase } from "../../src/witness/reductions.ts";
import { REDUCTIONS } from "../../src/witness/reductions.ts";
import { parameters } from "../../src/witness/shrink.ts";
import { headCases } from "../reference/support/cases.ts";
import { preluOf } from "../support/parametric.ts";
import { drawer, normals } from "../support/stream.ts";

const CASES = 60;
const SEED = 613;

/** Depth 1 to 5, widths 1 to 8, every activation, head and label, now and then with zeros and plain numbers. */
function draw(index: number): ShrinkCase & { readonly name: string } {
  const next = drawer(SEED, index);
  const depth = 1 + next(5);
  const widths = Array.from({ length: depth + 1 }, () => 1 + next(8));
  const activations = Array.from({ length: depth }, (_, t): Activation => {
    if (index % 5 === 4) return preluOf(widths[t + 1] as number);
    return ACTIVATION_NAMES[next(ACTIVATION_NAMES.length)] ?? "relu";
  });
  const drawn = randomNetwork({ seed: SEED, index, widths, activations, initialiser: "he", biasScale: next(2) });
  const plain = next(4) === 0;
  const network: Network = {
    layers: drawn.layers.map((l) => ({ ...l, weight: plain ? l.weight.map(Math.round) : l.weight })),
  };
  const outputs = widths[depth] ?? 1;
  const heads = headCases(outputs);
  const chosen = heads[index % heads.length];
  const head = chosen?.head ?? { kind: "sum" };
  const isSign = head.kind === "logistic";
  const label = isSign
    ? (chosen?.label ?? -1)
    : labelUse(head) === "none"
      ? -1
      : (chosen?.label ?? -1) < 0
        ? -1
        : next(outputs);
  const input = Float64Array.from(normals(SEED, index, widths[0] ?? 1));
  return {
    ...{ network, head, label, input },
    name: `case ${String(SEED)}:${String(index)} ${widths.join("-")} ${activations.map(formatActivation).join(",")} ${chosen?.name ?? ""} ${String(label)}`,
  };
}

const drawn = Array.from({ length: CASES }, (_, index) => draw(index));

function* candidates(start: ShrinkCase): Generator<readonly [ShrinkCase, string]> {
  for (const reduction of REDUCTIONS) {
    let count = 0;
    for (const candidate of reduction(start)) yield [candidate, `${reduction.name} ${String(count++)}`];
  }
}

function key({ network, head, input, label }: ShrinkCase): string {
  const layers = network.layers.map((l) => [
    ...[l.inputs, l.outputs, isPrelu(l.activation) ? [...l.activation.slopes] : l.activation],
    ...[[...l.weight], [...l.bias]],
  ]);
  const values = Object.values(head).map((value: unknown) => (value instanceof Float64Array ? [...value] : value));
  return JSON.stringify([layers, values, [...input], label]);
}

describe("every candidate of every reduction", () => {
  test("is well formed: layers chain, the head fits, the label names an output, the input has the first layer's width", () => {
    const counts: Record<string, number> = {};
    for (const { name, ...start } of drawn) {
      for (const [candidate, which] of candidates(start)) {
        const place = `${name}: ${which}`;
        checkNetwork(candidate.network, place);
        const outputs = outputWidth(candidate.network);
        expect(() => {
          checkHead(candidate.head, outputs, 1);
        }, place).not.toThrow();
        expect(candidate.input.length, place).toBe(inputWidth(candidate.network));
        expect(
          candidate.input.every((v) => Number.isFinite(v)),
          place,
        ).toBe(true);
        const { least, most } = labelRange(candidate.head, outputs);
        expect(candidate.label, place).toBeLessThanOrEqual(most);
        expect(candidate.label, place).toBeGreaterThanOrEqual(labelUse(candidate.head) === "required" ? least : -1);
        if (candidate.head.kind === "logistic") expect(candidate.label, place).toBe(start.label);
        const reduction = which.split(" ")[0] ?? "";
        counts[reduction] = (counts[reduction] ?? 0) + 1;
      }
    }
    expect(Object.keys(counts).sort()).toEqual(REDUCTIONS.map((reduction) => reduction.name).sort());
    for (const [reduction, count] of Object.entries(counts)) expect(count, reduction).toBeGreaterThan(80);
  });

  test("is another case, no larger, and leaves the one it came from as it was", () => {
    for (const { name, ...start } of drawn) {
      const before = key(start);
      for (const [candidate, which] of candidates(start)) {
        expect(key(candidate), `${name}: ${which}`).not.toBe(before);
        expect(parameters(candidate), `${name}: ${which}`).toBeLessThanOrEqual(parameters(start));
      }
      expect(key(start), name).toBe(before);
    }
  });

  test("and of its own candidates, down to one that has none: reducing ends", () => {
    for (const { name, ...start } of drawn) {
      const next = drawer(SEED + 1, start.network.layers.length);
      let current: ShrinkCase = start;
      let steps = 0;
      for (; steps < 2000; steps++) {
        const all = [...candidates(current)];
        const chosen = all[next(all.length)]?.[0];
        if (chosen === undefined) break;
        checkNetwork(chosen.network, name);
        current = chosen;
      }
      expect(steps, name).toBeLessThan(2000);
      expect(parameters(current), name).toBe(2);
      const [layer] = current.network.layers;
      expect([current.network.layers.length, layer?.activation], name).toEqual([1, "identity"]);
      expect([layer?.weight[0], layer?.bias[0], current.input[0]].map(Math.abs as (v: unknown) => number)).toEqual([
        0, 0, 0,
      ]);
    }
  });
});

describe("taking outputs away", () => {
  /** The last layer of a candidate as rows, to tell which outputs are left. */
  const rows = ({ network }: ShrinkCase): string[] => {
    const last = network.layers.at(-1) ?? {
      inputs: 0,
      outputs: 0,
      weight: new Float64Array(),
      bias: new Float64Array(),
    };
    return Array.from({ length: last.outputs }, (_, i) =>
      [...last.weight.slice(i * last.inputs, (i + 1) * last.inputs), last.bias[i]].join(),
    );
  };
  const fewerUnits = REDUCTIONS.find((reduction) => reduction.name === "fewerUnits");

  test("leaves the named output its name, and each coefficient and target its output", () => {
    let moved = 0;
    for (const { name, ...start } of drawn) {
      const before = rows(start);
      for (const candidate of fewerUnits?.(start) ?? []) {
        const after = rows(candidate);
        if (after.length === before.length) continue;
        const kept = before.flatMap((row, i) => (after.includes(row) ? [i] : []));
        expect(kept.length, name).toBe(after.length);
        const [a, b] = [start.head, candidate.head];
        if (a.kind === "linear" && b.kind === "linear") {
          expect([...b.coefficients], name).toEqual(kept.map((i) => a.coefficients[i]));
        } else if (a.kind === "squared-error" && b.kind === "squared-error") {
          expect([...b.targets], name).toEqual(kept.map((i) => a.targets[i]));
        } else if (a.kind === "logit" && b.kind === "logit" && kept.includes(a.index)) {
          expect(kept[b.index], name).toBe(a.index);
        } else {
          expect(b, name).toEqual(a.kind === "logit" ? b : a);
        }
        if (a.kind !== "logistic" && kept.includes(start.label)) {
          expect(kept[candidate.label], name).toBe(start.label);
          if (candidate.label !== start.label) moved++;
        }
      }
    }
    expect(moved).toBeGreaterThan(5);
  });
});
