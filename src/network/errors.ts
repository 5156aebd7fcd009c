/**
 * The error family of the program. Each message is one line: the place first (file, tensor, option), then what was
 * found, what was expected, and the remedy where there is one. `cli/` turns them into exit codes.
 *
 * A message may quote a file: what a terminal would obey is escaped here, for all of them. Whoever quotes shortens, by `printable`.
 */
import { escaped } from "./printable.ts";

class LineError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    // A parser's reason may take several lines.
    super(escaped(message.replaceAll(/\s*\n\s*/g, " ")), options);
  }
}

/** Bad usage: an option, an argument, or a combination of them (exit 2). */
export class UsageError extends LineError {
  override name = "UsageError";
}

/** A file whose bytes are not what they should be (exit 2). */
export class FormatError extends LineError {
  override name = "FormatError";
}

/** A network, head or input that the program does not or cannot treat (exit 2). */
export class ModelError extends LineError {
  override name = "ModelError";
}

/** No usable engine, or a device that failed: lost, out of memory, a shader or a call refused (exit 3). */
export class DeviceError extends Error {
  override name = "DeviceError";
}

/** What was found out cannot be handed over: stdout, stderr or a file fails once the work has begun (exit 70). */
export class OutputError extends Error {
  override name = "OutputError";
}

/** A device that is gone, through no fault of what was asked of it: a new one may do the same work (engine/recovering.ts). */
export class DeviceLostError extends DeviceError {
  override name = "DeviceLostError";
}
