/**
 * `kontract/testing`: backend functions called as the gateway would call them, without a gateway, a
 * database or a client. For functions that use storage, run `kontract dev` and call `api`.
 */
import type { Context, Env, Route } from '../runtime/index.js';
import { ForbiddenError, HttpResp, NotFoundError, perms } from '../shared/index.js';

/** Who calls, and with what. */
export interface Caller {
  /** The tenant. Default: `sub`, else `test`. */
  owner?: string;
  /** The user. Default: the owner. */
  sub?: string;
  groups?: readonly string[];
  /** What the caller's token allows. Default: everything. */
  perm?: number;
  headers?: HeadersInit;
  /** 2 for the second attempt of a call that met a conflict. Default 1. */
  attempt?: number;
  /** What the function finds as `env`. Default: an `env` that says it is not there. */
  env?: object;
}

export interface RawReply {
  data: unknown;
  status: number;
  headers: Record<string, string>;
}

type Routes = ReadonlyMap<string, Route>;

/**
 * Calls a backend function with its middleware: `await callRoute(routes, 'add', [1, 2], { owner: 'ada' })`.
 * `routes` is what the compiled `server/index.js` exports. Group and permission are checked as the
 * gateway checks them; resolves to the data of the reply.
 */
export async function callRoute(routes: Routes, id: string, args: unknown[], caller: Caller = {}): Promise<unknown> {
  return (await callRouteRaw(routes, id, args, caller)).data;
}

/** The same, with status and headers. */
export async function callRouteRaw(
  routes: Routes,
  id: string,
  args: unknown[],
  caller: Caller = {},
): Promise<RawReply> {
  const route = routes.get(id);
  if (!route) throw new NotFoundError(`There is no route ${id}; there are: ${[...routes.keys()].join(', ')}`);
  const ctx = contextOf(id, route, caller);
  const value = await route.handler(ctx, args, (caller.env ?? NO_ENV) as Env);
  if (value instanceof HttpResp) return { data: value.data, status: value.status, headers: value.headers };
  return { data: value, status: 200, headers: {} };
}

function contextOf(id: string, { meta }: Route, caller: Caller): Context {
  const { groups = [], perm = perms.RWX, attempt = 1 } = caller;
  const owner = caller.owner ?? caller.sub ?? 'test';
  const needed = meta.perm ?? perms.RWX;
  if (meta.ugroup && !groups.includes(meta.ugroup)) throw new ForbiddenError(`${id} is for the group ${meta.ugroup}`);
  if ((needed & ~perm) !== 0) throw new ForbiddenError(`${id} needs more than the caller may do`);
  return {
    sid: 'test',
    owner,
    sub: caller.sub ?? owner,
    groups,
    perm: needed,
    method: 'POST',
    path: meta.egroup ? `/${meta.egroup}/${id}` : `/${id}`,
    headers: new Headers(caller.headers),
    body: null,
    route: { ...meta, id },
    attempt,
    currentTxid: 0n,
    txid: async () => 0n,
  };
}

const NO_ENV = new Proxy(
  {},
  {
    get(_, name) {
      if (typeof name === 'symbol' || name === 'then') return undefined;
      throw new Error(
        `env.${name} is not there without a server: give the call one, { env: { ${name}: … } }, or test against kontract dev`,
      );
    },
  },
);
