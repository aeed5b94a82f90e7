/** One session with the gateway, shared by the calls of a client. */
import { Engine, EngineError, type CallFrame, type ReplyFrame, type SessionHello } from './engine.js';
import type { Endpoint } from './options.js';
import { post, TransportError } from './transport.js';

/** A session this close to its end is not worth starting a call on. */
const RENEW_BEFORE_MS = 5_000;
const HANDSHAKE_MS = 10_000;

export class Session {
  readonly #engine: Engine;
  readonly #handle: number;
  readonly #hello: SessionHello;
  readonly #endpoint: Endpoint;
  readonly #renewAt: number;
  readonly #waiting: (() => void)[] = [];
  #token: string | undefined;
  #inFlight = 0;
  #retired = false;

  private constructor(
    engine: Engine,
    handle: number,
    hello: SessionHello,
    endpoint: Endpoint,
    token: string | undefined,
  ) {
    this.#engine = engine;
    this.#handle = handle;
    this.#hello = hello;
    this.#endpoint = endpoint;
    this.#token = token;
    this.#renewAt = performance.now() + Math.max(hello.ttlMs - RENEW_BEFORE_MS, hello.ttlMs / 2);
  }

  /** A handshake. Tries the pins in turn: between two keys, the gateway may hold either. */
  static async open(endpoint: Endpoint, buildId: string): Promise<Session> {
    const [engine, token] = await Promise.all([Engine.load(), endpoint.token()]);
    let refused: unknown;
    for (const pin of endpoint.pins) {
      const { handle, frame } = engine.start(pin, buildId);
      let answered = false;
      try {
        const response = await post(endpoint, '/raystream/v1/hs', frame, AbortSignal.timeout(HANDSHAKE_MS));
        answered = true;
        return new Session(engine, handle, engine.finish(handle, response), endpoint, token);
      } catch (error) {
        if (!answered) engine.free(handle);
        if (!answered && !(error instanceof TransportError)) {
          throw new TransportError(
            `${endpoint.url} did not answer the handshake within ${HANDSHAKE_MS / 1000} s`,
            true,
            { cause: error },
          );
        }
        if (!(error instanceof EngineError)) throw error;
        refused = error;
      }
    }
    throw refused;
  }

  /** Whether the next call should start another one. */
  get isStale(): boolean {
    return this.#retired || performance.now() >= this.#renewAt || this.#engine.shouldRenew(this.#handle);
  }

  /** Seals, sends, waits and opens: one attempt of one call. */
  async exchange(call: Omit<CallFrame, 'token'>, signal: AbortSignal): Promise<ReplyFrame> {
    await this.#enter(signal);
    try {
      const frame = this.#engine.call(this.#handle, { ...call, token: this.#token });
      const reply = this.#engine.open(this.#handle, await post(this.#endpoint, this.#path, frame, signal));
      const own = reply.kind === 'close' || (reply.kind !== 'heartbeat' && reply.callId === call.callId);
      if (!own) throw new EngineError(-3);
      // The gateway has seen the token and has said so under its key; what could not be served may
      // not have been looked at.
      if (reply.kind !== 'error' || reply.code !== 'SERVICE_UNAVAILABLE') this.#token = undefined;
      return reply;
    } finally {
      this.#leave();
    }
  }

  /** No more calls on this one; its keys go when the last call is through. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.#inFlight === 0) this.#engine.free(this.#handle);
  }

  /** Tells the gateway, if it still listens, and retires. */
  async close(): Promise<void> {
    if (this.#retired) return;
    const frame = this.#engine.close(this.#handle);
    this.retire();
    await post(this.#endpoint, this.#path, frame, AbortSignal.timeout(1_000)).catch(() => undefined);
  }

  get #path(): string {
    return `/raystream/v1/s/${this.#hello.id}`;
  }

  async #enter(signal: AbortSignal): Promise<void> {
    while (!this.#retired && this.#inFlight >= this.#hello.maxInflight) {
      await new Promise<void>((wake) => {
        this.#waiting.push(wake);
        signal.addEventListener('abort', () => wake(), { once: true });
      });
      signal.throwIfAborted();
    }
    if (this.#retired) throw new EngineError(-9);
    this.#inFlight++;
  }

  #leave(): void {
    this.#inFlight--;
    this.#waiting.shift()?.();
    if (this.#retired && this.#inFlight === 0) this.#engine.free(this.#handle);
  }
}
