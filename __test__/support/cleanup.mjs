// Cleaning up in the order a reader expects: last made, first gone, and one failure does not spare the rest.
// (Node's own `t.after` runs first to last and stops at the first failure.)
const stacks = new WeakMap();

/** Runs `action` when the test is over, after everything that was registered later. */
export function cleanup(t, action) {
  let stack = stacks.get(t);
  if (!stack) {
    stacks.set(t, (stack = []));
    t.after(async () => {
      const failures = [];
      for (const undo of stack.toReversed()) {
        try {
          await undo();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0)
        throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'cleaning up failed');
    });
  }
  stack.push(action);
}
