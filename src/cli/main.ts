/**
 * The command line: arguments → command → exit code. A command goes on: options → plan → run → verdicts → exports
 * (verify.ts). Errors of the program's family become one line on stderr and their exit code, here alone.
 */
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DeviceError } from "../network/errors.ts";
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
    const code = errorExitCode(error);
    if (code === null || !(error instanceof Error)) throw error;
    io.note(`gpv: ${error.message.replaceAll("\n", " ")}`);
    return code;
  }
}

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
  try {
    process.exitCode = await main(process.argv.slice(2), io);
  } catch (error) {
    // A defect of the program: the stack is what its report needs.
    io.note(`gpv: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 70;
  }
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
