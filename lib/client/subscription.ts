/**
 * A table's changes, one after the other, for as long as somebody listens. Sessions come and go
 * below: each time it goes on behind the last commit it has heard of.
 */
import { errorFrom } from '../shared/index.js';
import { backoff } from './backoff.js';
import type { Clock } from './clock.js';
import type { Connection } from './connection.js';
import { EngineError, type ReplyFrame } from './engine.js';
import { TransportError } from './link.js';
import { tell } from './listeners.js';
import { explain } from './retry.js';
import type { Session } from './session.js';

/**
 * - `open`: events come from here on; what was there before is read as always.
 * - `insert`, `update`: the row as it is now; without `data` where it is too large for a frame.
 * - `delete`: the row is gone.
 * - `resync`: what happened since the last event is not known any more. Read anew.
 */
export type TableEvent =
  | { type: 'open' }
  | { type: 'insert' | 'update'; id: string; data?: Record<string, unknown> }
  | { type: 'delete'; id: string }
  | { type: 'resync' };

export interface SubscribeOptions {
  /** Ends the subscription, as what `subscribe` returns does. */
  signal?: AbortSignal | undefined;
  /** Told once, when it ends for good: the table may not be read, or is not there. Default: a warning. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface SubscriptionParts {
  table: string;
  connection: Connection;
  clock: Clock;
  random: () => number;
  /** A name for the next request for events. */
  callId(): bigint;
  listener: (event: TableEvent) => void;
  failed: (error: unknown) => void;
}

/** What may come before the client says more; topped up when half of it is used. */
const EVENTS = 256;
const BYTES = 1024 * 1024;

const text = new TextDecoder();

export class Subscription {
  readonly #parts: SubscriptionParts;
  readonly #stop = new AbortController();
  #session: Session | undefined;
  #callId = 0n;
  #token: Uint8Array | undefined;
  #taken = { events: 0, bytes: 0 };
  #failures = 0;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  end(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.#session?.unsubscribe(this.#callId);
  }

  /** Until it is ended, or is refused. */
  async run(): Promise<void> {
    const { connection, failed } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const session = connection.session ?? (await connection.open(signal));
        const last = await this.#follow(session);
        if (last.kind === 'error') {
          // Whoever was too slow goes on from where it was.
          if (last.status < 500 && !PASSING.has(last.code)) {
            return tell(failed, errorFrom(last.code, last.status, last.message, last.stack));
          }
          if (last.code === 'UNAUTHORIZED' || last.code === 'SESSION_EXPIRED') connection.drop(session);
        }
      } catch (error) {
        if (signal.aborted) return;
        const passing = error instanceof EngineError || (error instanceof TransportError && error.retry);
        if (!passing && !(error instanceof Error && error.name === 'Refused')) return tell(failed, explain(error));
      } finally {
        this.#session = undefined;
      }
      await this.#pause(signal);
    }
  }

  /** An event under this subscription's call id. */
  event(reply: ReplyFrame & { kind: 'event' }): void {
    if (this.#stop.signal.aborted || reply.callId !== this.#callId) return;
    this.#failures = 0;
    this.#taken.events++;
    this.#taken.bytes += reply.data.length;
    if (this.#taken.events >= EVENTS / 2 || this.#taken.bytes >= BYTES / 2) {
      this.#session?.credit(this.#callId, this.#taken);
      this.#taken = { events: 0, bytes: 0 };
    }
    if (reply.resumeToken) this.#token = reply.resumeToken;
    if (reply.data.length > 0) tell(this.#parts.listener, JSON.parse(text.decode(reply.data)) as TableEvent);
  }

  async #follow(session: Session): Promise<ReplyFrame> {
    this.#session = session;
    this.#callId = this.#parts.callId();
    this.#taken = { events: 0, bytes: 0 };
    return await session.subscribe(
      {
        callId: this.#callId,
        method: `table:${this.#parts.table}`,
        args: new Uint8Array(),
        metadata: [],
        schemaHash: 0n,
        resumeToken: this.#token,
        credit: { events: EVENTS, bytes: BYTES },
      },
      this.#stop.signal,
    );
  }

  /** At once after the first failure since an event: the connection has its own pace. */
  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#failures++ === 0) return;
    let cancel: (() => void) | undefined;
    let wake: (() => void) | undefined;
    await new Promise<void>((done) => {
      wake = done;
      cancel = this.#parts.clock.after(backoff(this.#parts.random, this.#failures), done);
      signal.addEventListener('abort', done as () => void, { once: true });
    });
    cancel?.();
    signal.removeEventListener('abort', wake!);
  }
}

/** Refusals after which the same is asked again. */
const PASSING = new Set(['SLOW_CONSUMER', 'SESSION_EXPIRED']);
