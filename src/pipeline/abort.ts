/** Waiting that an interruption ends. */

/** What `work` gives; after an interruption what `instead` gives, at once, and a later failure of `work` is nobody's. */
export async function unlessAborted<T, U>(
  work: Promise<T>,
  signal: AbortSignal | null | undefined,
  instead: () => Promise<U>,
): Promise<T | U> {
  if (signal === undefined || signal === null) return work;
  work.catch(() => undefined);
  let stop: (() => void) | undefined;
  const aborted = new Promise<"aborted">((resolve) => {
    stop = () => {
      resolve("aborted");
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), aborted]);
    return first === "aborted" ? await instead() : first.value;
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}
