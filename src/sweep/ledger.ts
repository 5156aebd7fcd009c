/**
 * The ledger of a sweep: its settings and engine, which units are finished, and the tally of each architecture. A unit and its tallies
 * are committed as one, so that whatever ends the process, a unit is counted whole or not at all.
 *
 * Two of them: `memoryLedger` (gone with the process) and `sqliteLedger` (a file that survives kill -9; a write-ahead log, held by one
 * process at a time). Both keep tallies as text, so that a report made from either is the same.
 */
import type { EngineDescription } from "../engine/engine.ts";
import type { NormMethod } from "../engine/krylov.ts";
import type { Json } from "../records/kit.ts";
import { UsageError } from "../network/errors.ts";
import type { Grid } from "./grid.ts";
import type { Tally } from "./tally.ts";
import { mergeTally } from "./tally.ts";
import { parseTally, tallyText } from "./tally-text.ts";

/** Everything that decides a sweep's numbers besides the engine. */
export interface SweepSettings {
  readonly grids: readonly Grid[];
  readonly seed: number;
  readonly inputsPerNetwork: number;
  readonly accuracy: number | "verdict";
  readonly normMethod: NormMethod;
  readonly certify: number | null;
  readonly audit: number;
  /** The planted fault, where one is switched on. */
  readonly plant: string | null;
}

/** Part `number` of `count`, from 1: the units whose number is number − 1 modulo count. */
export interface Shard {
  readonly number: number;
  readonly count: number;
}

export interface LedgerHeader {
  readonly tool: { readonly name: string; readonly version: string };
  readonly engine: EngineDescription;
  readonly settings: SweepSettings;
  readonly shard: Shard;
  /** How the command line names the grid: what repeats a case. */
  readonly grid: string;
}

export interface FinishedUnit {
  readonly unit: number;
  readonly elapsedMs: number;
  /** By architecture. */
  readonly tallies: ReadonlyMap<number, Tally>;
}

export interface Ledger {
  /** Null until `begin`. */
  readonly header: () => LedgerHeader | null;
  readonly begin: (header: LedgerHeader) => void;
  /** Numbers of the finished units, in rising order. */
  readonly finished: () => readonly number[];
  /** @throws DeviceError (a full disk and the like) with nothing of the unit counted. */
  readonly commit: (unit: FinishedUnit) => void;
  /** Every architecture that has a tally, in rising order. */
  readonly tallies: () => Iterable<readonly [number, Tally]>;
  /** Milliseconds of all units together. */
  readonly elapsedMs: () => number;
  readonly close: () => void;
}

export function memoryLedger(): Ledger {
  let header: LedgerHeader | null = null;
  const units = new Set<number>();
  const tallies = new Map<number, string>();
  let elapsedMs = 0;
  return {
    header: () => header,
    begin: (own) => {
      header = own;
    },
    finished: () => [...units].sort((a, b) => a - b),
    commit: (unit) => {
      for (const [architecture, tally] of unit.tallies) {
        tallies.set(architecture, mergedText(tallies.get(architecture), tally, "the ledger"));
      }
      units.add(unit.unit);
      elapsedMs += unit.elapsedMs;
    },
    *tallies() {
      for (const [architecture, text] of [...tallies].sort(([a], [b]) => a - b)) {
        yield [architecture, parseTally(text, "the ledger")] as const;
      }
    },
    elapsedMs: () => elapsedMs,
    close: () => undefined,
  };
}

/** The tallies of several ledgers together, by architecture in rising order; one of each at a time is held. */
export function* mergedTallies(ledgers: readonly Ledger[]): Iterable<readonly [number, Tally]> {
  const streams = ledgers.map((ledger) => ledger.tallies()[Symbol.iterator]());
  const heads = streams.map((stream) => stream.next());
  for (;;) {
    const numbers = heads.flatMap((head) => (head.done === true ? [] : [head.value[0]]));
    if (numbers.length === 0) return;
    const lowest = numbers.reduce((a, b) => Math.min(a, b));
    let sum: Tally | null = null;
    for (const [i, head] of heads.entries()) {
      if (head.done === true || head.value[0] !== lowest) continue;
      if (sum === null) sum = head.value[1];
      else mergeTally(sum, head.value[1]);
      heads[i] = (streams[i] as Iterator<readonly [number, Tally]>).next();
    }
    if (sum !== null) yield [lowest, sum];
  }
}

/** The text of a stored tally with another one added. */
function mergedText(stored: string | undefined, tally: Tally, source: string): string {
  if (stored === undefined) return tallyText(tally);
  const sum = parseTally(stored, source);
  mergeTally(sum, tally);
  return tallyText(sum);
}

/**
 * Refuses to go on with a ledger whose numbers another engine or other settings made.
 * @throws UsageError naming the first difference.
 */
export function checkSameSweep(found: LedgerHeader, wanted: LedgerHeader, source: string): void {
  checkSameRun(found, wanted, source);
  if (found.shard.number !== wanted.shard.number || found.shard.count !== wanted.shard.count) {
    throw differs(source, "shard", shardText(found.shard), shardText(wanted.shard));
  }
}

/** The same without the shard: what may be merged. */
export function checkSameRun(found: LedgerHeader, wanted: LedgerHeader, source: string): void {
  if (found.tool.version !== wanted.tool.version) {
    throw differs(source, "version", found.tool.version, wanted.tool.version);
  }
  for (const key of ["kind", "precision", "adapter", "runtime"] as const) {
    if (found.engine[key] !== wanted.engine[key]) {
      throw differs(source, `engine ${key}`, found.engine[key], wanted.engine[key]);
    }
  }
  for (const key of Object.keys(wanted.settings) as (keyof SweepSettings)[]) {
    const [own, other] = [canonical(found.settings[key] as Json), canonical(wanted.settings[key] as Json)];
    if (own !== other) throw differs(source, key, own, other);
  }
}

export function shardText({ number, count }: Shard): string {
  return `${String(number)}/${String(count)}`;
}

function differs(source: string, what: string, found: string, wanted: string): UsageError {
  const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return new UsageError(
    `${source}: made with ${what} ${short(found)}, found ${short(wanted)} now: expected the same, or another ledger`,
  );
}

/** JSON with sorted keys, so that equal values have equal texts. */
function canonical(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(",")}]`;
  const entries = Object.entries(value as Record<string, Json>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, own]) => `${JSON.stringify(key)}:${canonical(own)}`).join(",")}}`;
}
