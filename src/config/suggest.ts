// Floor 6. The known name that a mistyped one most likely means.

/**
 * The nearest of `known` by edit distance; undefined when more than half of `name` would have to change.
 *
 * @param prefix what all names begin with, which tells nothing about what was meant
 */
export function suggest(name: string, known: Iterable<string>, prefix = ""): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor((name.length - prefix.length) / 2) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance: characters to insert, delete or replace. Two rows of the table suffice. */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(above, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, at(above, column) + 1, at(line, column - 1) + 1));
    }
    above = line;
  }
  return at(above, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
