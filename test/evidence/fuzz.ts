/**
 * Mutated files through every reader, and drawn numbers through every writer. A file is refused by an error of the program's family in one
 * line, or accepted; where the format has checksums, what is accepted reads as the file that it was made of.
 */
import { getHeapStatistics } from "node:v8";
import { FormatError, ModelError, UsageError } from "../../src/network/errors.ts";
import { subjects } from "./fuzz-subjects.ts";
import { drawFrom } from "./mutants.ts";

export interface FuzzRequest {
  readonly proof: "fuzz";
  readonly engine: "none";
  readonly seed: number;
  /** Share of each subject's files. */
  readonly share: number;
}

export interface FuzzFigures {
  readonly files: number;
  readonly accepted: number;
  readonly refused: number;
  /** Errors that are none of the family, or of more than one line. */
  readonly crashes: number;
  /** Files that took more than 2 s. */
  readonly slow: number;
  /** Files after which the heap and its buffers had grown by more than 64 MB and twice the file's size. */
  readonly large: number;
  /** Accepted files with a checksum that read as something else. */
  readonly silent: number;
  readonly slowestMs: number;
  readonly largestMB: number;
}

/** What each file of a subject came to. */
interface Counts {
  files: number;
  accepted: number;
  refused: number;
  crashes: number;
  slow: number;
  large: number;
  silent: number;
  slowestMs: number;
  largestMB: number;
}

const none = (): Counts => ({
  ...{ files: 0, accepted: 0, refused: 0, crashes: 0, slow: 0, large: 0, silent: 0, slowestMs: 0, largestMB: 0 },
});

const SLOW_MS = 2000;
const LARGE_BYTES = 64e6;

export async function fuzz(
  { seed, share }: FuzzRequest,
  say: (line: string) => void = () => undefined,
): Promise<{ subjects: Record<string, FuzzFigures>; total: FuzzFigures; findings: string[] }> {
  const figures: Record<string, FuzzFigures> = {};
  const findings: string[] = [];
  const total = none();
  for (const [number, { name, files, mutant, read, allowed }] of (await subjects()).entries()) {
    const counts = none();
    const wanted = Math.ceil(files * share);
    for (let i = 0; i < wanted; i++) {
      // A mutant is a function of seed, subject and number alone.
      const draw = drawFrom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b) ^ i);
      const bytes = mutant(draw);
      const found = (what: string): void => {
        if (findings.length < 100) findings.push(`${name} ${String(i)}: ${what}`);
      };
      const heldBytes = held();
      const startedMs = performance.now();
      counts.files++;
      try {
        const text = await read(bytes);
        counts.accepted++;
        if (allowed !== null && text !== null && !allowed.has(text)) {
          counts.silent++;
          found(`read as ${text.slice(0, 200)}`);
        }
      } catch (error) {
        const isKnown = error instanceof FormatError || error instanceof ModelError || error instanceof UsageError;
        if (isKnown && !error.message.includes("\n")) counts.refused++;
        else {
          counts.crashes++;
          found(
            error instanceof Error ? `${error.name}: ${(error.stack ?? error.message).slice(0, 600)}` : String(error),
          );
        }
      }
      const elapsedMs = performance.now() - startedMs;
      const grownBytes = held() - heldBytes;
      counts.slowestMs = Math.max(counts.slowestMs, Math.round(elapsedMs));
      counts.largestMB = Math.max(counts.largestMB, Math.round(grownBytes / 1e6));
      if (elapsedMs > SLOW_MS) {
        counts.slow++;
        found(`${String(Math.round(elapsedMs))} ms`);
      }
      if (grownBytes > LARGE_BYTES + 2 * bytes.length) {
        counts.large++;
        found(`${String(Math.round(grownBytes / 1e6))} MB`);
      }
    }
    figures[name] = counts;
    say(`${name}: ${JSON.stringify(counts)}`);
    for (const key of ["files", "accepted", "refused", "crashes", "slow", "large", "silent"] as const)
      total[key] += counts[key];
    total.slowestMs = Math.max(total.slowestMs, counts.slowestMs);
    total.largestMB = Math.max(total.largestMB, counts.largestMB);
  }
  return { subjects: figures, total, findings };
}

/** Bytes of the heap and of the buffers that hang on it. */
function held(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
