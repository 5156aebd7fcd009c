/**
 * The self-test of an engine: two small networks whose ratio is known by hand, and whose verdicts follow.
 *
 * 1. One layer, one output, W = (3 4): κ_1 = 1 always (MATH.md §1), so `tight`, ratio 1.
 * 2. W_1 = diag(1, 2), W_2 = (1 0), identity: ∇ₓf = (1 0), and each layer's κ is 1/(1·2) = ½: `holds`, ratio ¼.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import { verify } from "../pipeline/verify.ts";
import type { Layer, Network } from "../network/network.ts";
import { inputWidth } from "../network/network.ts";
import type { VerdictName } from "../records/kit.ts";
import { TOOL } from "./version.ts";

const CASES: readonly { readonly network: Network; readonly verdict: VerdictName; readonly ratio: number }[] = [
  { network: { layers: [layer(1, 2, [3, 4])] }, verdict: "tight", ratio: 1 },
  { network: { layers: [layer(2, 2, [1, 0, 0, 2]), layer(1, 2, [1, 0])] }, verdict: "holds", ratio: 0.25 },
];

const INPUTS = [0.5, -1.25, 3, 2];

export interface SelfTest {
  readonly passed: boolean;
  /** "tight as it must be, holds as it must be", or what was found instead. */
  readonly summary: string;
}

export async function selfTest(engine: Engine, host: CpuEngine): Promise<SelfTest> {
  const findings: string[] = [];
  let passed = true;
  for (const { network, verdict, ratio } of CASES) {
    const width = inputWidth(network);
    const samples = INPUTS.length / width;
    const { report, failure } = await verify({
      network,
      head: { kind: "sum" },
      source: { samples, width, read: () => ({ inputs: Float64Array.from(INPUTS), labels: null }) },
      engine,
      host,
      norm: "spectral",
      accuracy: 1e-3,
      seed: 0,
      description: {
        tool: TOOL,
        modelSource: "self-test",
        headName: "sum",
        settings: {},
        modelSha256: null,
        inputsSha256: null,
        startedAt: null,
      },
    });
    // The ratio is a handful of roundings away from the exact one, in the worse precision: 2⁻²³ each.
    const near = Math.abs((report.ratio.median ?? Number.NaN) - ratio) <= SLACK * ratio;
    const right = failure === null && report.verdicts[verdict] === samples && near;
    if (!right) passed = false;
    findings.push(
      right
        ? `${verdict} as it must be`
        : `expected ${verdict} with ratio ${String(ratio)}, found ${failure?.message ?? found(report.verdicts)} with ratio ${String(report.ratio.median)}`,
    );
  }
  return { passed, summary: findings.join(", ") };
}

const SLACK = 64 * 2 ** -23;

function found(verdicts: Readonly<Record<VerdictName, number>>): string {
  const some = Object.entries(verdicts).filter(([, count]) => count > 0);
  return some.map(([name, count]) => `${String(count)} ${name}`).join(", ");
}

function layer(outputs: number, inputs: number, weight: readonly number[]): Layer {
  return {
    inputs,
    outputs,
    weight: Float64Array.from(weight),
    bias: new Float64Array(outputs),
    activation: "identity",
  };
}
