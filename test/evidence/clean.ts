/** Clean samples over drawn architectures: what must never be `violated`, and hardly ever `unresolved`. */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { Kind } from "./cases.ts";
import { drawCase, KINDS } from "./cases.ts";

export interface CleanFigures {
  readonly architectures: number;
  readonly samples: number;
  readonly verdicts: Record<string, number>;
  readonly escalations: Record<string, number>;
  /** One-layer single-output networks: their samples, and how many of these came out tight. */
  readonly singleOutput: { samples: number; tight: number };
  readonly failures: string[];
  readonly audited: number;
  /** Estimates of ‖J_t‖ that were held against a converged norm, and those further from it than was asked for. */
  readonly estimates: { audited: number; missed: number };
  /** Architectures and samples of each kind (cases.ts). */
  readonly kinds: Record<Kind, { architectures: number; samples: number }>;
  /** Median of (κ_hi − κ_lo) over the layers of every hundredth sample. */
  readonly tightnessWidth: number;
}

/** Cases `from` … `to` − 1 of a seed, `samples` samples each as far as the budget of multiplications allows. */
export interface CleanRequest {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly budget: number;
  /** Share; the default where left out. */
  readonly audit?: number;
}

/** Verdicts alone of the cases of an even number, every ‖J_t‖ to 1e-3 of the odd ones: then the iteration is audited too. */
export async function clean(
  engine: Engine,
  host: CpuEngine,
  { seed, from, to, samples, budget, audit }: CleanRequest,
): Promise<CleanFigures> {
  const verdicts: Record<string, number> = {};
  const escalations: Record<string, number> = {};
  const failures: string[] = [];
  const singleOutput = { samples: 0, tight: 0 };
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [kind, { architectures: 0, samples: 0 }]),
  ) as CleanFigures["kinds"];
  const widths: number[] = [];
  let audited = 0;
  const estimates = { audited: 0, missed: 0 };
  let total = 0;
  for (let index = from; index < to; index++) {
    const drawn = drawCase(seed, index, budget);
    const { network } = drawn;
    const cost = network.layers.length * network.layers.reduce((sum, l) => sum + l.weight.length, 0);
    const count = Math.max(1, Math.min(samples, Math.floor(budget / cost)));
    const head = drawn.head;
    const single = network.layers.length === 1 && network.layers[0]?.outputs === 1 && drawn.norm === "spectral";
    const { report, failure } = await verify({
      network,
      head,
      source: { samples: count, width: drawn.width, read: drawn.read },
      engine,
      host,
      norm: drawn.norm,
      accuracy: index % 2 === 0 ? "verdict" : 1e-3,
      ...(audit === undefined ? {} : { audit }),
      // Of its own for each architecture, and with it the draw of the audit: a draw is a function of seed and sample alone.
      seed: index,
      onRow: (row) => {
        if (row.index % 100 === 0) {
          for (const layer of row.layers) widths.push((layer.tightnessUpper ?? NaN) - (layer.tightnessLower ?? NaN));
        }
        if (single && row.inputGradientNorm !== 0) {
          singleOutput.samples++;
          if (row.verdict === "tight") singleOutput.tight++;
        }
        if ((row.verdict === "violated" || row.verdict === "unresolved") && failures.length < 20) {
          failures.push(`${drawn.name}: sample ${String(row.index)}: ${row.verdict}: ${row.reason ?? ""}`);
        }
      },
    });
    if (failure !== null) throw failure;
    total += report.samples;
    audited += report.audited.samples;
    estimates.audited += report.accuracy?.audited ?? 0;
    estimates.missed += report.accuracy?.missed ?? 0;
    // What is no sample's: the plan, the inputs, the report.
    for (const fault of report.faults)
      if (failures.length < 20 && report.verdicts.violated === 0)
        failures.push(`${drawn.name}: ${fault.check}: ${fault.example?.reason ?? ""}`);
    for (const kind of drawn.kinds) {
      kinds[kind].architectures++;
      kinds[kind].samples += report.samples;
    }
    for (const [kind, n] of Object.entries(report.verdicts)) verdicts[kind] = (verdicts[kind] ?? 0) + n;
    for (const [kind, n] of Object.entries(report.escalations)) escalations[kind] = (escalations[kind] ?? 0) + n;
  }
  const finite = widths.filter((w) => Number.isFinite(w)).sort((a, b) => a - b);
  const tightnessWidth = finite[Math.floor(finite.length / 2)] ?? NaN;
  const counts = { verdicts, escalations, singleOutput, failures, audited, estimates, kinds, tightnessWidth };
  return { architectures: to - from, samples: total, ...counts };
}
