/**
 * Arguments → values: `--name value`, `--name=value`, or a bare name (a switch, or a flag that says what it stands for then). What is wrong throws UsageError in one line,
 * the place first: Invalid value "-3" in "--random=-3": expected an integer ≥ 1.
 */
import { UsageError } from "../network/errors.ts";
import { FLAGS } from "./flags.ts";
import type { Flag, FlagKey, Values } from "./flags.ts";
import { nearest } from "./nearest.ts";

export interface Arguments {
  readonly values: Values;
  /** The flags that were written, as against those that stand at their defaults. */
  readonly given: ReadonlySet<FlagKey>;
  /** The word that stands without a name, where the command takes one; the first of several. */
  readonly operand: string | null;
  readonly operands: readonly string[];
}

/**
 * @param command names the command in messages.
 * @param allowed the flags that this command knows.
 * @param operand what the word without a name is (WITNESS.json), for a command that takes one; several where it ends in "…"; in brackets
 * where it may be missing; null for others.
 * @throws UsageError
 */
export function parseArguments(
  command: string,
  allowed: readonly FlagKey[],
  words: readonly string[],
  operand: string | null = null,
): Arguments {
  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(FLAGS)) {
    values[key] = flag.default === null ? null : (flag as Flag<unknown>).parse(flag.default);
  }
  const given = new Set<FlagKey>();
  const own: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (operand !== null && !word.startsWith("--")) {
      if (own.length > 0 && !operand.endsWith("…")) {
        throw new UsageError(`Unexpected argument "${word}": gpv ${command} takes one ${operand}`);
      }
      own.push(word);
      continue;
    }
    const { name, attached } = split(word, command);
    const key = allowed.find((candidate) => FLAGS[candidate].name === name);
    if (key === undefined) throw unknownFlag(command, allowed, name);
    if (given.has(key)) throw new UsageError(`"--${name}" is given twice: expected once`);
    given.add(key);
    const flag: Flag<unknown> = FLAGS[key];
    if (flag.value === null) {
      if (attached !== null) throw new UsageError(`Invalid "${word}": "--${name}" takes no value`);
      values[key] = flag.parse("");
      continue;
    }
    const next = words[i + 1];
    if (attached === null && (next === undefined || next.startsWith("--"))) {
      if (flag.bare !== undefined) {
        values[key] = flag.parse(flag.bare);
        continue;
      }
      throw new UsageError(`"--${name}" has no value: expected --${name} ${flag.value}`);
    }
    if (attached === null) i++;
    const found = attached ?? next ?? "";
    values[key] = parseValue(flag, found, attached === null ? `--${name} ${found}` : word);
  }
  if (operand !== null && !operand.startsWith("[") && own.length === 0) {
    throw new UsageError(`gpv ${command}: found no ${operand.replace("…", "")}, expected gpv ${command} ${operand}`);
  }
  return { values: values as unknown as Values, given, operand: own[0] ?? null, operands: own };
}

function parseValue(flag: Flag<unknown>, found: string, place: string): unknown {
  try {
    return flag.parse(found);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(`Invalid value "${found}" in "${place}": ${cause.message}`, { cause });
  }
}

function split(word: string, command: string): { name: string; attached: string | null } {
  if (!word.startsWith("--") || word === "--") {
    throw new UsageError(
      `Unexpected argument "${word}": gpv ${command} takes options only (gpv ${command} --help lists them)`,
    );
  }
  const equals = word.indexOf("=");
  if (equals < 0) return { name: word.slice(2), attached: null };
  return { name: word.slice(2, equals), attached: word.slice(equals + 1) };
}

function unknownFlag(command: string, allowed: readonly FlagKey[], name: string): UsageError {
  const near = nearest(
    name,
    allowed.map((key) => FLAGS[key].name),
  );
  const remedy =
    near === null ? `gpv ${command} --help lists the options` : `did you mean "--${near}"? (gpv ${command} --help)`;
  return new UsageError(`Unknown option "--${name}" of gpv ${command}: ${remedy}`);
}
