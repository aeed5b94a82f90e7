/** What a call knows about itself: the `ctx` of backend functions and middleware (spec 7.1). */
import type { NativeCall } from '../native/types.js';
import type { RouteMeta } from './module.js';

export interface Context {
  readonly sid: string;
  /** The tenant whose rows the call sees. */
  readonly owner: string;
  /** The user: the token's `sub`. */
  readonly sub: string;
  readonly groups: readonly string[];
  /** The most this call may do: R 4, W 2, X 1. */
  readonly perm: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly route: Readonly<RouteMeta & { id: string }>;
  /** 1 for the first attempt; a call that conflicts with another is run again. */
  readonly attempt: number;
  /** The snapshot this call reads at. Throws in a route whose use of it the compiler could not see. */
  readonly currentTxid: bigint;
  /** The same, fetched when asked for. */
  txid(): Promise<bigint>;
}

export async function createContext(call: NativeCall, meta: RouteMeta): Promise<Context> {
  const { ctx } = call;
  let fetched = meta.usesTxid ? await call.currentTxid() : undefined;
  return {
    sid: ctx.sid,
    owner: ctx.owner,
    sub: ctx.sub,
    groups: Object.freeze([...ctx.groups]),
    perm: ctx.perm,
    method: ctx.method,
    path: ctx.path,
    headers: headersOf(ctx.headers),
    route: Object.freeze({ ...meta, id: call.route }),
    attempt: call.attempt,
    get currentTxid() {
      if (fetched === undefined) {
        throw new Error('ctx.currentTxid has not been fetched in this call: use `await ctx.txid()`');
      }
      return fetched;
    },
    txid: async () => (fetched ??= await call.currentTxid()),
  };
}

/** Metadata comes from the client: a pair that is no valid header is left out, not an error. */
function headersOf(pairs: readonly [string, string][]): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) {
    try {
      headers.append(name, value);
    } catch {
      // Not a header name or value by the fetch standard; nothing could have asked for it.
    }
  }
  return headers;
}
