/** A closed interval that is proven to contain a value. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}
