/** One session with the gateway: its life, and which call an answer is for. */
import { Attempt, Attempts, NO_CALL } from './attempts.js';
import type { Clock } from './clock.js';
import {
  EngineError,
  type Bytes,
  type CallFrame,
  type Credit,
  type Engine,
  type Maybe,
  type ReplyFrame,
  type SessionHello,
  type SubscribeFrame,
  type TransportKind,
} from './engine.js';
import { Heartbeat } from './heartbeat.js';
import { InOrder, settled } from './in-order.js';
import { TransportError, type Exchange, type Link, type LinkEvents } from './link.js';
import { Notice, Outbox } from './outbox.js';

export interface SessionParts {
  engine: Engine;
  handle: number;
  hello: SessionHello;
  link: Link;
  clock: Clock;
  /** Which of the pins holds. */
  pin: Uint8Array;
  /** What the session was opened with, to be shown until the gateway has seen it. */
  token: string | undefined;
  heartbeatMs: number;
}

/** What a session tells whoever keeps it. */
export interface SessionEvents {
  /** It takes no more calls. Those under way have failed, or still go on if there is no error. */
  over(session: Session, error: unknown): void;
  /** Twice in a row nothing usable came back over HTTP: it may be gone, or the network. */
  doubtful(session: Session, error: unknown): void;
  /** It still works, but another one is due. */
  due(session: Session): void;
  missed(session: Session, times: number): void;
  event(reply: ReplyFrame & { kind: 'event' }): void;
}

/** A session this close to its end is not worth starting a call on. */
const RENEW_BEFORE_MS = 5_000;
/** How long the gateway's answer to a CLOSE is waited for. */
const GOODBYE_MS = 1_000;

const ignore = () => undefined;

export class Session implements LinkEvents {
  readonly kind: TransportKind;
  readonly #parts: SessionParts;
  readonly #attempts: Attempts;
  readonly #inbox = new InOrder();
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat | undefined;
  #events: SessionEvents;
  #token: string | undefined;
  #aliveAt: number;
  #failures = 0;
  #over = false;
  /** The gateway does not know it, or cannot be told. */
  #gone = false;
  #held = false;
  #freed = false;
  readonly #ended: Promise<void>;
  #end: () => void = ignore;

