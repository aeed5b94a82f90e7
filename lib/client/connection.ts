/**
 * A client's connection, whichever way it goes, and what can be said of it.
 *
 * `auto` makes no call wait for a WebSocket. In a page the first call goes over HTTP: a handshake and
 * a request on a connection the browser mostly has already, two round trips, where a new socket takes
 * TCP, TLS and an upgrade before those two. The socket is opened behind the first reply, and new
 * calls go there from then on; a proxy that allows none costs nothing but another try later.
 * Elsewhere `auto` is HTTP: an open socket keeps a Node program from ending, and Workers may not keep
 * one from request to request.
 */
import type { Clock } from './clock.js';
import { EngineError, type Engine, type ReplyFrame, type TransportKind } from './engine.js';
import { establish } from './handshake.js';
import { Lane } from './lane.js';
import { TransportError } from './link.js';
import type { Network } from './network.js';
import type { Endpoint } from './options.js';
import type { Session } from './session.js';

/**
 * - `idle`: nothing was asked for yet, or it ended by itself.
 * - `connecting`, `open`: a first session is on its way, a session is there.
 * - `reconnecting`: it was lost, another is on its way.
 * - `offline`: this machine has no network; calls wait for one.
 * - `closed`: by {@link Client.close}. A call opens it again.
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'offline' | 'closed';

/** The world around a client. */
export interface Surroundings {
  clock: Clock;
  random: () => number;
  network: Network;
  isPage: () => boolean;
  warn: (message: string) => void;
}

export interface ConnectionParts extends Surroundings {
  endpoint: Endpoint;
  load: () => Promise<Engine>;
  stateChanged: (state: ConnectionState) => void;
  event: (reply: ReplyFrame & { kind: 'event' }) => void;
}

