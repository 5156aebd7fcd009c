/**
 * A witness examined again without the engine that made it.
 *
 * Two runs through the product's own pipeline: one on what the engine stored (storedEngine), which repeats its checks on the numbers that
 * failed them, every value audited; one of the same network and input wholly in f64, which says what the right numbers are. The
 * inequality being a theorem, a check that fails again on stored values while f64 finds nothing puts the blame on the computation.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { SampleRow } from "../records/sample.ts";
import type { VerifyRequest } from "../pipeline/verify.ts";
import { verify } from "../pipeline/verify.ts";
import { storedEngine } from "./stored-engine.ts";
import type { Witness } from "./witness.ts";

export interface Replay {
  /** The sample judged again on the stored values. */
  readonly again: SampleRow;
  /** The same network and input wholly in f64. */
  readonly right: SampleRow;
  readonly confirmed: boolean;
  /** Who is to blame, or what was settled, in a sentence. */
  readonly finding: string;
}

/** @param host the clean f64 engine. */
export async function replayWitness(witness: Witness, host: CpuEngine): Promise<Replay> {
  const again = await judgeSample(witness, storedEngine(witness), host, (plan) => withNorms(plan, witness));
  const right = await judgeSample(witness, host, host, (plan) => plan);
  return { again, right, ...conclude(witness, again, right) };
}

/** One sample of a witness's settings through an engine, audited. */
export async function judgeSample(
  witness: Pick<Witness, "network" | "head" | "input" | "label" | "index" | "settings">,
  engine: Engine,
  host: CpuEngine,
  adjustPlan: (plan: Plan) => Plan,
  more: Pick<VerifyRequest, "catch"> = {},
): Promise<SampleRow> {
  const { network, head, input, label, index, settings } = witness;
  const rows: SampleRow[] = [];
  const { failure } = await verify({
    network,
    head,
    source: {
      samples: 1,
      width: input.length,
      read: () => ({ inputs: input.slice(), labels: Int32Array.of(label) }),
    },
    engine,
    host,
    norm: settings.norm,
    accuracy: settings.accuracy,
    normMethod: settings.normMethod ?? "lanczos",
    certify: settings.certify,
    audit: 1,
    adjustPlan,
    firstIndex: index,
    seed: settings.seed,
    onRow: (row) => rows.push(row),
    ...more,
  });
  if (failure !== null) throw failure;
  const [row] = rows;
  if (row === undefined) throw new RangeError("the run of one sample gave no row");
  return row;
}

/** The plan with the brackets that the run used. */
function withNorms(plan: Plan, { norms }: Witness): Plan {
  return {
    ...plan,
    layers: plan.layers.map((layer, i) => {
      const used = norms[i];
      return used === undefined ? layer : { ...layer, spectralNorm: used.spectral, frobeniusNorm: used.frobenius };
    }),
  };
}

function conclude(witness: Witness, again: SampleRow, right: SampleRow): Pick<Replay, "confirmed" | "finding"> {
  const { verdict, violations } = witness.row;
  if (verdict === "violated") {
    const failed = violations?.[0];
    const repeated =
      failed === undefined
        ? again.verdict === "violated"
        : (again.violations ?? []).some((v) => v.check === failed.check && v.layer === failed.layer);
    if (!repeated) {
      return {
        confirmed: false,
        finding: "the stored values pass the check that is said to have failed: the witness does not show a violation",
      };
    }
    return { confirmed: true, finding: blame(right) };
  }
  if (verdict === "unresolved") {
    const settled = again.verdict !== "unresolved" ? again : right;
    const finding =
      settled.verdict === "unresolved"
        ? "open again, with the same interval: neither the stored values nor f64 settle it"
        : `settled now: ${settled.verdict}${settled.reason === undefined ? "" : ` (${settled.reason})`}`;
    return { confirmed: again.verdict !== "violated", finding };
  }
  const confirmed = again.verdict === verdict;
  return {
    confirmed,
    finding: confirmed
      ? `derived again from the stored values: ${verdict}`
      : `the stored values give ${again.verdict}${again.reason === undefined ? "" : ` (${again.reason})`}`,
  };
}

/** Whose fault a repeated violation is. */
function blame(right: SampleRow): string {
  switch (right.verdict) {
    case "holds":
    case "tight":
      return `network and input are sound (in f64 the inequality ${right.verdict === "tight" ? "is tight" : "holds"}): the computation is to blame`;
    case "invalid":
      return `network or input is to blame: ${right.reason ?? "invalid in f64 too"}`;
    case "violated":
      return "f64 on this host fails too, and the inequality is a theorem: this host's computation is to blame as well";
    case "unresolved":
      return "f64 leaves the sample open: the computation that stored these values is to blame for the failed check";
  }
}
