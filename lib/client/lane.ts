/**
 * One transport's connection: at most one session for new calls, and what it takes to have one
 * again. Sessions come and go; whoever waits here gets the next.
 */
import { backoff } from './backoff.js';
import type { Clock } from './clock.js';
import { EngineError, type TransportKind } from './engine.js';
import { Refused } from './handshake.js';
import { TransportError } from './link.js';
import type { Session } from './session.js';

export interface LaneParts {
  kind: TransportKind;
  clock: Clock;
  random: () => number;
  /** Opens a session, taking over `previous` if it can. */
  establish(kind: TransportKind, previous: Session | undefined, signal: AbortSignal): Promise<Session>;
  /** Whether there is any network to try. */
  isOnline(): boolean;
  changed(): void;
  /** Whether a lost session is replaced though nobody waits. */
  keepsUp: boolean;
}

/** Tries for a first session before those who wait are told (specification 11.3.3). */
const MAX_RETRIES = 3;
/** Between tries when nobody waits. */
const IDLE_BASE_MS = 1_000;
const IDLE_MAX_MS = 60_000;
const LONGEST_REQUESTED_MS = 30_000;
/** A heartbeat without an answer for so long is lost. */
const PROBE_MS = 3_000;
const RENEW_AGAIN_MS = 10_000;

export class Lane {
  readonly #parts: LaneParts;
  #session: Session | undefined;
  /** Gone, and perhaps to be resumed. */
  #previous: Session | undefined;
  /** There, but perhaps not at the other end. */
  #suspect: Session | undefined;
  #opening: Promise<Session> | undefined;
  #stop = new AbortController();
  #waiting = 0;
  #wake: (() => void) | undefined;
  #wasOpen = false;
  /** The last session did not end by age: many clients may have lost theirs at the same moment. */
  #lost = false;
  #renewFrom = 0;
  /** Why there was no session the last time. */
  problem: unknown;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  get session(): Session | undefined {
    return this.#session?.isUsable ? this.#session : undefined;
  }

