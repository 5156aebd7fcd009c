/** The nearest name to a mistyped one, by Levenshtein distance; null where none is near (a third of its length). */
export function nearest(found: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const distance = levenshtein(found, name);
    if (distance < least && distance <= Math.max(1, Math.ceil(name.length / 3))) {
      best = name;
      least = distance;
    }
  }
  return best;
}

/** Insertions, deletions and replacements that lead from one text to the other. */
function levenshtein(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
