/** What `gpv bench` prints: a line for each network, engine and accuracy, within 80 columns. */
import type { BenchMeasured, BenchReport } from "../records/bench.ts";
import { grouped } from "./numbers.ts";

export function benchConsole({ machine, peers, workloads, rounds }: BenchReport): string {
  const lines = [
    `Samples a second on ${machine.cpu}, ${String(machine.cores)} cores, ${machine.runtime}`,
    `(wall time between two sizes, every check at its default, best of ${String(rounds)})`,
    "",
    line(
      ["", "network", "engine", "accuracy", "gpv", ...Object.keys(peers), "ratio"].slice(0, peerless(peers) ? 5 : 7),
    ),
    ...workloads.map((own) => line(cells(own, peerless(peers)))),
  ];
  for (const [name, about] of Object.entries(peers)) {
    const what = Object.entries(about).map(([key, value]) => `${key} ${value}`);
    lines.push("", `${name}: both penalties and every ‖J_t‖ at equal precision, no verdicts`, `  ${what.join("\n  ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function peerless(peers: BenchReport["peers"]): boolean {
  return Object.keys(peers).length === 0;
}

function cells({ name, network, engine, accuracy, samplesPerSecond, peers }: BenchMeasured, alone: boolean): string[] {
  const own = rate(samplesPerSecond);
  const shape = network.replace(
    /(\d+)((?:-\1)+)(?=-)/g,
    (all, width: string) => `${width}×${String(all.split("-").length)}`,
  );
  const first = [name, shape, engine, String(accuracy), own];
  if (alone) return first;
  const peer = peers["numpy"] ?? null;
  const ratio = peer === null || samplesPerSecond === null ? "" : `${(samplesPerSecond / peer).toPrecision(3)}×`;
  return [...first, peer === null ? "" : rate(peer), ratio];
}

function rate(samples: number | null): string {
  return samples === null || !Number.isFinite(samples) ? "?" : grouped(Math.round(samples));
}

const WIDTHS = [-2, -28, -7, -8, 11, 11, 7] as const;

function line(own: readonly string[]): string {
  return own
    .map((cell, k) => {
      const width = WIDTHS[k] ?? 8;
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
    .join(" ")
    .trimEnd();
}
