// A seeded generator (mulberry32): a failure can be run again.

export function randomness(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end) => Math.floor(next() * end);
  return {
    below,
    pick: (list) => list[below(list.length)],
    chance: (share) => next() < share,
    list: (most, make) => Array.from({ length: below(most + 1) }, make),
    next,
  };
}
