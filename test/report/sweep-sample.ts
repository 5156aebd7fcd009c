/** Reports of sweeps, complete and true to the types, as large as wanted, for the views to be tested on. */
import type { Quantiles, Spread } from "../../src/records/shared.ts";
import type { AddressedCase, ReportedArchitecture, SweepReport } from "../../src/records/sweep.ts";
import { CLEAN } from "./sample.ts";

const ACTIVATIONS = ["relu", "tanh", "gelu", "silu"] as const;
const INITIALISERS = ["he", "glorot", "orthogonal"] as const;
const WIDTHS = [4, 16, 64, 256, 1024];

function quantiles(middle: number): Quantiles {
  const spread = { min: 0.2, p01: 0.3, p10: 0.5, median: 1, mean: 1.05, p90: 1.4, p99: 1.7, max: 1.9 };
  const scaled = Object.entries(spread).map(([key, factor]) => [key, factor * middle]);
  return { ...(Object.fromEntries(scaled) as typeof spread), counted: 100 };
}

function around(middle: number): Spread {
  return { min: middle / 2, median: middle, max: Math.min(1, 1.5 * middle) };
}

function architecture(number: number): ReportedArchitecture {
  const depth = 1 + (number % 8);
  const width = WIDTHS[Math.floor(number / 8) % WIDTHS.length] ?? 4;
  const tight = 0.5 / depth;
  return {
    architecture: number,
    depth,
    widths: [width, ...Array.from({ length: depth - 1 }, () => width), 10],
    activation: ACTIVATIONS[Math.floor(number / 40) % ACTIVATIONS.length] ?? "relu",
    initialiser: INITIALISERS[number % INITIALISERS.length] ?? "he",
    scale: 1,
    bias: 0.1,
    head: "logit:argmax",
    norm: number % 2 === 0 ? "spectral" : "frobenius",
    distribution: "normal",
    inputScale: 1,
    networks: 2,
    samples: 200,
    verdicts: { holds: 199, tight: 1, violated: 0, unresolved: 0, invalid: 0 },
    ratio: quantiles(tight),
    coefficient: quantiles(10 ** (depth / 2)),
    layers: Array.from({ length: depth }, (_, i) => ({
      layer: i + 1,
      weightNorm: around(0.9),
      jacobianNorm: around(0.8),
      tightness: around(tight),
    })),
  };
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) as Omit<T, K>;
}

/** A sweep of so many architectures; `broken`: how many of them have violated samples. */
export function sweepOf(count: number, broken = 0): SweepReport {
  const architectures = Array.from({ length: count }, (_, number) => {
    const made = architecture(number);
    if (number >= broken) return made;
    return { ...made, verdicts: { holds: 150, tight: 0, violated: 47, unresolved: 2, invalid: 1 } };
  });
  const total = (name: "holds" | "tight" | "violated" | "unresolved" | "invalid"): number =>
    architectures.reduce((sum, a) => sum + a.verdicts[name], 0);
  const worst = architectures.slice(0, Math.min(broken, 20)).map((a): AddressedCase => ({
    address: `7:${String(2 * a.architecture)}:3`,
    architecture: a.architecture,
    verdict: "violated",
    ratio: 0.4,
    reason: "cut: the two sides differ",
  }));
  return {
    ...without(CLEAN, "model"),
    run: {
      ...CLEAN.run,
      settings: { grid: { depth: [1, 2, 3] }, inputsPerNetwork: 100 },
      modelSha256: null,
      inputsSha256: null,
    },
    norm: "spectral,frobenius",
    samples: 200 * count,
    verdicts: {
      holds: total("holds"),
      tight: total("tight"),
      violated: total("violated"),
      unresolved: total("unresolved"),
      invalid: total("invalid"),
    },
    architectures,
    tightest: architectures.slice(0, 10).map((a) => ({
      address: `7:${String(2 * a.architecture)}:11`,
      architecture: a.architecture,
      verdict: "holds",
      ratio: 0.9,
    })),
    worst,
    faults:
      broken === 0
        ? []
        : [
            {
              check: "cut",
              layer: 2,
              count: total("violated"),
              address: "7:0:3",
              example: { index: 3, left: 1.25, right: 1.5, margin: 0.25, bound: 1e-5, reason: "the two sides differ" },
            },
          ],
    quantileError: 0.005,
  };
}
