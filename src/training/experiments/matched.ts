/** Quantities at equal training loss: the two states between which the loss first falls to a level, and a line between them. */

/** What is looked at, in turn. */
export interface Look<S> {
  readonly loss: number;
  /** A state that stays as it is. */
  readonly state: S;
}

export interface Crossing<S> {
  readonly level: number;
  readonly before: Look<S>;
  readonly after: Look<S>;
  /** The weight of `after`, by the place of the level's logarithm between those of both losses. */
  readonly weight: number;
}

/** First passages of levels, as the looks come. @param levels falling. */
export function crossings<S>(levels: readonly number[]): (look: Look<S>) => Crossing<S>[] {
  let rest = [...levels];
  let before: Look<S> | null = null;
  return (after) => {
    const last = before;
    before = after;
    if (last === null) {
      rest = rest.filter((level) => level < after.loss);
      return [];
    }
    const passed = rest.filter((level) => after.loss <= level);
    rest = rest.filter((level) => after.loss > level);
    return passed.map((level) => ({
      ...{ level, before: last, after },
      weight: Math.log(last.loss / level) / Math.log(last.loss / after.loss),
    }));
  };
}

/** Positive numbers along a line of their logarithms. */
export function between(before: number, after: number, weight: number): number {
  return Math.exp((1 - weight) * Math.log(before) + weight * Math.log(after));
}

/** E ‖∇L_B‖² of batches of B drawn without replacement out of N, of the full gradient's square and the mean of the samples' squares. */
export function batchSquare(full: number, each: number, batch: number, samples: number): number {
  return full + ((each - full) * (samples - batch)) / (batch * (samples - 1));
}
