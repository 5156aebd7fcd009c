/** The progress line of a terminal. A pure function of what is done and the time since the start. */
import { duration, grouped, significant } from "../report/numbers.ts";

const BAR = 24;

/** [██████░░░░] 400/1,000 samples, 810.0 a second, 1 s left */
export function progressLine(done: number, total: number, elapsedMs: number): string {
  const filled = total > 0 ? Math.floor((BAR * done) / total) : 0;
  const bar = `[${"█".repeat(filled)}${"░".repeat(BAR - filled)}] ${grouped(done)}/${grouped(total)}`;
  if (done === 0 || elapsedMs <= 0) return bar;
  const perSecond = (1000 * done) / elapsedMs;
  return `${bar}, ${significant(perSecond)} a second, ${duration((1000 * (total - done)) / perSecond)} left`;
}
