// Few rounds on a noisy machine: medians, with what they came from.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `{ median, min, max }` */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** Rounds that differ by more than this share of their median make a figure that says so. */
const STEADY = 0.15;

/** Whether min and max lie close enough together to be quoted without a word. */
export function isSteady(value) {
  return value.max - value.min <= STEADY * value.median;
}

/** How much better ours is, round by round: rounds are neighbours in time, so noise cancels. */
export function ratio(ours, theirs) {
  return spread(ours.map((value, round) => value / theirs[round]));
}
