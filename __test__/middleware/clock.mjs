// Time that passes only when nothing else is left to do: a run's order does not depend on the machine.

/** A clock for one run; `settle` lets it run until nobody sleeps any more. */
export function virtualClock() {
  const sleepers = [];
  return {
    sleep(duration, value) {
      return new Promise((wake) => sleepers.push({ at: this.now + duration, wake: () => wake(value) }));
    },
    now: 0,
    async settle() {
      // A turn of the event loop is longer than any chain of microtasks.
      for (;;) {
        await new Promise(setImmediate);
        if (sleepers.length === 0) return;
        sleepers.sort((a, b) => a.at - b.at);
        const { at, wake } = sleepers.shift();
        this.now = at;
        wake();
      }
    },
  };
}
