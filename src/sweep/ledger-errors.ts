/** What SQLite answers, in a person's words. */
import { DeviceError, FormatError, UsageError } from "../network/errors.ts";

/** An error of SQLite in a person's words. @param running whether results were at stake: the device failed them, not the user. */
export function translated(cause: unknown, source: string, running: boolean): Error {
  if (cause instanceof FormatError || cause instanceof UsageError || cause instanceof DeviceError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/BUSY|LOCKED/.test(code)) {
    return new UsageError(`${source}: another process is writing to it: expected one sweep a ledger`, { cause });
  }
  if (/NOTADB|CORRUPT/.test(code)) {
    return new FormatError(
      `${source}: ${code === "SQLITE_NOTADB" ? "found no SQLite file" : "damaged"}, expected a sweep's ledger`,
      {
        cause,
      },
    );
  }
  if (/FULL/.test(code))
    return failed(`${source}: no space left: the units finished before are kept; make room and use --resume`);
  if (running)
    return failed(`${source}: cannot be written (${message}): the units finished before are kept; use --resume`);
  return new UsageError(`${source}: cannot be written (${message})`, { cause });
  function failed(text: string): DeviceError {
    return new DeviceError(text, { cause });
  }
}
