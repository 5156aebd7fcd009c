/**
 * Proofs whose figures are kept in node_modules/.evidence, so that what was interrupted goes on where it was, as long as everything that they
 * depend on is the same.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import type { CleanFigures } from "./clean.ts";
import type { CaseRequest, ProofRequest } from "./engine-program.ts";
import { runProof } from "./run-proof.ts";

const FOLDER = "node_modules/.evidence";
const SOURCES = ["src", "shaders", "test/faults", "test/evidence"] as const;

/** A proof's figures: those of before, or made now. */
export type Kept = <T>(runtime: "node" | "deno", request: ProofRequest) => Promise<T>;

/** @param name of the file that they are kept in. */
export function keptProofs(name: string): Kept {
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/${name}.jsonl`;
  const trees = git("rev-parse", ...SOURCES.map((folder) => `HEAD:${folder}`));
  const changed = git("status", "--porcelain", "--", ...SOURCES);
  const source = [...trees, ...changed].join(" ");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const known = new Map(lines.map((line) => JSON.parse(line) as [string, unknown]));
  return async <T>(runtime: "node" | "deno", request: ProofRequest): Promise<T> => {
    const key = `${source} ${runtime} ${JSON.stringify(request)}`;
    let found = known.get(key);
    if (found === undefined) {
      found = await runProof(runtime, request);
      appendFileSync(file, `${JSON.stringify([key, found])}\n`);
    }
    return found as T;
  };
}

function git(...words: string[]): string[] {
  return execFileSync("git", words, { encoding: "utf8" }).trim().split("\n");
}

/** Architectures of one part. */
const PART = 8;

/** Clean samples, a few architectures at a time. @param say hears of each part. */
export async function cleanInParts(
  kept: Kept,
  runtime: "node" | "deno",
  request: CaseRequest,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const parts: (CleanFigures & { readonly engine: unknown })[] = [];
  for (let from = request.from; from < request.to; from += PART) {
    const to = Math.min(request.to, from + PART);
    parts.push(await kept(runtime, { ...request, from, to }));
    say(`clean: engine ${request.engine} under ${runtime}: ${String(to)} of ${String(request.to)} architectures`);
  }
  return { engine: parts[0]?.engine, ...joined(parts) };
}

/** Sums; of the tightness's width the median of the parts' medians. */
export function joined(parts: readonly CleanFigures[]): CleanFigures {
  const sum = (of: (part: CleanFigures) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const summed = (of: (part: CleanFigures) => Readonly<Record<string, number>>): Record<string, number> => {
    const names = new Set(parts.flatMap((part) => Object.keys(of(part))));
    return Object.fromEntries([...names].map((name) => [name, sum((part) => of(part)[name] ?? 0)]));
  };
  const [first] = parts;
  if (first === undefined) throw new RangeError("no part");
  const widths = parts.map((part) => part.tightnessWidth).sort((a, b) => a - b);
  return {
    architectures: sum((part) => part.architectures),
    samples: sum((part) => part.samples),
    verdicts: summed((part) => part.verdicts),
    escalations: summed((part) => part.escalations),
    singleOutput: summed((part) => part.singleOutput) as CleanFigures["singleOutput"],
    failures: parts.flatMap((part) => part.failures).slice(0, 20),
    audited: sum((part) => part.audited),
    estimates: summed((part) => part.estimates) as CleanFigures["estimates"],
    kinds: Object.fromEntries(
      Object.keys(first.kinds).map((kind) => [kind, summed((part) => part.kinds[kind as keyof CleanFigures["kinds"]])]),
    ) as CleanFigures["kinds"],
    tightnessWidth: widths[Math.floor(widths.length / 2)] ?? NaN,
  };
}
