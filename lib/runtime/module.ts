/** The shape of what the compiler emits as `server/index.js` (`docs/design/interfaces.md` section 1). */
import type { Handler } from './compose.js';

export interface RouteMeta {
  egroup?: string | null;
  ugroup?: string | null;
  /** Permission mask: R 4, W 2, X 1. */
  perm?: number;
  /** Its middleware, outermost first: `<file>#<index>`. */
  middleware?: readonly string[];
  /** True when the compiler saw `ctx.currentTxid`: it is fetched before the handler runs. */
  usesTxid?: boolean;
}

export interface Route {
  handler: Handler;
  meta: RouteMeta;
}

/** Values to the JSON text of a row and back; `partial` allows missing fields (updates). */
export interface TableCodec {
  primkey: string;
  toRow(value: unknown, partial?: boolean): string;
  fromRow(json: string): unknown;
  /** The conditions of a filter: `[[["age"],"gte",18]]`. */
  toFilter(filter: unknown): string;
  /** Throws a `PermissionError` when `value` changes a field of `stored` that cannot be written. */
  guard?(value: unknown, stored: unknown): void;
}

export interface RouteCodec {
  decodeArgs(bytes: Uint8Array): unknown[];
  encodeReply(value: unknown): Uint8Array;
}

export interface ServerModule {
  routes: ReadonlyMap<string, Route>;
  tables: Readonly<Record<string, TableCodec>>;
  codecs: Readonly<Record<string, RouteCodec>>;
}
