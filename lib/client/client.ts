/** Calls: from a route and its arguments to a reply, through sessions, retries and time limits. */
import { errorFrom, SessionExpiredError, TimeoutError } from '../shared/index.js';
import { Deadline } from './deadline.js';
import { EngineError, type CallFrame, type ReplyFrame } from './engine.js';
import { resolveEndpoint, type ClientOptions, type Endpoint } from './options.js';
import { RetryBudget } from './retry.js';
import { Session } from './session.js';

/** What a client needs to know of a route; the compiler writes these. */
export interface RouteReference {
  id: string;
  /** Schema hash, 16 hex digits. */
  hash: string;
  perm: number;
  egroup: string | null;
  encodeArgs(args: unknown[]): Uint8Array;
  decodeReply(bytes: Uint8Array): unknown;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** How long to wait in all, retries included. Default 30 s. */
  timeoutMs?: number | undefined;
  /** Resolves to a {@link Reply} instead of its data. */
  raw?: boolean | undefined;
}

export interface Reply<T = unknown> {
  data: T;
  status: number;
  headers: Record<string, string>;
}

export interface Client {
  call(route: RouteReference, args: unknown[], options: CallOptions & { raw: true }): Promise<Reply>;
  call(route: RouteReference, args: unknown[], options?: CallOptions): Promise<unknown>;
  /** Ends the session. A later call starts a new one. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** A client of its own. Does no I/O before the first call. */
export function createClient(options: ClientOptions): Client {
  return new RaystreamClient(options);
}

class RaystreamClient implements Client {
  readonly #options: ClientOptions;
  #endpoint: Endpoint | undefined;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #lastCall = 0n;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  call(route: RouteReference, args: unknown[], options: CallOptions & { raw: true }): Promise<Reply>;
  call(route: RouteReference, args: unknown[], options?: CallOptions): Promise<unknown>;
  async call(route: RouteReference, args: unknown[], options: CallOptions = {}): Promise<unknown> {
    this.#endpoint ??= resolveEndpoint(this.#options);
    const reply = await this.#attempts(this.#describe(route, args), options);
    const data = route.decodeReply(reply.data);
    return options.raw ? { data, status: reply.status, headers: reply.headers } : data;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  /** What stays the same through all attempts. */
  #describe(route: RouteReference, args: unknown[]): Omit<CallFrame, 'token' | 'deadlineMs'> {
    return {
      callId: ++this.#lastCall,
      method: route.id,
      args: route.encodeArgs(args),
      metadata: route.egroup ? [['egroup', route.egroup]] : [],
      idempotencyKey: crypto.getRandomValues(new Uint8Array(16)),
      schemaHash: route.hash ? BigInt(`0x${route.hash}`) : 0n,
    };
  }

  async #attempts(
    call: Omit<CallFrame, 'token' | 'deadlineMs'>,
    options: CallOptions,
  ): Promise<ReplyFrame & { kind: 'response' }> {
    const deadline = new Deadline(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, options.signal);
    const budget = new RetryBudget();
    // A reply can get lost without a sound: a third of the time for the first wait, the rest for
    // one more, which is the specification's "increase timeout, retry once".
    let patience = deadline.remainingMs / 3;
    for (;;) {
      const limit = Math.min(patience, deadline.remainingMs);
      try {
        return await deadline.run(limit, (signal) => this.#attempt({ ...call, deadlineMs: Math.ceil(limit) }, signal));
      } catch (error) {
        if (error instanceof TimeoutError && patience !== Infinity && deadline.remainingMs > 0) {
          patience = Infinity;
          continue;
        }
        if (options.signal?.aborted) throw options.signal.reason;
        const verdict = budget.judge(error);
        if (verdict.retry === 'never') throw verdict.error;
        if (verdict.retry === 'later') await deadline.sleep(verdict.delayMs);
      }
    }
  }

  async #attempt(call: Omit<CallFrame, 'token'>, signal: AbortSignal): Promise<ReplyFrame & { kind: 'response' }> {
    const session = await this.#current();
    signal.throwIfAborted();
    let reply: ReplyFrame;
    try {
      reply = await session.exchange(call, signal);
    } catch (error) {
      // A frame that did not open, or a hint that the session is gone: the next attempt has another.
      if (error instanceof EngineError && error.failure !== 'too-large' && error.failure !== 'input')
        this.#drop(session);
      throw error;
    }
    if (reply.kind === 'response') return reply;
    if (reply.kind !== 'error') {
      this.#drop(session);
      throw new SessionExpiredError();
    }
    // A session has one user, and this one is refused: the next session asks for a token again.
    if (reply.code === 'UNAUTHORIZED' || reply.code === 'SESSION_EXPIRED') this.#drop(session);
    throw errorFrom(reply.code, reply.status, reply.message, reply.stack);
  }

  /** The session to use: one at a time, and one handshake for all who wait. */
  async #current(): Promise<Session> {
    if (this.#session?.isStale) this.#drop(this.#session);
    if (this.#session) return this.#session;
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return await this.#opening;
  }

  async #open(): Promise<Session> {
    const session = await Session.open(this.#endpoint!, BUILD_ID);
    this.#session = session;
    return session;
  }

  #drop(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    session.retire();
  }
}

/** Names the client in the gateway's logs. */
const BUILD_ID = 'kontract-js';
