/** What has been sent and will be answered, and how much of that the gateway takes at a time. */
import type { ReplyFrame } from './engine.js';

/** The call id of what belongs to no call. */
export const NO_CALL = 0n;

/** One frame that will be answered. */
export class Attempt {
  readonly callId: bigint;
  /** A call, of which the gateway takes so many at a time; subscriptions and heartbeats are none. */
  readonly isCall: boolean;
  readonly resolve: (reply: ReplyFrame) => void;
  readonly reject: (error: unknown) => void;
  /** A subscription, which goes where new calls go. */
  readonly isStream: boolean;
  /** What came instead of an answer. */
  problem: unknown;

  constructor(
    callId: bigint,
    isStream: boolean,
    resolve: (reply: ReplyFrame) => void,
    reject: (error: unknown) => void,
  ) {
    this.callId = callId;
    this.isStream = isStream;
    this.isCall = callId !== NO_CALL && !isStream;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** The attempts of a session, by their calls: a call may have been asked twice. */
export class Attempts {
  readonly #byCall = new Map<bigint, Attempt[]>();
  readonly #maxCalls: number;
  readonly #queue: (() => void)[] = [];
  #calls = 0;

  constructor(maxCalls: number) {
    this.#maxCalls = maxCalls;
  }

  get isEmpty(): boolean {
    return this.#byCall.size === 0;
  }

  get isFull(): boolean {
    return this.#calls >= this.#maxCalls;
  }

  /** Those of a call, the oldest first. */
  of(callId: bigint): readonly Attempt[] {
    return this.#byCall.get(callId)?.slice() ?? [];
  }

  all(): Attempt[] {
    return Array.from(this.#byCall.values()).flat();
  }

  add(attempt: Attempt): void {
    if (attempt.isCall) this.#calls++;
    const same = this.#byCall.get(attempt.callId);
    if (same) same.push(attempt);
    else this.#byCall.set(attempt.callId, [attempt]);
  }

  delete(attempt: Attempt): void {
    const same = this.#byCall.get(attempt.callId);
    const at = same?.indexOf(attempt) ?? -1;
    if (at < 0) return;
    same!.splice(at, 1);
    if (same!.length === 0) this.#byCall.delete(attempt.callId);
    if (!attempt.isCall) return;
    this.#calls--;
    this.#queue.shift()?.();
  }

  /** Waits until something may have become free. */
  async turn(signal: AbortSignal): Promise<void> {
    let stop: (() => void) | undefined;
    await new Promise<void>((wake) => {
      stop = wake;
      this.#queue.push(wake);
      signal.addEventListener('abort', wake as () => void, { once: true });
    });
    signal.removeEventListener('abort', stop!);
    if (!signal.aborted) return;
    // Whoever is next must not wait for one that has gone.
    this.#queue.shift()?.();
    throw signal.reason;
  }

  /** Nothing will become free here any more. */
  wakeAll(): void {
    for (const wake of this.#queue.splice(0)) wake();
  }
}
