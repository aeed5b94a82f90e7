/** What the compiled client of a project stands on: stubs, `api` and `kontract`. */
import type { CallOptions, Reply, RouteReference } from './call.js';
import type { Client } from './client.js';
import type { ConnectionState } from './connection.js';
import { tell } from './listeners.js';
import type { ClientOptions } from './options.js';
import type { SubscribeOptions, TableEvent } from './subscription.js';

export interface RpcConfig {
  url?: string | undefined;
  pins: string[];
  mode?: string | undefined;
}

export interface Callable {
  (...args: unknown[]): Promise<unknown>;
  /** Resolves to the status and headers as well. */
  raw(...args: unknown[]): Promise<Reply>;
  /** The same function, called with these options. */
  with(options: Omit<CallOptions, 'raw'>): Callable;
}

export interface Api {
  readonly [name: string]: Callable & Api;
}

export interface Kontract {
  /** Before the first call, or between calls: the next call starts a session with these. */
  configure(options: ClientOptions): void;
  /** Tells of every change of a table until what it returns is called; sessions come and go below. */
  subscribe(table: string, listener: (event: TableEvent) => void, options?: SubscribeOptions): () => void;
  readonly state: ConnectionState;
  /** Calls back at every change, also after `configure`; returns what ends that. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Lets calls under way end, then ends subscriptions and session. A later call starts a new one. */
  close(): Promise<void>;
}

export interface Rpc {
  /** What a stub calls. */
  __kontract_rpc(id: string, args: unknown[], meta?: { egroup?: string }): Promise<unknown>;
  api: Api;
  kontract: Kontract;
}

export function rpcOn(
  create: (options: ClientOptions) => Client,
  config: RpcConfig,
  routes: Record<string, RouteReference>,
): Rpc {
  let options: ClientOptions = { url: config.url, pins: config.pins };
  let client: Client | undefined;
  let state: ConnectionState = 'idle';
  const listeners = new Set<(state: ConnectionState) => void>();
  const followed = new Set<Following>();
  const follow = (next: ConnectionState) => {
    if (next === state) return;
    state = next;
    for (const listener of listeners) tell(listener, next);
  };
  const current = (): Client => {
    if (client) return client;
    const made = create(options);
    // Of a client that has been replaced nobody wants to hear.
    made.onState((next) => client === made && follow(next));
    return (client = made);
  };
  const call = async (id: string, args: unknown[], callOptions?: CallOptions): Promise<unknown> => {
    const route = Object.hasOwn(routes, id) ? routes[id] : undefined;
    if (!route) throw new TypeError(`There is no backend function '${id}' in this build`);
    return await current().call(route, args, callOptions);
  };

  return {
    __kontract_rpc: (id, args) => call(id, args),
    api: apiOf(Object.keys(routes), call),
    kontract: {
      configure(changes) {
        const given = Object.entries(changes).filter(([, value]) => value !== undefined);
        options = { ...options, ...Object.fromEntries(given) };
        void client?.close();
        client = undefined;
        follow('idle');
        // Another user or another gateway: they begin anew, and say so with `open`.
        for (const following of followed) following.end = current().subscribe(...following.given);
      },
      subscribe(...given) {
        const following: Following = { given, end: current().subscribe(...given) };
        followed.add(following);
        return () => {
          followed.delete(following);
          following.end();
        };
      },
      get state() {
        return state;
      },
      onState(listener) {
        const own = (next: ConnectionState) => listener(next);
        listeners.add(own);
        return () => listeners.delete(own);
      },
      async close() {
        followed.clear();
        await client?.close();
      },
    },
  };
}

/** A subscription that outlives the client it was made on. */
interface Following {
  given: Parameters<Kontract['subscribe']>;
  end: () => void;
}

type Call = (id: string, args: unknown[], options?: CallOptions) => Promise<unknown>;

/** Functions by their route ids; a dot in an id is a level. */
function apiOf(ids: string[], call: Call): Api {
  const api = Object.create(null) as Record<string, unknown>;
  for (const id of ids) {
    const levels = id.split('.');
    const name = levels.pop()!;
    let level = api;
    for (const part of levels) level = (level[part] ??= Object.create(null)) as Record<string, unknown>;
    level[name] = callableOf(id, call, undefined);
  }
  return api as Api;
}

function callableOf(id: string, call: Call, options: CallOptions | undefined): Callable {
  const callable = async (...args: unknown[]): Promise<unknown> => await call(id, args, options);
  return Object.assign(callable, {
    raw: async (...args: unknown[]) => (await call(id, args, { ...options, raw: true })) as Reply,
    with: (more: CallOptions) => callableOf(id, call, { ...options, ...more }),
  });
}
