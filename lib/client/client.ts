/** Calls: from a route and its arguments to a reply, through sessions, retries and time limits. */
import { errorFrom, OfflineError, SessionExpiredError, TimeoutError } from '../shared/index.js';
import { askTwice } from './ask.js';
import { describe, type CallOptions, type LogicalCall, type Reply, type RouteReference } from './call.js';
import { systemClock } from './clock.js';
import { Connection, type ConnectionState, type Surroundings } from './connection.js';
import { Deadline } from './deadline.js';
import type { Engine, ReplyFrame } from './engine.js';
import { isPage, systemNetwork } from './network.js';
import { tell } from './listeners.js';
import { resolveEndpoint, type ClientOptions } from './options.js';
import { explain, RetryBudget } from './retry.js';
import type { Session } from './session.js';
import { Subscription, type SubscribeOptions, type TableEvent } from './subscription.js';

export interface Client {
  call(route: RouteReference, args: unknown[], options: CallOptions & { raw: true }): Promise<Reply>;
  call(route: RouteReference, args: unknown[], options?: CallOptions): Promise<unknown>;
  /** Tells of every change of a table until what it returns is called; sessions come and go below. */
  subscribe(table: string, listener: (event: TableEvent) => void, options?: SubscribeOptions): () => void;
  readonly state: ConnectionState;
  /** Calls back at every change; returns what ends that. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Lets calls under way end, then ends subscriptions and session. A later call starts a new one. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** What a client lives in, unless it is a test. */
const world: Surroundings = {
  clock: systemClock,
  random: Math.random,
  network: systemNetwork,
  isPage,
  warn: (message) => console.warn(message),
};

/** A client on this engine. Does no I/O before the first call. */
export function clientOn(load: () => Promise<Engine>, options: ClientOptions, surroundings = world): Client {
  return new RaystreamClient(load, options, surroundings);
}

type Response = ReplyFrame & { kind: 'response' };

class RaystreamClient implements Client {
  readonly #load: () => Promise<Engine>;
  readonly #options: ClientOptions;
  readonly #world: Surroundings;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #subscriptions = new Set<Subscription>();
  #connection: Connection | undefined;
  #lastCall = 0n;

  constructor(load: () => Promise<Engine>, options: ClientOptions, surroundings: Surroundings) {
    this.#load = load;
    this.#options = options;
    this.#world = surroundings;
  }

  get state(): ConnectionState {
    return this.#connection?.state ?? 'idle';
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    // One listener, given twice, is two.
    const own = (state: ConnectionState) => listener(state);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  call(route: RouteReference, args: unknown[], options: CallOptions & { raw: true }): Promise<Reply>;
  call(route: RouteReference, args: unknown[], options?: CallOptions): Promise<unknown>;
  async call(route: RouteReference, args: unknown[], options: CallOptions = {}): Promise<unknown> {
    this.#connection ??= this.#connect();
    const attempts = this.#attempts(this.#connection, describe(++this.#lastCall, route, args, options), options);
    this.#underWay.add(attempts);
    let reply: Response;
    try {
      reply = await attempts;
    } finally {
      this.#underWay.delete(attempts);
    }
    const data = route.decodeReply(reply.data);
    return options.raw ? { data, status: reply.status, headers: reply.headers } : data;
  }

  subscribe(table: string, listener: (event: TableEvent) => void, options: SubscribeOptions = {}): () => void {
    const { clock, random, warn } = this.#world;
    const { signal, onError = (error) => warn(`kontract: no more events of '${table}': ${String(error)}`) } = options;
    if (signal?.aborted) return () => undefined;
    this.#connection ??= this.#connect();
    const subscription = new Subscription({
      table,
      connection: this.#connection,
      clock,
      random,
      callId: () => ++this.#lastCall,
      listener,
      failed: onError,
    });
    const end = () => subscription.end();
    this.#subscriptions.add(subscription);
    signal?.addEventListener('abort', end, { once: true });
    void subscription.run().finally(() => {
      this.#subscriptions.delete(subscription);
      signal?.removeEventListener('abort', end);
    });
    return end;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    for (const subscription of this.#subscriptions) subscription.end();
    await this.#connection?.close();
  }

  #connect(): Connection {
    return new Connection({
      ...this.#world,
      endpoint: resolveEndpoint(this.#options),
      load: this.#load,
      stateChanged: (state) => {
        for (const listener of this.#listeners) tell(listener, state);
      },
      event: (event) => {
        for (const subscription of this.#subscriptions) subscription.event(event);
      },
    });
  }

  async #attempts(connection: Connection, call: LogicalCall, options: CallOptions): Promise<Response> {
    const { clock, random } = this.#world;
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const deadline = new Deadline(clock, timeoutMs, options.signal, () => timedOut(connection, timeoutMs));
    const { signal } = deadline;
    const budget = new RetryBudget(random);
    let isFirst = true;
    let asking = 0;
    try {
      for (;;) {
        signal.throwIfAborted();
        let session: Session | undefined;
        const ask = async (): Promise<Response> => {
          asking++;
          try {
            session = connection.session ?? (await connection.open(signal));
            return await attempt(connection, session, call, deadline);
          } finally {
            asking--;
          }
        };
        try {
          return await (isFirst ? askTwice(clock, timeoutMs / 3, ask) : ask());
        } catch (error) {
          isFirst = false;
          if (signal.aborted) throw signal.reason;
          // Without a session it has been tried often enough.
          if (!session) throw explain(error);
          const verdict = budget.judge(error);
          if (verdict.retry === 'never') throw verdict.error;
          // A connection that is gone is waited for anyway.
          if (verdict.retry === 'later' && !session.isOver) await deadline.sleep(verdict.delayMs);
        }
      }
    } finally {
      deadline.end(asking > 0);
    }
  }
}

/** One attempt: a response, or the error it came to. */
async function attempt(
  connection: Connection,
  session: Session,
  call: LogicalCall,
  { signal, remainingMs }: Deadline,
): Promise<Response> {
  const reply = await session.exchange({ ...call, deadlineMs: Math.ceil(remainingMs) }, signal);
  connection.improve();
  if (reply.kind === 'response') return reply;
  if (reply.kind !== 'error') throw new SessionExpiredError();
  // A session has one user, and this one is refused: the next session asks for a token again.
  if (reply.code === 'UNAUTHORIZED' || reply.code === 'SESSION_EXPIRED') connection.drop(session);
  throw errorFrom(reply.code, reply.status, reply.message, reply.stack);
}

function timedOut(connection: Connection, timeoutMs: number): unknown {
  if (connection.isOffline) {
    return new OfflineError(`No network for ${timeoutMs} ms: the call was not sent, try again when there is one`);
  }
  const problem = connection.session ? undefined : connection.problem;
  if (problem === undefined) return new TimeoutError(`No reply within ${timeoutMs} ms`);
  const told = explain(problem);
  const error = new TimeoutError(
    `No connection within ${timeoutMs} ms: ${told instanceof Error ? told.message : String(told)}`,
  );
  error.cause = problem;
  return error;
}
