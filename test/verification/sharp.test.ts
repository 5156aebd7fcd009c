/** Networks at equality and a known distance from it: what the verdicts and the proven brackets of κ_t say there (MATH.md §4). */
import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { LayerRow, SampleRow } from "../../src/records/sample.ts";
import type { Network } from "../../src/network/network.ts";
import type { Matrix, Vector } from "../../src/reference/matrix.ts";
import { multiply, transpose } from "../../src/reference/matrix.ts";
import { examine, inputGradient, weights } from "../../src/reference/oracle.ts";
import { theoremAllowances } from "../reference/support/rounding.ts";
import type { Run, SharpCase } from "../support/sharp.ts";
import { CASES, judgeRuns, rounded, RUNS } from "../support/sharp.ts";
import { runProgram, skipReason } from "../support/software-gpu.ts";
import { spectralNorm, svdError } from "../support/svd.ts";

if (skipReason !== null) console.warn(`webgpu skipped: ${skipReason}`);

/** A verdict may be tight from κ ≥ 1 − TIGHT on (MATH.md §2, rule 5). */
const TIGHT = 1e-3;

const squared = (v: Vector): number => v.reduce((sum, x) => sum + x * x, 0);
const samplesOf = ({ inputs, network }: SharpCase): number[][] => {
  const width = network.layers[0]?.inputs ?? 1;
  return Array.from({ length: inputs.length / width }, (_, i) =>
    Array.from(inputs.subarray(i * width, (i + 1) * width)),
  );
};
const examined = (sharp: SharpCase, network: Network, x: Vector): ReturnType<typeof examine> =>
  examine(network, sharp.head, x, -1, 0, "spectral", spectralNorm);

const lowerOf = (l: LayerRow): number => l.tightnessLower ?? NaN;
const upperOf = (l: LayerRow): number => l.tightnessUpper ?? NaN;
const described = (l: LayerRow): string =>
  `layer ${String(l.layer)} ${l.verdict}, κ in [${String(l.tightnessLower)}, ${String(l.tightnessUpper)}], ${l.reason ?? ""}`;

const nameOf = ({ sharp, accuracy, scaled, exponent }: Run): string =>
  `${sharp.name}, accuracy ${String(accuracy)}, ${scaled} times 2^${String(exponent)}`;

interface Truth {
  readonly kappa: number;
  /** How far the oracle's own rounding may have moved it. */
  readonly slack: number;
}

/** κ_t of the network as the engine takes it, by the oracle and a library's SVD in f64. */
function truthOf(sharp: SharpCase, engine: "cpu" | "webgpu"): Truth[] {
  const network = engine === "cpu" ? sharp.network : rounded(sharp.network);
  const [x] = samplesOf(sharp) as [number[]];
  const found = examined(sharp, network, x);
  return theoremAllowances(network, x, found).map(({ tightness: slack }, i) => {
    return { kappa: found.layers[i]?.tightness ?? NaN, slack };
  });
}

/** s with M Mᵀ = s I to the last bit, or NaN. */
function commonSquare(matrix: Matrix): number {
  const gram = multiply(matrix, transpose(matrix));
  const s = gram[0]?.[0] ?? NaN;
  return gram.every((row, i) => row.every((v, k) => v === (i === k ? s : 0))) ? s : NaN;
}

describe("the constructions", () => {
  test.each(CASES.filter((c) => c.family === "dyadic"))(
    "$name: ‖∇ₓf‖² = ‖δ_t‖² ‖W_t‖² ‖J_t‖² to the last bit, of numbers that are all exact in f32",
    (sharp) => {
      for (const x of samplesOf(sharp)) {
        const { adjoints, jacobians } = examined(sharp, sharp.network, x);
        const all = weights(sharp.network);
        const gradient = inputGradient(sharp.network, adjoints);
        // Sums of squares of these numbers are exact in f64: fewer than 24 bits each, and all of like size.
        all.forEach((weight, i) => {
          const right = squared(adjoints[i] as Vector) * commonSquare(weight) * commonSquare(jacobians[i] as Matrix);
          expect(squared(gradient)).toBe(right);
        });
        const numbers = [...all.flat(2), ...adjoints.flat(), ...gradient, ...x];
        expect(numbers.filter((v) => v !== Math.fround(v))).toEqual([]);
        expect(squared(gradient)).toBeGreaterThan(0);
      }
    },
  );

  test("have the κ_t that they are said to have", () => {
    for (const sharp of CASES) {
      const n = sharp.network.layers[0]?.inputs ?? 1;
      truthOf(sharp, "cpu").forEach(({ kappa, slack }, i) => {
        // A computed Q is as far from orthogonal as computed singular values from the true ones; five of them at most.
        const allowance = slack + 5 * svdError(n, n);
        expect(Math.abs(kappa - (sharp.tightness[i] as number)), sharp.name).toBeLessThanOrEqual(allowance);
      });
    }
  });
});

const host = createCpuEngine({ threads: 0, runtime: "test" });
const ANSWERS = {
  cpu: () => judgeRuns(host, host),
  // A process under Node: the constructions are a program too.
  webgpu: () => runProgram("node", "sharp.ts", null) as Promise<SampleRow[][]>,
} as const;

