/** A new session: dial, shake hands, and take over an older session where that is possible. */
import { askTwice } from './ask.js';
import type { Clock } from './clock.js';
import { EngineError, type Engine, type SessionHello, type TransportKind } from './engine.js';
import { HttpLink } from './http-link.js';
import { TransportError, type Link } from './link.js';
import type { Endpoint } from './options.js';
import { Session, type SessionEvents } from './session.js';
import { WebSocketLink } from './websocket-link.js';

/** How long a handshake may take in all: the gateway's limit is the same (protocol §7). */
const HANDSHAKE_MS = 10_000;
/** Nothing came for so long: the INIT or its answer may be lost, and another is sent beside it. */
const AGAIN_MS = 2_500;

/** Names the client in the gateway's logs. */
const BUILD_ID = 'kontract-js';

export interface Handshake {
  engine: Engine;
  endpoint: Endpoint;
  clock: Clock;
  kind: TransportKind;
  events: SessionEvents;
  /** Fires when nobody wants the session any more. */
  signal: AbortSignal;
}

/** The gateway's refusal of a handshake, and how long it wants to be left alone. */
export class Refused extends Error {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, cause: unknown) {
    super('the gateway refuses', { cause });
    this.name = 'Refused';
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Opens a session. `previous` is resumed, which works once and only while the gateway remembers it;
 * else the pins are tried in turn: between two keys, the gateway may hold either.
 */
export async function establish(to: Handshake, previous: Session | undefined): Promise<Session> {
  const token = await to.endpoint.token();
  // A session belongs to one user: another token may be another's.
  if (previous && previous.token === token) {
    try {
      return await greet(to, previous.pin, token, previous);
    } catch (error) {
      // Forgotten, or resumed before: a session of its own.
      if (!(error instanceof EngineError || error instanceof Refused)) throw error;
    }
  }
  let refused: unknown;
  for (const pin of to.endpoint.pins) {
    try {
      return await greet(to, pin, token, undefined);
    } catch (error) {
      if (!(error instanceof EngineError || error instanceof Refused)) throw error;
      refused = error;
    }
  }
  throw refused;
}

/**
 * Opens a session with the gateway of this pin. A network that swallows packets says nothing, so a second handshake,
 * with a key pair and a connection of its own, starts beside one that takes long: whichever is answered first is taken,
 * and nothing is left of the other. On a slow network that is still the first.
 */
async function greet(
  to: Handshake,
  pin: Uint8Array,
  token: string | undefined,
  previous: Session | undefined,
): Promise<Session> {
  const { engine, endpoint, clock, events } = to;
  const limit = new AbortController();
  const stop = () => limit.abort(to.signal.reason);
  const cancel = clock.after(HANDSHAKE_MS, () =>
    limit.abort(
      new TransportError(`${endpoint.url} did not answer the handshake within ${HANDSHAKE_MS / 1000} s`, true),
    ),
  );
  if (to.signal.aborted) stop();
  to.signal.addEventListener('abort', stop, { once: true });
  // What resumes a session works once: who asks again asks for one of its own.
  let resumes = previous;
  const ask = () => {
    const from = resumes;
    resumes = undefined;
    return shake(to, pin, from, limit);
  };
  try {
    const shaken = await askTwice(clock, AGAIN_MS, ask);
    return new Session({ ...shaken, engine, clock, pin, token, heartbeatMs: endpoint.heartbeatMs }, events);
  } finally {
    cancel();
    to.signal.removeEventListener('abort', stop);
  }
}

interface Shaken {
  link: Link;
  handle: number;
  hello: SessionHello;
}

/** One handshake. The first to get through ends all others of this `limit`. */
async function shake(
  { engine, endpoint, kind }: Handshake,
  pin: Uint8Array,
  previous: Session | undefined,
  limit: AbortController,
): Promise<Shaken> {
  const { signal } = limit;
  let link: Link | undefined;
  let handle: number | undefined;
  try {
    link = kind === 'http' ? new HttpLink(endpoint) : await WebSocketLink.dial(endpoint, signal);
    const input = { pin, buildId: BUILD_ID, transport: kind };
    // Only now: what resumes a session is used up by this, whatever becomes of it.
    const init = await (previous ? engine.resume(previous.handle, input) : engine.start(input));
    ({ handle } = init);
    const response = await link.greet(init.frame, signal);
    const started = handle;
    handle = undefined;
    const hello = await engine.finish(started, response);
    handle = started;
    // Another may have got through while this one's answer was opened.
    signal.throwIfAborted();
    limit.abort(new TransportError('another handshake was quicker', true));
    return { link, handle, hello };
  } catch (error) {
    if (handle !== undefined) engine.free(handle);
    link?.close();
    const wait = link?.retryAfterMs ?? 0;
    throw wait > 0 && error instanceof EngineError ? new Refused(wait, error) : error;
  }
}
