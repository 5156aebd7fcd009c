/** `--help` texts and the README's table of options, made from the flag records. Pure functions. */
import { FLAGS } from "./flags.ts";
import type { Flag, FlagKey } from "./flags.ts";

const WIDTH = 80;
const INDENT = 6;

export interface CommandSummary {
  readonly name: string;
  readonly summary: string;
  /** What the word without a name is, where the command takes one. */
  readonly operand?: string;
  /** Null where the command joins with a later version. */
  readonly flags: readonly FlagKey[] | null;
}

/** `gpv --help`. */
export function programHelp(commands: readonly CommandSummary[]): string {
  const exist = commands.filter((command) => command.flags !== null);
  const later = commands.filter((command) => command.flags === null);
  const width = Math.max(...exist.map((command) => command.name.length));
  return [
    "gpv checks, sample by sample and with proven verdicts, that the input-gradient",
    "penalty of an MLP is bounded by its parameter-gradient penalty:",
    "",
    "  ‖∇ₓf‖² · Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)  ≤  ‖∇_θf‖²",
    "",
    "Usage: gpv COMMAND [OPTIONS]      (without a command: demo)",
    "",
    ...exist.map((command) => `  ${command.name.padEnd(width)}   ${command.summary}`),
    "",
    ...wrapped(`Joining in later versions: ${later.map((command) => command.name).join(", ")}.`, 0),
    "",
    "gpv COMMAND --help lists the options of a command. gpv --version names it.",
    "Exit codes: 0 nothing violated, 1 violated, 2 bad usage or file, 3 no engine,",
    "4 nothing could be decided, 70 a result could not be handed over (stdout, stderr",
    "or a file fails) or a defect of gpv, 130 interrupted.",
    "",
  ].join("\n");
}

/** `gpv COMMAND --help`. */
export function commandHelp(command: CommandSummary): string {
  const flags = command.flags ?? [];
  return [
    `gpv ${command.name}${command.operand === undefined ? "" : ` ${command.operand}`}: ${command.summary}`,
    ...(flags.length > 0 ? ["", "Options:"] : []),
    ...flags.flatMap((key) => {
      const flag: Flag<unknown> = FLAGS[key];
      return [`  ${synopsis(flag)}`, ...wrapped(described(flag), INDENT)];
    }),
    "",
  ].join("\n");
}

/** The options of a command as a Markdown table, for the README. */
export function flagTable(keys: readonly FlagKey[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = keys.map((key) => {
    const flag: Flag<unknown> = FLAGS[key];
    return `| \`${cell(synopsis(flag))}\` | ${flag.default === null ? "" : `\`${flag.default}\``} | ${cell(flag.help)} |`;
  });
  return ["| option | default | meaning |", "|---|---|---|", ...rows, ""].join("\n");
}

function synopsis(flag: Flag<unknown>): string {
  if (flag.value === null) return `--${flag.name}`;
  return `--${flag.name} ${flag.bare === undefined ? flag.value : `[${flag.value}]`}`;
}

function described(flag: Flag<unknown>): string {
  return flag.default === null ? flag.help : `${flag.help} (default ${flag.default})`;
}

/** Lines of at most 80 columns. */
export function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((l) => " ".repeat(indent) + l);
}
