/** Where a device's time went, as lines for a terminal: the longest stages first. */
import type { StageProfile } from "../engine/gpu/profile.ts";
import { duration } from "../report/numbers.ts";

/** Stages that are named; what remains is one line. */
const NAMED = 24;

const HOW = {
  timestamps: "by timestamp-query, each dispatch a pass of its own",
  clock:
    "by the clock, since the adapter has no timestamp-query: each dispatch alone, from its submission to its answer",
} as const;

export function profileLines({ method, stages }: StageProfile): string[] {
  if (method === null) return ["gpv: --profile: no device computed, so there are no stages of one"];
  const all = [...stages.values()].sort((a, b) => b.seconds - a.seconds);
  const total = all.reduce((sum, { seconds }) => sum + seconds, 0);
  const line = (seconds: number, dispatches: number, what: string): string => {
    const share = `${((100 * seconds) / total).toFixed(1)} %`;
    return `  ${duration(1000 * seconds).padStart(9)} ${share.padStart(7)} ${String(dispatches).padStart(7)} × ${what}`;
  };
  const rest = all.slice(NAMED);
  const sum = (key: "seconds" | "dispatches"): number => rest.reduce((a, own) => a + own[key], 0);
  return [
    `gpv: the device's ${duration(1000 * total)}, ${HOW[method]}:`,
    ...all
      .slice(0, NAMED)
      .map(({ seconds, dispatches, kernel, stage }) => line(seconds, dispatches, `${kernel}: ${stage}`)),
    ...(rest.length === 0 ? [] : [line(sum("seconds"), sum("dispatches"), `${String(rest.length)} shorter stages`)]),
  ];
}
