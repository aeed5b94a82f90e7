// Time that passes when the test says so. Between two timers everything that can run has run.
export class ScriptedClock {
  #time = 0;
  #order = 0;
  #timers = new Map();

  now = () => this.#time;

  after = (delayMs, run) => {
    const id = ++this.#order;
    this.#timers.set(id, { at: this.#time + Math.max(0, delayMs), id, run });
    return () => this.#timers.delete(id);
  };

  sleep(delayMs) {
    return new Promise((wake) => this.after(delayMs, wake));
  }

  /** Timers that nobody took back. */
  get pending() {
    return this.#timers.size;
  }

  /** Lets what is ready run, then the next timer. False when there is none. */
  async step(until = Infinity) {
    await settle();
    let next;
    for (const timer of this.#timers.values()) {
      if (!next || timer.at < next.at || (timer.at === next.at && timer.id < next.id)) next = timer;
    }
    if (!next || next.at > until) return false;
    this.#timers.delete(next.id);
    this.#time = next.at;
    next.run();
    return true;
  }

  /** Lets so much time pass. */
  async pass(ms) {
    const until = this.#time + ms;
    while (await this.step(until));
    this.#time = until;
    await settle();
  }

  /** Lets time pass until this has settled; answers with its value. */
  async until(promise, limitMs = 3_600_000) {
    let done = false;
    const settled = promise.finally(() => (done = true));
    settled.catch(() => undefined);
    const end = this.#time + limitMs;
    while (!done) {
      await settle();
      if (!done && !(await this.step(end))) throw new Error(`still waiting at ${this.#time} ms`);
    }
    return await settled;
  }
}

/** Everything that waits for nothing but its turn. */
const settle = () => new Promise((done) => setImmediate(done));

/** mulberry32: numbers in [0, 1) that a seed decides. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
