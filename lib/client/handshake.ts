/** A new session: dial, shake hands, and take over an older session where that is possible. */
import type { Clock } from './clock.js';
import { EngineError, type Engine, type TransportKind } from './engine.js';
import { HttpLink } from './http-link.js';
import { TransportError, type Link } from './link.js';
import type { Endpoint } from './options.js';
import { Session, type SessionEvents } from './session.js';
import { WebSocketLink } from './websocket-link.js';

const HANDSHAKE_MS = 10_000;

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

async function greet(
  to: Handshake,
  pin: Uint8Array,
  token: string | undefined,
  previous: Session | undefined,
): Promise<Session> {
  const { engine, endpoint, clock, kind } = to;
  const limit = new AbortController();
  const stop = () => limit.abort(to.signal.reason);
  const cancel = clock.after(HANDSHAKE_MS, () =>
    limit.abort(
      new TransportError(`${endpoint.url} did not answer the handshake within ${HANDSHAKE_MS / 1000} s`, true),
    ),
  );
  if (to.signal.aborted) stop();
  to.signal.addEventListener('abort', stop, { once: true });
  let link: Link | undefined;
  let handle: number | undefined;
  try {
    link = kind === 'http' ? new HttpLink(endpoint) : await WebSocketLink.dial(endpoint, limit.signal);
    const hello = { pin, buildId: BUILD_ID, transport: kind };
    // Only now: what resumes a session is used up by this, whatever becomes of it.
    const init = await (previous ? engine.resume(previous.handle, hello) : engine.start(hello));
    ({ handle } = init);
    const response = await link.greet(init.frame, limit.signal);
    const started = handle;
    handle = undefined;
    const opened = await engine.finish(started, response);
    const { heartbeatMs } = endpoint;
    return new Session({ engine, handle: started, hello: opened, link, clock, pin, token, heartbeatMs }, to.events);
  } catch (error) {
    if (handle !== undefined) engine.free(handle);
    link?.close();
    const wait = link?.retryAfterMs ?? 0;
    throw wait > 0 && error instanceof EngineError ? new Refused(wait, error) : error;
  } finally {
    cancel();
    to.signal.removeEventListener('abort', stop);
  }
}
