// How long one operation takes, over many runs of them.

/** Milliseconds by the clock, and microseconds of the processor's time. */
const CLOCKS = {
  now: () => performance.now(),
  processor() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

/**
 * Runs `run(count, timed)` until what it has `timed` has taken `ms`. Resolves to microseconds of one operation:
 * `micros` is the processor's time, of all threads, over all runs, so what else the machine does is not in
 * it; `p50` and `p99` are by the clock.
 */
export async function laps(run, { count, ms }, clocks = CLOCKS) {
  const runs = [];
  let [spent, processor] = [0, 0];
  while (spent < ms) {
    let lap = 0;
    await run(count, async (work) => {
      const before = clocks.processor();
      const started = clocks.now();
      const later = work();
      if (later instanceof Promise) await later;
      lap += clocks.now() - started;
      processor += clocks.processor() - before;
    });
    spent += lap;
    runs.push((lap * 1000) / count);
  }
  runs.sort((a, b) => a - b);
  const at = (share) => runs[Math.min(runs.length - 1, Math.floor(runs.length * share))];
  return { micros: processor / (count * runs.length), p50: at(0.5), p99: at(0.99) };
}
