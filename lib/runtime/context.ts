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
  /** The bytes of a call as JSON, as they came: what webhooks sign. Else null. */
  readonly body: Uint8Array | null;
  readonly route: Readonly<RouteMeta & { id: string }>;
  /** 1 for the first attempt; a call that conflicts with another is run again. */
  readonly attempt: number;
  /** The snapshot this call reads at. Throws in a route whose use of it the compiler could not see. */
  readonly currentTxid: bigint;
  /** The same, fetched when asked for. */
  txid(): Promise<bigint>;
}

/** `txid` is fetched beforehand for routes that use it (`meta.usesTxid`). */
export function createContext(call: NativeCall, meta: RouteMeta, txid: bigint | undefined): Context {
  return new CallContext(call, meta, txid);
}

/** What most calls never look at is made when it is looked at. */
class CallContext implements Context {
  readonly #call: NativeCall;
  readonly #meta: RouteMeta;
  #txid: bigint | undefined;
  #headers: Headers | undefined;
  #route: Context['route'] | undefined;
  readonly sid: string;
  readonly owner: string;
  readonly sub: string;
  readonly groups: readonly string[];
  readonly perm: number;
  readonly method: string;
  readonly path: string;
  readonly attempt: number;

  constructor(call: NativeCall, meta: RouteMeta, txid: bigint | undefined) {
    const { ctx } = call;
    this.#call = call;
    this.#meta = meta;
    this.#txid = txid;
    this.sid = ctx.sid;
    this.owner = ctx.owner;
    this.sub = ctx.sub;
    this.groups = Object.freeze(ctx.groups);
    this.perm = ctx.perm;
    this.method = ctx.method;
    this.path = ctx.path;
    this.attempt = call.attempt;
  }

  get headers(): Headers {
    return (this.#headers ??= headersOf(this.#call.headers));
  }

  get body(): Uint8Array | null {
    return this.#call.isJson ? this.#call.args : null;
  }

  get route(): Context['route'] {
    return (this.#route ??= Object.freeze({ ...this.#meta, id: this.#call.route }));
  }

  get currentTxid(): bigint {
    if (this.#txid === undefined) {
      throw new Error('ctx.currentTxid has not been fetched in this call: use `await ctx.txid()`');
    }
    return this.#txid;
  }

  async txid(): Promise<bigint> {
    return (this.#txid ??= await this.#call.currentTxid());
  }
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
