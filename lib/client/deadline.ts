/** A call's time limit and its caller's signal, as one signal. */
import type { Clock } from './clock.js';

export class Deadline {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #controller = new AbortController();
  readonly #dispose: () => void;

  /** `passed` makes the error when time is up. */
  constructor(clock: Clock, timeoutMs: number, caller: AbortSignal | undefined, passed: () => unknown) {
    this.#clock = clock;
    this.#endsAt = clock.now() + timeoutMs;
    const abort = () => this.#controller.abort(caller?.reason);
    const cancel = clock.after(timeoutMs, () => this.#controller.abort(passed()));
    caller?.addEventListener('abort', abort, { once: true });
    if (caller?.aborted) abort();
    this.#dispose = () => {
      cancel();
      caller?.removeEventListener('abort', abort);
    };
  }

  /** Fires with the reason to stop: the caller's, or the deadline's error. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.now());
  }

  /** Waits; less if the call ends before. */
  async sleep(delayMs: number): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    await new Promise<void>((wake, reject) => {
      const abort = () => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#clock.after(delayMs, () => {
        signal.removeEventListener('abort', abort);
        wake();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** The call is over. What is still asked for on its behalf is called off. */
  end(callOff: boolean): void {
    this.#dispose();
    if (callOff) this.#controller.abort();
  }
}