  /** Whether there is a session, though perhaps in doubt: until somebody asks, nobody looks. */
  get isThere(): boolean {
    return this.session !== undefined || (this.#suspect !== undefined && !this.#opening);
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** Whether a session was lost, and none has been opened since. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** The session, or the next one. Rejects when it is hopeless, or with the signal's reason. */
  async get(signal: AbortSignal): Promise<Session> {
    if (this.session) return this.session;
    signal.throwIfAborted();
    // Nobody was in a hurry so far; from the second on, the first one's pace will do.
    if (this.#waiting++ === 0) this.#wake?.();
    let cancel: (() => void) | undefined;
    try {
      const opening = this.open();
      return await new Promise<Session>((resolve, reject) => {
        cancel = () => reject(signal.reason);
        signal.addEventListener('abort', cancel, { once: true });
        opening.then(resolve, reject);
      });
    } finally {
      this.#waiting--;
      if (cancel) signal.removeEventListener('abort', cancel);
    }
  }

  /** Starts opening a session, if none is there or under way. */
  open(): Promise<Session> {
    if (!this.#opening) {
      this.#opening = this.#open().finally(() => {
        this.#opening = undefined;
        this.#parts.changed();
      });
      // Nobody may be waiting for it.
      this.#opening.catch(() => undefined);
      this.#parts.changed();
    }
    return this.#opening;
  }

  /** Tries at once what is waiting to be tried. */
  hurry(): void {
    this.#wake?.();
    this.#session?.check();
  }

  /** The session takes no more calls. */
  drop(session: Session, resumable: boolean): void {
    if (this.#suspect === session) this.#suspect = undefined;
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#lost = true;
    if (resumable) this.#keep(session);
    this.#parts.changed();
    if (this.#parts.keepsUp) void this.open();
  }

  /** Calls go on with it, if it answers once more. */
  suspect(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#suspect = session;
    this.#lost = true;
    this.#parts.changed();
  }

  /** Opens another session beside this one, which is used until then. */
  async renew(session: Session): Promise<void> {
    const { clock } = this.#parts;
    if (this.#session !== session || this.#opening || clock.now() < this.#renewFrom) return;
    // Not by resuming it: the gateway would take no more of its frames, and calls go on until then.
    const next = this.#parts.establish(this.#parts.kind, undefined, this.#stop.signal);
    this.#opening = next.finally(() => {
      this.#opening = undefined;
    });
    try {
      this.#adopt(await this.#opening);
      session.retire();
    } catch (error) {
      // The old one goes on, and asks again.
      this.problem = error;
      this.#renewFrom = clock.now() + RENEW_AGAIN_MS;
    }
  }

  /** Lets go of everything. A later `get` starts anew. */
  async close(): Promise<void> {
    this.#stop.abort(new TransportError('the client was closed', false));
    this.#stop = new AbortController();
    this.#wake?.();
    this.#previous?.release();
    this.#previous = undefined;
    const sessions = [this.#session, this.#suspect];
    this.#session = this.#suspect = undefined;
    this.#wasOpen = this.#lost = false;
    await this.#opening?.then(
      (late) => late.close(),
      () => undefined,
    );
    await Promise.all(sessions.map((session) => session?.close()));
  }

  /** Stops using the session without ending what is under way. */
  rest(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.retire();
  }

  async #open(): Promise<Session> {
    const { signal } = this.#stop;
    // A stale session is replaced; it had no calls for long.
    this.rest();
    if (this.#lost) await this.#pause(this.#delay(0, undefined), signal);
    for (let attempt = 1; ; attempt++) {
      try {
        signal.throwIfAborted();
        while (!this.#parts.isOnline()) await this.#pause(IDLE_MAX_MS, signal);
        const session = this.#suspect
          ? await this.#probe(this.#suspect, signal)
          : await this.#parts.establish(this.#parts.kind, this.#previous, signal);
        if (signal.aborted) {
          void session.close();
          signal.throwIfAborted();
        }
        this.#adopt(session);
        return session;
      } catch (error) {
        this.problem = error;
        if (signal.aborted) throw error;
        // What is tried next is a session of its own: this one has been asked.
        this.#forget();
        if (error instanceof EngineError) this.#doubtNoMore();
        if (!isWorthAnother(error)) throw error;
        const hopeless = !this.#wasOpen && attempt > MAX_RETRIES;
        if (hopeless || (this.#waiting === 0 && !this.#parts.keepsUp)) throw error;
        await this.#pause(this.#delay(attempt - 1, error), signal);
      }
    }
  }

  #adopt(session: Session): void {
    this.#forget();
    this.#suspect = undefined;
    this.#session = session;
    this.#wasOpen = true;
    this.#lost = false;
    this.problem = undefined;
    this.#parts.changed();
  }

  async #probe(session: Session, signal: AbortSignal): Promise<Session> {
    const limit = new AbortController();
    const stop = () => limit.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const cancel = this.#parts.clock.after(PROBE_MS, () =>
      limit.abort(new TransportError('the gateway does not answer', true)),
    );
    try {
      await session.probe(limit.signal);
      return session;
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  #delay(attempt: number, error: unknown): number {
    const { random } = this.#parts;
    const requested = error instanceof Refused ? Math.min(error.retryAfterMs, LONGEST_REQUESTED_MS) : 0;
    const own =
      this.#waiting > 0 || !this.#wasOpen
        ? backoff(random, attempt)
        : backoff(random, attempt, IDLE_MAX_MS, IDLE_BASE_MS);
    return requested + own;
  }

  /** Sleeps; less if somebody is in a hurry. */
  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    let cancel: (() => void) | undefined;
    await new Promise<void>((wake) => {
      this.#wake = wake;
      cancel = this.#parts.clock.after(delayMs, wake);
    });
    cancel?.();
    this.#wake = undefined;
    signal.throwIfAborted();
  }

  /** It is there, and does not make sense: better another. */
  #doubtNoMore(): void {
    this.#suspect?.retire();
    this.#suspect = undefined;
  }

  #keep(session: Session): void {
    this.#forget();
    session.hold();
    this.#previous = session;
  }

  #forget(): void {
    this.#previous?.release();
    this.#previous = undefined;
  }
}

/** Whether the same may work a moment later. */
function isWorthAnother(error: unknown): boolean {
  if (error instanceof TransportError) return error.retry;
  return error instanceof EngineError || error instanceof Refused;
}
