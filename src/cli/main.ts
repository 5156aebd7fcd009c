/**
 * The command line: arguments → command → exit code. A command goes on: options → plan → run → verdicts → exports
 * (verify.ts). Errors of the program's family become one line on stderr and their exit code, here alone.
 */
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DeviceError } from "../network/errors.ts";
import { escaped } from "../network/printable.ts";
import { parseArguments } from "./arguments.ts";
import { findCommand, SUMMARIES } from "./commands.ts";
import { SoftwareVulkanWanted } from "./again.ts";
import { errorExitCode, EXIT } from "./exit.ts";
import { commandHelp, programHelp } from "./help.ts";
import { processIo } from "./io.ts";
import type { Io } from "./io.ts";
import { runAgainOnSoftwareVulkan } from "./runtime/software-vulkan.ts";
import { TOOL } from "./version.ts";

const HELP = ["--help", "-h"];

/** Runs one command line (without the program's name) and resolves to its exit code. */
export async function main(words: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(words, io);
  } catch (error) {
    if (error instanceof SoftwareVulkanWanted) return runAgain(io);
    // What was under way is given up by throwing the signal's own reason.
    if (io.signal.aborted && error === io.signal.reason) return EXIT.interrupted;
    const code = errorExitCode(error);
    io.note(`gpv: ${code === null ? defect(error) : messageOf(error)}`);
    return code ?? EXIT.broken;
  }
}

function messageOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  const message = escaped(text);
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)}…`;
}

/** A defect of the program in one line; the places that its report needs stand behind it. */
function defect(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const places = [...stack.matchAll(/^\s*at (.+)$/gm)].slice(0, MOST_PLACES).map(([, place]) => place ?? "");
  const name = error instanceof Error && error.name !== "Error" ? `${error.name}: ` : "";
  return `internal error: ${name}${messageOf(error)}; a defect of gpv, please report it${places.length === 0 ? "" : ` (at ${places.join(", ")})`}`;
}

const MOST_PLACES = 4;

/** Names come from files, and may be as long as these. */
const LONGEST_MESSAGE = 1500;

/** The same command line in a process that finds the software adapter. */
async function runAgain(io: Io): Promise<number> {
  io.detach();
  try {
    return await runAgainOnSoftwareVulkan();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    io.note(`gpv: ${error.message}`);
    return EXIT.device;
  }
}

async function dispatch([first = "demo", ...rest]: readonly string[], io: Io): Promise<number> {
  if (HELP.includes(first) || (first === "help" && rest.length === 0)) return print(programHelp(SUMMARIES), io);
  if (first === "--version") return print(`${TOOL.name} ${TOOL.version}\n`, io);
  const help = first === "help" || rest.some((word) => HELP.includes(word));
  const command = findCommand(first === "help" ? (rest[0] ?? "") : first);
  if (help) return print(commandHelp(command), io);
  return command.run(parseArguments(command.name, command.flags, rest, command.operand ?? null), io);
}

async function print(text: string, io: Io): Promise<number> {
  await io.out(text);
  return 0;
}

/** Runs the process's own command line and leaves its exit code. Called by bin/gpv.js, and below. */
export async function runProgram(): Promise<void> {
  const io = processIo();
  // What nobody waited for. Outputs give back their files as the process ends (outputs.ts).
  const uncaught = (error: unknown): void => {
    io.note(`gpv: ${defect(error)}`);
    process.exit(EXIT.broken);
  };
  process.on("uncaughtException", uncaught);
  process.on("unhandledRejection", uncaught);
  const code = await main(process.argv.slice(2), io);
  // A verdict whose notes were lost was not handed over whole.
  const lost = io.isMute() && (code === EXIT.passed || code === EXIT.failed || code === EXIT.undecided);
  process.exitCode = lost ? EXIT.broken : code;
  // A read that never ends (a pipe that nobody writes) would keep the process.
  if (code === EXIT.interrupted) process.exit(code);
}

function isEntry(): boolean {
  const started = process.argv[1];
  if (started === undefined || !import.meta.url.startsWith("file:")) return false;
  try {
    return realpathSync(started) === realpathSync(fileURLToPath(import.meta.url));
  } catch {
    return false;
  }
}

if (isEntry()) await runProgram();
