/** How long to wait before trying again (specification 11.3.3). */
const BASE_MS = 100;
const MAX_MS = 10_000;

/** Full jitter: clients that failed together do not come back together. `attempt` counts from 0. */
export function backoff(random: () => number, attempt: number, maxMs = MAX_MS, baseMs = BASE_MS): number {
  return random() * Math.min(baseMs * 2 ** attempt, maxMs);
}
