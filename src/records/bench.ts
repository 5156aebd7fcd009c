/** What `gpv bench` measured, gradient-penalty-bench/1 (schemas/bench.schema.json): samples a second of wall time, beside peers in one run. */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import { fromOne, list, norm, note, positive, reason, words } from "./kit.ts";
import { tool } from "./shared.ts";

const PEER = v.record(words, norm);

const MEASURED = v.strictObject({
  name: note(words, "A to G"),
  network: note(words, "widths and hidden activation"),
  engine: note(words, "cpu or webgpu"),
  adapter: note(words, "what computed"),
  accuracy: note(v.union([v.literal("verdict"), positive]), "as --accuracy: of each ‖J_t‖"),
  samplesPerSecond: note(
    norm,
    "verdicts and statistics a second, every check at its default, between two sizes of a run",
  ),
  reached: v.exactOptional(note(norm, "share of ‖J_t‖, t ≥ 2, within the accuracy by f64 SVDs, of a few samples")),
  peers: note(PEER, "the same of others by their names: both penalties and every ‖J_t‖, no verdicts"),
  peerReached: v.exactOptional(
    note(PEER, "the share that they reach, by the tolerance of their stopping rule that this took"),
  ),
  reason,
});

export const BENCH_REPORT = v.strictObject({
  schema: v.literal("gradient-penalty-bench/1"),
  tool,
  startedAt: note(v.string(), "ISO 8601"),
  machine: note(
    v.strictObject({ cpu: words, cores: fromOne, platform: words, runtime: words }),
    "where it was measured",
  ),
  peers: note(v.record(words, v.record(v.string(), v.string())), "versions of the peers that were found"),
  rounds: note(fromOne, "timings of each; the best counts"),
  workloads: note(list(MEASURED), "one for each network, engine and accuracy"),
});

export type BenchReport = Of<typeof BENCH_REPORT>;
export type BenchMeasured = BenchReport["workloads"][number];
