/** Samples a second between two sizes of a run, so that its start counts for nothing; what is compared is timed in turn. */

export interface Contender {
  readonly name: string;
  /** Wall seconds of a run of so many samples. */
  readonly seconds: (samples: number) => Promise<number>;
  /** Samples of the first try. */
  readonly least: number;
  /** Samples that are there. */
  readonly most: number;
}

/** The shorter of the two sizes takes about so long. */
const SECONDS = 0.4;
/** How much larger the other one is. */
const FACTOR = 3;

/** By their names. NaN where a run was too short to tell. @param rounds timings of each size, of which the best counts. */
export async function ratesOf(contenders: readonly Contender[], rounds: number): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<Contender, number>();
  for (const contender of contenders) sizes.set(contender, await sizeOf(contender));
  const best = new Map(contenders.map((own) => [own, { short: Infinity, long: Infinity }]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, size] of sizes) {
      const times = best.get(contender) as { short: number; long: number };
      times.short = Math.min(times.short, await contender.seconds(size));
      times.long = Math.min(times.long, await contender.seconds(FACTOR * size));
    }
  }
  return new Map(
    contenders.map((own) => {
      const { short, long } = best.get(own) as { short: number; long: number };
      const size = sizes.get(own) as number;
      return [own.name, long > short ? ((FACTOR - 1) * size) / (long - short) : NaN];
    }),
  );
}

/** The smaller size. What a run costs beside its samples is found with the first two tries. */
async function sizeOf({ seconds, least, most }: Contender): Promise<number> {
  const limit = Math.floor(most / FACTOR);
  await seconds(Math.min(least, limit));
  const start = await seconds(Math.min(least, limit));
  for (let size = Math.min(4 * least, limit); ; size = Math.min(4 * size, limit)) {
    const gained = (await seconds(size)) - start;
    if (gained >= SECONDS / 4 || size === limit) {
      const wanted = gained > 0 ? (size * SECONDS) / gained : limit;
      return Math.max(1, Math.min(limit, Math.ceil(wanted)));
    }
  }
}
