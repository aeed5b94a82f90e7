/** The candidate within two edits of `name`, for "did you mean". Names are short: the full table is fine. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const candidate of candidates) {
    const distance = edits(name.slice(0, 64), candidate.slice(0, 64));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const above = row;
    row = [line];
    for (let column = 1; column <= to.length; column++) {
      const swap = above[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1);
      row[column] = Math.min(swap, above[column]! + 1, row[column - 1]! + 1);
    }
  }
  return row[to.length]!;
}
