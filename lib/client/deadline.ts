/** Time limits and the caller's signal, as one signal per attempt. */
import { TimeoutError } from '../shared/index.js';

export class Deadline {
  readonly #caller: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #endsAt: number;

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#timeoutMs = timeoutMs;
    this.#endsAt = performance.now() + timeoutMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  timeoutError(): TimeoutError {
    return new TimeoutError(`No reply within ${this.#timeoutMs} ms`);
  }

  /** Runs an attempt with a signal that fires after `limitMs` or with the caller's. */
  async run<T>(limitMs: number, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#caller?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(this.#caller?.reason);
    const timer = setTimeout(() => controller.abort(this.timeoutError()), limitMs);
    this.#caller?.addEventListener('abort', abort, { once: true });
    try {
      return await raced(attempt(controller.signal), controller.signal);
    } finally {
      clearTimeout(timer);
      this.#caller?.removeEventListener('abort', abort);
    }
  }

  /** Waits; less if the call ends before. */
  async sleep(delayMs: number): Promise<void> {
    if (delayMs >= this.remainingMs) throw this.timeoutError();
    await this.run(this.remainingMs, () => new Promise((wake) => setTimeout(wake, delayMs)));
  }
}

/** Not everything an attempt waits for listens to the signal: a handshake belongs to many calls. */
function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    work.then(done, fail);
  });
}