describe.each(["cpu", "webgpu"] as const)("engine %s", (engine) => {
  const skip = engine === "webgpu" && skipReason !== null;
  const truths = new Map(CASES.map((sharp) => [sharp, truthOf(sharp, engine)]));
  const pending = skip ? Promise.resolve([]) : ANSWERS[engine]();
  pending.catch(() => undefined);

  /** What is wrong with the chosen runs' rows, by network, run and sample; none is a pass. */
  const findings = async (
    families: readonly SharpCase["family"][],
    judge: (row: SampleRow, run: Run, truth: readonly Truth[]) => readonly string[],
  ): Promise<string[]> => {
    const all = await pending;
    return RUNS.flatMap((run, i) => {
      const { sharp } = run;
      if (!families.includes(sharp.family)) return [];
      const rows = all[i] ?? [];
      const where = nameOf(run);
      const truth = truths.get(sharp) as Truth[];
      const missing = rows.length === samplesOf(sharp).length ? [] : [`${where}: ${String(rows.length)} rows`];
      const found = rows.flatMap((row) => judge(row, run, truth).map((f) => `sample ${String(row.index)}: ${f}`));
      return [...missing, ...found.map((f) => `${where}, ${f}`)];
    });
  };

  test.skipIf(skip)(
    "calls equality tight, in total and at every layer, at each accuracy and scale of head and weights",
    async () => {
      const found = await findings(["dyadic", "equality", "orthogonal"], (row) => [
        ...(row.verdict === "tight" ? [] : [`in total ${row.verdict} ${row.reason ?? ""}`]),
        ...row.layers.filter((l) => l.verdict !== "tight").map(described),
      ]);
      expect(found).toEqual([]);
    },
  );

  test.skipIf(skip)("has κ_t = 1 in its proven bracket, where no rounding of weights or of δ_t moves it", async () => {
    const found = await findings(["dyadic", "equality"], (row) =>
      row.layers.filter((l) => !(lowerOf(l) <= 1 && 1 <= upperOf(l))).map(described),
    );
    expect(found).toEqual([]);
  });

  test.skipIf(skip)("has the true κ_t in its proven bracket, for 1 − κ from 0.1 to 1e-8", async () => {
    const found = await findings(["near"], (row, _, truth) =>
      row.layers.flatMap((l, i) => {
        const { kappa, slack } = truth[i] as Truth;
        const inside = lowerOf(l) <= kappa + slack && kappa - slack <= upperOf(l);
        return inside ? [] : [`κ = ${String(kappa)}: ${described(l)}`];
      }),
    );
    expect(found).toEqual([]);
  });

  test.skipIf(skip)("is right or honest so near: holds where that is proven, tight only within 1e-3", async () => {
    const found = await findings(["near"], (row, { sharp }, truth) => {
      // δ̂ and slopes are exact in these networks: the true κ_t is that of the stored numbers.
      const allowed = (verdict: string, kappa: number, slack: number): boolean =>
        verdict === "holds" || (verdict === "tight" && 1 - kappa <= TIGHT + slack);
      const wrong = row.layers.filter((l, i) => {
        const { kappa, slack } = truth[i] as Truth;
        if (l.verdict === "unresolved") return !(sharp.tightness[i] !== 1 && 1 - kappa < 1e-6);
        return !allowed(l.verdict, kappa, slack) || (l.verdict === "holds" && !(upperOf(l) <= 1));
      });
      // The total is a mean: it is proven to be within 1e-3 of 1 only if a layer is.
      const nearest = truth.reduce((a, b) => (b.kappa > a.kappa ? b : a));
      const open = row.verdict === "unresolved" && row.layers.some((l) => l.verdict === "unresolved");
      const total = open || allowed(row.verdict, nearest.kappa, nearest.slack);
      return [...wrong.map(described), ...(total ? [] : [`in total ${row.verdict} ${row.reason ?? ""}`])];
    });
    expect(found).toEqual([]);
  });

  /** Pairs of plain and scaled rows of the same sample. */
  const pairs = async (scaled: Run["scaled"]): Promise<{ where: string; plain: SampleRow; other: SampleRow }[]> => {
    const all = await pending;
    return RUNS.flatMap((run, i) => {
      if (run.scaled !== scaled) return [];
      const at = RUNS.findIndex((r) => r.sharp === run.sharp && r.scaled === "nothing" && r.accuracy === "verdict");
      return (all[i] ?? []).map((other, k) => ({ where: nameOf(run), plain: all[at]?.[k] as SampleRow, other }));
    });
  };

  test.skipIf(skip)(
    "sees no scale of the head: verdicts and brackets have the same bits times 2^20 and 2^-20",
    async () => {
      const judged = ({ verdict, layers }: SampleRow): unknown => [
        verdict,
        layers.map((l) => [l.verdict, l.tightnessLower, l.tightnessUpper]),
      ];
      const found = await pairs("head");
      for (const { where, plain, other } of found) expect(judged(other), where).toEqual(judged(plain));
      expect(found.length).toBeGreaterThan(300);
    },
  );

  test.skipIf(skip)("sees no scale of everything in a layer, but for how far the total made it look", async () => {
    // The total's weights ‖δ_t‖²(1 + ‖h_t‖²) do move with the scale. Where they leave the total open its layers are taken up again.
    const inside = (a: LayerRow, b: LayerRow): boolean => lowerOf(b) <= lowerOf(a) && upperOf(a) <= upperOf(b);
    const pair = (a: LayerRow, b: LayerRow): boolean =>
      a.verdict === b.verdict ||
      (inside(a, b) && a.verdict === "holds" && b.verdict === "tight") ||
      (inside(b, a) && b.verdict === "holds" && a.verdict === "tight");
    const found = await pairs("all");
    const changed = found.flatMap(({ where, plain, other }) =>
      plain.layers.flatMap((l, i) => {
        const m = other.layers[i] as LayerRow;
        return pair(l, m) ? [] : [`${where}, sample ${String(plain.index)}: ${described(l)}; ${described(m)}`];
      }),
    );
    expect(changed).toEqual([]);
    expect(found.length).toBeGreaterThan(300);
  });
});
