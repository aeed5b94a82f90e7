import type { Maybe } from './engine.js';

/**
 * Runs steps one after another: at once, as long as none of them has to wait. A WebSocket's frames
 * have to be sealed, sent and opened in their order, also by a cipher that answers later.
 */
export class InOrder {
  readonly #idle: () => void;
  #tail: Promise<void> | undefined;

  /** `idle` is called when nothing waits any more, after there was something to wait for. */
  constructor(idle: () => void = () => undefined) {
    this.#idle = idle;
  }

  get isBusy(): boolean {
    return this.#tail !== undefined;
  }

  /** `step` deals with its own failures. */
  run(step: () => void | Promise<void>): void {
    const waiting = this.#tail ? this.#tail.then(step) : step();
    if (!waiting) return;
    const tail = waiting.finally(() => {
      if (this.#tail !== tail) return;
      this.#tail = undefined;
      this.#idle();
    });
    this.#tail = tail;
  }
}

/** Runs a step that may take long, without a detour for one that doesn't. */
export function settled<T>(
  step: () => Maybe<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): Maybe<void> {
  let value: Maybe<T>;
  try {
    value = step();
  } catch (error) {
    return failed(error);
  }
  if (value instanceof Promise) return value.then(done, failed);
  return done(value);
}
