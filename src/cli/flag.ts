/** One option of the command line as a record (flags.ts). */
export interface Flag<T, D extends string | null = string | null> {
  /** Without the dashes. */
  readonly name: string;
  /** What stands after the name in the help; null: a switch without a value. */
  readonly value: string | null;
  /** As a user would write it; null: none. */
  readonly default: D;
  /** What stands for the value where the name is written alone; a flag without this needs its value. */
  readonly bare?: string;
  readonly help: string;
  readonly parse: (text: string) => T;
}

export function flag<T, const D extends string | null>(record: Flag<T, D>): Flag<T, D> {
  return record;
}
