/** What the compiled client of a project stands on: stubs, `api` and `kontract`. */
import { createClient, type CallOptions, type Client, type Reply, type RouteReference } from './client.js';
import type { ClientOptions } from './options.js';

export interface RpcConfig {
  url?: string | undefined;
  pins: string[];
  mode?: string | undefined;
}

export interface Callable {
  (...args: unknown[]): Promise<unknown>;
  /** Resolves to the status and headers as well. */
  raw(...args: unknown[]): Promise<Reply>;
}

export interface Api {
  readonly [name: string]: Callable & Api;
}

export interface Kontract {
  /** Before the first call, or between calls: the next call starts a session with these. */
  configure(options: ClientOptions): void;
}

export interface Rpc {
  /** What a stub calls. */
  __kontract_rpc(id: string, args: unknown[], meta?: { egroup?: string }): Promise<unknown>;
  api: Api;
  kontract: Kontract;
}

export function createRpc(config: RpcConfig, routes: Record<string, RouteReference>): Rpc {
  let options: ClientOptions = { url: config.url, pins: config.pins };
  let client: Client | undefined;
  const call = async (id: string, args: unknown[], callOptions?: CallOptions): Promise<unknown> => {
    const route = Object.hasOwn(routes, id) ? routes[id] : undefined;
    if (!route) throw new TypeError(`There is no backend function '${id}' in this build`);
    client ??= createClient(options);
    return await client.call(route, args, callOptions);
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
      },
    },
  };
}

/** Functions by their route ids; a dot in an id is a level. */
function apiOf(ids: string[], call: (id: string, args: unknown[], options?: CallOptions) => Promise<unknown>): Api {
  const api = Object.create(null) as Record<string, unknown>;
  for (const id of ids) {
    const levels = id.split('.');
    const name = levels.pop()!;
    let level = api;
    for (const part of levels) level = (level[part] ??= Object.create(null)) as Record<string, unknown>;
    const callable = async (...args: unknown[]): Promise<unknown> => await call(id, args);
    level[name] = Object.assign(callable, {
      raw: async (...args: unknown[]) => (await call(id, args, { raw: true })) as Reply,
    });
  }
  return api as Api;
}
