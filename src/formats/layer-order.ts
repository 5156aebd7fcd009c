/**
 * The order of layers, known or not. Numbers in the names order layers whose names are otherwise alike (2 before 10; Keras' dense is before
 * dense_1); what they leave open is decided only where one single order makes each layer's inputs the outputs of the one before.
 */

/** A layer as the order sees it. */
export interface Link {
  readonly prefix: string;
  readonly inputs: number;
  readonly outputs: number;
}

export type Order<T> =
  /** The numbers leave nothing open; it need not chain. */
  | { readonly kind: "numbered"; readonly order: readonly T[] }
  /** The only order that the numbers allow and that chains. */
  | { readonly kind: "single"; readonly order: readonly T[] }
  /** Several that chain, some of them. */
  | { readonly kind: "several"; readonly orders: readonly (readonly T[])[] }
  | { readonly kind: "none" };

/** As many candidates as a message shows. */
const MOST = 3;
/** Comparisons of the search; beyond them the order is as good as unknown. */
const MOST_COMPARISONS = 4_000_000;

export function findOrder<T extends Link>(links: readonly T[]): Order<T> {
  // Keras numbers from the second on: dense, dense_1, dense_2.
  const firsts = new Set(links.flatMap(({ prefix }) => /^(.+)_\d+$/s.exec(prefix)?.[1] ?? []));
  const names = new Map(links.map((link) => [link, parts(link.prefix, firsts.has(link.prefix))]));
  const isBefore = (a: T, b: T): boolean => precedes(names.get(a) as Name, names.get(b) as Name);
  const sorted = [...links].sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0));
  const isTotal = sorted.every((link, i) => i === 0 || isBefore(sorted[i - 1] as T, link));
  if (isTotal) return { kind: "numbered", order: sorted };
  const orders: (readonly T[])[] = [];
  let compared = 0;
  const search = (order: readonly T[], left: readonly T[]): void => {
    if (left.length === 0) orders.push(order);
    const width = order.at(-1)?.outputs;
    for (const link of left) {
      compared += left.length;
      if (orders.length >= MOST || compared > MOST_COMPARISONS) return;
      if (width !== undefined && link.inputs !== width) continue;
      if (left.some((other) => other !== link && isBefore(other, link))) continue;
      search(
        [...order, link],
        left.filter((other) => other !== link),
      );
    }
  };
  search([], links);
  const [only] = orders;
  if (only === undefined) return compared > MOST_COMPARISONS ? { kind: "several", orders: [] } : { kind: "none" };
  return orders.length === 1 && compared <= MOST_COMPARISONS
    ? { kind: "single", order: only }
    : { kind: "several", orders };
}

interface Name {
  /** The name with each number replaced by "#". */
  readonly skeleton: string;
  readonly numbers: readonly number[];
}

function parts(prefix: string, isFirst: boolean): Name {
  const pieces = `${prefix}${isFirst ? "_0" : ""}`.split(/(\d+)/);
  return {
    skeleton: pieces.map((piece, i) => (i % 2 === 0 ? piece : "#")).join(""),
    numbers: pieces.filter((_, i) => i % 2 === 1).map(Number),
  };
}

/** Whether the numbers say so: names alike, no number greater, one smaller. block2.fc1 and block1.fc2 stay open. */
function precedes(a: Name, b: Name): boolean {
  if (a.skeleton !== b.skeleton) return false;
  const differences = a.numbers.map((n, i) => n - (b.numbers[i] as number));
  return differences.every((d) => d <= 0) && differences.some((d) => d < 0);
}
