/** A small report and row, complete and true to the types, for the views to be tested on. */
import type { Report } from "../../src/records/report.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import type { Quantiles, Spread } from "../../src/records/shared.ts";

const QUANTILES: Quantiles = {
  min: 0.01,
  p01: 0.02,
  p10: 0.1,
  median: 0.2,
  mean: 0.25,
  p90: 0.4,
  p99: 0.6,
  max: 0.7,
  counted: 1000,
};
const SPREAD: Spread = { min: 0.1, median: 0.3, max: 0.9 };

export const CLEAN: Report = {
  schema: "gradient-penalty-report/1",
  tool: { name: "gradient-penalty-verifier", version: "0.1.0" },
  engine: { kind: "cpu", precision: "f64", adapter: "host", runtime: "node 20.20.2", hardware: false },
  run: {
    settings: { inputs: "digits.npy", accuracy: 1e-3 },
    seed: 1,
    modelSha256: "a".repeat(64),
    inputsSha256: "b".repeat(64),
    roundedValues: 3,
  },
  model: {
    source: "digits.safetensors",
    layers: [
      { layer: 1, inputs: 784, outputs: 64, activation: "relu", weightNorm: { lower: 2.1, upper: 2.2 } },
      { layer: 2, inputs: 64, outputs: 10, activation: "identity", weightNorm: { lower: 1.1, upper: 1.2 } },
    ],
  },
  head: "logit:argmax",
  norm: "spectral",
  samples: 1000,
  verdicts: { holds: 998, tight: 2, violated: 0, unresolved: 0, invalid: 0 },
  audited: { samples: 0, detects: null, reason: "no audit in this version" },
  penalties: { input: 12.5, parameter: 250.25 },
  ratio: QUANTILES,
  ratioLower: 0.001,
  ratioUpper: 0.9,
  kinks: 0,
  coefficient: QUANTILES,
  layers: [1, 2].map((layer) => ({
    layer,
    tightness: SPREAD,
    directionalTightness: SPREAD,
    alignmentWeight: SPREAD,
    alignmentJacobian: SPREAD,
    slackWeight: SPREAD,
    slackJacobian: SPREAD,
  })),
  statistics: "exact",
  escalations: { screened: 900, iterated: 100, replayed: 0 },
  bounds: { product: 1000, explicit: 10 },
  faults: [],
  timing: {
    elapsedMs: 1234,
    samplesPerSecond: 810,
    startedAt: null,
    interrupted: false,
    requested: 1000,
    details: { threads: 2 },
  },
};

export const FAULTY: Report = {
  ...CLEAN,
  run: { ...CLEAN.run, plant: "vjp-missing-mask" },
  verdicts: { holds: 0, tight: 0, violated: 1000, unresolved: 0, invalid: 0 },
  faults: [
    { check: "cut", layer: 2, count: 990, example: { index: 17, left: 1.25, right: 1.5, margin: 0.25, bound: 1e-5 } },
    { check: "cut", layer: 1, count: 10, example: { index: 3, left: 1, right: 2, margin: 1, bound: 1e-6 } },
  ],
};

export const ROW: SampleRow = {
  index: 0,
  verdict: "holds",
  value: -3.5,
  inputGradientNorm: 1,
  parameterGradientNorm: 4,
  lhs: 3,
  rhs: 16,
  ratio: 3 / 16,
  ratioLower: 0.18,
  ratioUpper: 0.19,
  coefficient: 3,
  layers: [1, 2].map((layer) => ({
    layer,
    verdict: "holds",
    hiddenNorm: 1,
    weightNorm: 2,
    jacobianNorm: 1,
    jacobianNormError: 1e-7,
    jacobianNormLower: 0.9,
    jacobianNormUpper: 1.1,
    weightGradientNorm: 1,
    biasGradientNorm: 1,
    tightness: 0.5,
    tightnessLower: 0.4,
    tightnessUpper: 0.6,
    directionalTightness: 0.7,
    alignmentWeight: 0.8,
    alignmentJacobian: 0.6,
    slackWeight: 0.1,
    slackJacobian: 0.2,
    cutResidual: 1e-4,
  })),
};