/** Between tries for a socket where there never was one; doubled each time. */
const SOCKET_AGAIN_MS = 30_000;
const SOCKET_AGAIN_MAX_MS = 600_000;

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #lanes: Record<TransportKind, Lane>;
  readonly #way: 'http' | 'websocket' | 'both';
  readonly #openings = new Set<(session: Session) => void>();
  /** Calls that wait for a network. */
  readonly #offline = new Set<() => void>();
  #state: ConnectionState = 'idle';
  #later: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #closed = false;
  #socketFrom = 0;
  #socketTries = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { transport } = parts.endpoint;
    const auto = parts.isPage() && parts.endpoint.WebSocket ? 'both' : 'http';
    this.#way = transport === 'auto' ? auto : transport;
    this.#lanes = { http: this.#lane('http'), websocket: this.#lane('websocket') };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isOffline(): boolean {
    return !this.#parts.endpoint.isLocal && !this.#parts.network.isOnline();
  }

  /** Why there is no session, if there is none. */
  get problem(): unknown {
    return this.#way === 'websocket' ? this.#lanes.websocket.problem : this.#lanes.http.problem;
  }

  /** The session for the next attempt, if it needs no waiting. */
  get session(): Session | undefined {
    if (this.#closed || this.isOffline) return undefined;
    const { http, websocket } = this.#lanes;
    if (this.#way === 'http') return http.session;
    return websocket.session ?? (this.#way === 'both' ? http.session : undefined);
  }

  /** The same, or the next there is. Rejects when it is hopeless, or with the signal's reason. */
  async open(signal: AbortSignal): Promise<Session> {
    this.#start();
    if (this.isOffline) this.#update();
    while (this.isOffline) await this.#networkChange(signal);
    const first = this.#way === 'websocket' ? this.#lanes.websocket : this.#lanes.http;
    if (this.#way !== 'both') return await first.get(signal);
    // Whichever is there first.
    return await new Promise((resolve, reject) => {
      const asking = new AbortController();
      const stop = () => asking.abort(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      const done = (act: () => void) => {
        this.#openings.delete(opened);
        signal.removeEventListener('abort', stop);
        act();
        // The other need not be looked for on behalf of this one.
        asking.abort();
      };
      const opened = (session: Session) => done(() => resolve(session));
      this.#openings.add(opened);
      first.get(asking.signal).then(opened, (error: unknown) => done(() => reject(error)));
    });
  }

  /** A reply came: the time to look for something better than what carried it. */
  improve(): void {
    const { websocket } = this.#lanes;
    if (this.#way !== 'both' || websocket.session || websocket.isOpening || this.#closed) return;
    if (this.#parts.clock.now() < this.#socketFrom) return;
    const wait = Math.min(SOCKET_AGAIN_MS * 2 ** this.#socketTries++, SOCKET_AGAIN_MAX_MS);
    this.#socketFrom = this.#parts.clock.now() + wait;
    websocket.open().catch(() => undefined);
  }

  /** The session is of no more use, as the gateway says in a reply. */
  drop(session: Session): void {
    session.retire();
    this.#lanes[session.kind].drop(session, false);
  }

  async close(): Promise<void> {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#closed = true;
    this.#update();
    await Promise.all([this.#lanes.http.close(), this.#lanes.websocket.close()]);
    this.#socketFrom = this.#socketTries = 0;
  }

  #networkChange(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#offline.delete(changed);
        signal.removeEventListener('abort', stop);
        act();
      };
      const changed = () => settle(resolve);
      const stop = () => settle(() => reject(signal.reason));
      this.#offline.add(changed);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  #start(): void {
    this.#closed = false;
    this.#unwatch ??= this.#parts.network.watch(() => {
      this.#update();
      for (const changed of this.#offline) changed();
      if (this.isOffline) return;
      this.#socketFrom = 0;
      for (const lane of Object.values(this.#lanes)) lane.hurry();
    });
  }

  #lane(kind: TransportKind): Lane {
    const { clock, random, endpoint, load } = this.#parts;
    return new Lane({
      kind,
      clock,
      random,
      keepsUp: kind === 'websocket',
      isOnline: () => !this.isOffline,
      changed: () => this.#update(),
      establish: async (_kind, previous, signal) => {
        const engine = await load();
        signal.throwIfAborted();
        return await establish({ engine, endpoint, clock, kind, signal, events: this.#events }, previous);
      },
    });
  }

  /** Everything that follows from a change in a lane. */
  #update(): void {
    const { http, websocket } = this.#lanes;
    const socket = this.#way === 'both' ? websocket.session : undefined;
    if (socket) {
      this.#socketFrom = this.#socketTries = 0;
      http.rest();
      for (const opened of this.#openings) opened(socket);
    }
    this.#tell();
  }

  #tell(): void {
    this.#later?.();
    this.#later = undefined;
    const state = this.#derive();
    if (state === this.#state) return;
    // Who lost a session mostly asks for another at once: between the two nothing is worth a word.
    if (state === 'idle') this.#later = this.#parts.clock.after(0, () => this.#settle(this.#derive()));
    else this.#settle(state);
  }

  #settle(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#parts.stateChanged(state);
  }

  #derive(): ConnectionState {
    const lanes = Object.values(this.#lanes);
    if (this.#closed) return 'closed';
    if (this.#unwatch && this.isOffline) return 'offline';
    if (lanes.some((lane) => lane.isThere)) return 'open';
    if (!lanes.some((lane) => lane.isOpening)) return 'idle';
    return lanes.some((lane) => lane.isLost) ? 'reconnecting' : 'connecting';
  }

  readonly #events = {
    over: (session: Session, error: unknown): void => {
      // A session that lives on elsewhere can be resumed; one the gateway has forgotten cannot.
      const resumable = session.kind === 'websocket' && error !== undefined && !(error instanceof EngineError);
      this.#lanes[session.kind].drop(session, resumable);
    },
    doubtful: (session: Session, error: unknown): void => {
      if (error instanceof EngineError) this.drop(session);
      else this.#lanes[session.kind].suspect(session);
    },
    due: (session: Session): void => void this.#lanes[session.kind].renew(session),
    missed: (session: Session, times: number): void => {
      const { url } = this.#parts.endpoint;
      if (times === 1) this.#parts.warn(`kontract: ${url} did not answer a heartbeat`);
      else if (times === 2) void this.#lanes[session.kind].renew(session);
      else session.abandon(new TransportError(`${url} does not answer any more`, true));
    },
    event: (reply: ReplyFrame & { kind: 'event' }): void => {
      this.improve();
      this.#parts.event(reply);
    },
  };
}