  constructor(parts: SessionParts, events: SessionEvents) {
    this.kind = parts.link.kind;
    this.#parts = parts;
    this.#attempts = new Attempts(parts.hello.maxInflight);
    this.#outbox = new Outbox(parts.link, () => this.#heartbeat?.sealed());
    this.#events = events;
    this.#token = parts.token;
    this.#aliveAt = parts.clock.now();
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    parts.link.attach(parts.hello.id, parts.hello.maxFrame, this);
    if (this.kind === 'http') return;
    this.#heartbeat = new Heartbeat(parts.clock, parts.heartbeatMs, parts.hello.ttlMs, {
      ping: () => parts.link.ping(),
      beat: () => this.#beat(),
      missed: (times) => this.#events.missed(this, times),
    });
    // A session without a frame is dropped after ten seconds, and no call may be waiting for this one.
    this.#beat();
  }

  /** Whether a call may start here. */
  get isUsable(): boolean {
    if (this.#over) return false;
    const { clock, hello } = this.#parts;
    // A WebSocket's heartbeat keeps its session.
    if (this.kind === 'websocket') return true;
    return clock.now() - this.#aliveAt < Math.max(hello.ttlMs - RENEW_BEFORE_MS, hello.ttlMs / 2);
  }

  get isOver(): boolean {
    return this.#over;
  }

  get pin(): Uint8Array {
    return this.#parts.pin;
  }

  get token(): string | undefined {
    return this.#parts.token;
  }

  get handle(): number {
    return this.#parts.handle;
  }

  /** Seals, sends, waits and opens: one attempt of one call. */
  async exchange(call: Omit<CallFrame, 'token'>, signal: AbortSignal): Promise<ReplyFrame> {
    while (!this.#over && this.#attempts.isFull) await this.#attempts.turn(signal);
    const { engine, handle } = this.#parts;
    const reply = await this.#ask(call.callId, signal, () => engine.call(handle, { ...call, token: this.#token }));
    // The gateway has seen the token and has said so under its key.
    if (reply.kind === 'response') this.#token = undefined;
    return reply;
  }

  /** Asks for events, which come by {@link SessionEvents.event}. Resolves to the last one, or to an error. */
  async subscribe(frame: Omit<SubscribeFrame, 'token'>, signal: AbortSignal): Promise<ReplyFrame> {
    const { engine, handle, clock, hello } = this.#parts;
    let cancel: (() => void) | undefined;
    // Events keep no session alive, what the client sends does; a WebSocket sends anyway.
    const keep = () => {
      cancel = clock.after(hello.ttlMs / 2, () => {
        this.#beat();
        keep();
      });
    };
    if (this.kind === 'http') keep();
    try {
      const seal = () => engine.subscribe(handle, { ...frame, token: this.#token });
      return await this.#ask(frame.callId, signal, seal, true);
    } finally {
      cancel?.();
    }
  }

  credit(callId: bigint, credit: Credit): void {
    this.#tell(() => this.#parts.engine.credit(this.#parts.handle, callId, credit));
  }

  unsubscribe(callId: bigint): void {
    this.#tell(() => this.#parts.engine.unsubscribe(this.#parts.handle, callId));
  }

  /** Whether the gateway still knows the session: a sealed heartbeat and its answer. */
  async probe(signal: AbortSignal): Promise<void> {
    const { engine, handle } = this.#parts;
    const reply = await this.#ask(NO_CALL, signal, () => engine.heartbeat(handle, Date.now()));
    if (reply.kind === 'close') throw new EngineError('clear-expired');
  }

  /** Asks the other end of a WebSocket for a sign of life. */
  check(): void {
    this.#heartbeat?.check();
  }

  /** Keeps the keys for a session that resumes this one. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#finish();
  }

  /** No more calls on this one; it ends when the last is through. */
  retire(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempts.wakeAll();
    for (const attempt of this.#attempts.all()) {
      if (!attempt.isStream) continue;
      this.#callOff(attempt);
      attempt.reject(new TransportError('the session is over', true));
    }
    this.#finish();
  }

  /** Ends now: what is under way fails. */
  abandon(error: unknown): void {
    const known = this.#over;
    this.#over = true;
    this.#gone = true;
    this.#parts.link.close();
    this.#failAll(error);
    this.#attempts.wakeAll();
    // Before the keys go: whoever keeps it may want to resume it.
    if (!known) this.#events.over(this, error);
    this.#finish();
  }

  /** Retires, and waits until the gateway has been told. Answers nobody waits for are not waited for. */
  async close(): Promise<void> {
    this.retire();
    this.#failAll(new TransportError('the client was closed', true));
    this.release();
    await this.#ended;
  }

  // ── What the link says ───────────────────────────────────────────────────────────────────────

  get isSealing(): boolean {
    return this.#outbox.isBusy;
  }

  frame(bytes: Uint8Array, exchange: Exchange): void {
    const { engine, handle } = this.#parts;
    this.#inbox.run(() => {
      if (this.#freed) return undefined;
      return settled(
        () => engine.open(handle, bytes),
        (reply) => this.#opened(reply, exchange),
        (error) => this.#unopened(error, exchange),
      );
    });
  }

  ended(exchange: Exchange, error: TransportError | undefined): void {
    // Behind the frames that came before it.
    this.#inbox.run(() => {
      for (const owner of exchange.owners) {
        if (owner instanceof Notice) owner.done();
        if (!(owner instanceof Attempt)) continue;
        const problem = owner.problem ?? error ?? new EngineError('malformed');
        this.#attempts.delete(owner);
        owner.reject(problem);
      }
      if (error?.retry) this.#doubt(error);
      this.#finish();
    });
  }

  pong(): void {
    this.#heartbeat?.heard();
  }

  closed(error: TransportError): void {
    this.#inbox.run(() => this.abandon(error));
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  #opened(reply: ReplyFrame, exchange: Exchange): void {
    this.#aliveAt = this.#parts.clock.now();
    this.#failures = 0;
    this.#heartbeat?.heard();
    if (reply.kind === 'event') {
      this.#events.event(reply);
      if (!reply.last) return;
    }
    if (reply.kind === 'close' && this.kind === 'websocket') {
      // The gateway is about to go: calls under way are still answered.
      this.retire();
      return void this.#events.over(this, undefined);
    }
    const callId = 'callId' in reply ? reply.callId : NO_CALL;
    const attempt = this.#answered(callId, exchange, reply.kind === 'close');
    if (attempt) {
      this.#attempts.delete(attempt);
      attempt.resolve(reply);
      // An answer to any attempt is one for the call.
      for (const other of this.#attempts.of(attempt.callId)) {
        other.resolve(reply);
        if (this.kind === 'http') this.#callOff(other);
      }
    }
    if (reply.kind === 'close') {
      this.retire();
      this.#events.over(this, undefined);
    } else if (this.#parts.engine.shouldRenew(this.#parts.handle)) this.#events.due(this);
    this.#finish();
  }

  /** Which attempt a reply is for. */
  #answered(callId: bigint, exchange: Exchange, any: boolean): Attempt | undefined {
    if (this.kind === 'websocket') return this.#attempts.of(callId)[0];
    for (const owner of exchange.owners) {
      if (owner instanceof Attempt && (any || owner.callId === callId)) {
        exchange.owners.delete(owner);
        return owner;
      }
    }
    return undefined;
  }

  #unopened(error: unknown, exchange: Exchange): void {
    const expired = error instanceof EngineError && error.failure === 'clear-expired';
    if (this.kind === 'websocket') return this.abandon(error);
    for (const owner of exchange.owners) if (owner instanceof Attempt) owner.problem = error;
    if (!expired) return this.#doubt(error);
    // Other answers may still be on their way.
    this.#gone = true;
    this.retire();
    this.#events.over(this, error);
  }

  #doubt(error: unknown): void {
    if (!this.#over && this.kind === 'http' && ++this.#failures >= 2) this.#events.doubtful(this, error);
  }

  /** Sends what will be answered. */
  #ask(callId: bigint, signal: AbortSignal, seal: () => Maybe<Bytes>, stream = false): Promise<ReplyFrame> {
    // Aborted a moment ago, it would not be told again.
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#over && callId !== NO_CALL) return Promise.reject(new EngineError('clear-expired'));
    return new Promise((resolve, reject) => {
      const settle = <T>(act: (value: T) => void) => {
        return (value: T) => {
          signal.removeEventListener('abort', abort);
          act(value);
        };
      };
      const attempt = new Attempt(callId, stream, settle(resolve), settle(reject));
      this.#attempts.add(attempt);
      const abort = () => {
        // A WebSocket's answer comes all the same, and until then the gateway counts the call.
        if (this.kind === 'http' || stream) this.#callOff(attempt);
        reject(signal.reason);
        this.#finish();
      };
      signal.addEventListener('abort', abort, { once: true });
      const failed = (error: unknown) => {
        this.#attempts.delete(attempt);
        attempt.reject(error);
      };
      this.#outbox.send(attempt, seal, failed, stream, () => this.kind === 'websocket' || !signal.aborted);
    });
  }

  /** Sends what no answer is waited for. */
  #tell(seal: () => Maybe<Bytes>): void {
    // If it fails nothing is lost but this frame: a session whose keys are used up ends at the next call.
    if (!this.#freed) this.#outbox.send(new Notice(ignore), seal, ignore);
  }

  #beat(): void {
    this.#tell(() => this.#parts.engine.heartbeat(this.#parts.handle, Date.now()));
  }

  #callOff(attempt: Attempt): void {
    this.#parts.link.forget(attempt);
    this.#attempts.delete(attempt);
  }

  #failAll(error: unknown): void {
    for (const attempt of this.#attempts.all()) {
      this.#attempts.delete(attempt);
      attempt.reject(error);
    }
  }

  /** When the last call is through: says so to the gateway, hangs up, wipes the keys. */
  #finish(): void {
    if (!this.#over || !this.#attempts.isEmpty || this.#freed) return;
    this.#heartbeat?.stop();
    if (this.#held) return;
    this.#freed = true;
    const { engine, handle, link, clock } = this.#parts;
    let cancel: (() => void) | undefined;
    const hangUp = () => {
      cancel?.();
      link.close();
      this.#end();
    };
    if (this.#gone) hangUp();
    else {
      this.#outbox.run(() =>
        settled(
          () => engine.close(handle),
          (frame) => {
            link.send(new Notice(hangUp), frame);
            if (this.kind === 'websocket') hangUp();
            else cancel = clock.after(GOODBYE_MS, hangUp);
          },
          hangUp,
        ),
      );
    }
    this.#outbox.run(() => engine.free(handle));
  }
}
