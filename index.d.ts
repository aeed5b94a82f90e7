/**
 * The public types of Kontract. `kontract`, `kontract/client` and `kontract/runtime` share them; what
 * a project adds (`Register`, `StorageRegistry`) is generated into `src/.kontract/types.d.ts`.
 */

// ── What the project adds ────────────────────────────────────────────────────────────────────────

/** Augmented by generated types: `{ api: { addTodo(text: string): Promise<Todo> } }`. */
export interface Register {}

/** Augmented by generated types: a table's name to its row's type. */
export interface StorageRegistry {}

// ── Calling ──────────────────────────────────────────────────────────────────────────────────────

/** A reply with what came with it. */
export interface Reply<T> {
  data: T;
  status: number;
  headers: Record<string, string>;
}

type AnyFunction = (...args: never[]) => Promise<unknown>;

/**
 * A backend function as its callers see it. `raw` resolves to the status and headers as well, `with`
 * is the same function called with options: `api.save.with({ timeoutMs: 5_000 })(draft)`.
 */
export type Callable<F> = F extends (...args: infer Args) => Promise<infer Data>
  ? F & { raw(...args: Args): Promise<Reply<Data>>; with(options: Omit<CallOptions, 'raw'>): Callable<F> }
  : never;

type Routes<R> = {
  readonly [Name in keyof R]: R[Name] extends AnyFunction ? Callable<R[Name]> : Routes<R[Name]>;
};

/** Every backend function of the project. */
export type Api = Routes<Register extends { api: infer Registered } ? Registered : {}>;

/** The project's backend functions, called over an end-to-end encrypted session. No I/O before the first call. */
export const api: Api;

/** A bearer token, or what gives the current one. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

export interface ClientOptions {
  /** Where the gateway is. Default: the page's origin; in Node `KONTRACT_URL`, else `http://127.0.0.1:4400`. */
  url?: string | undefined;
  /** The gateway's public keys, base64url: the current one and at most one next. */
  pins?: string[] | undefined;
  /** Who is calling; asked once per session. */
  token?: Token | undefined;
  /**
   * Default `auto`: in pages HTTP at once and a WebSocket as soon as there is one, elsewhere HTTP.
   * With `websocket` a Node program ends only after `close()`.
   */
  transport?: 'auto' | 'websocket' | 'http' | undefined;
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Default: the runtime's. Node 20 has none: give it the one of `ws`. */
  WebSocket?: WebSocketConstructor | undefined;
  /** How often a WebSocket is asked whether it is alive, in milliseconds. Default 60 000. */
  heartbeatMs?: number | undefined;
}

/** As much of a WebSocket as is needed; browsers', Node's and those of packages all have it. */
export interface WebSocketLike {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/**
 * - `idle`: nothing was asked for yet, or it ended by itself.
 * - `connecting`, `open`: a first session is on its way, a session is there.
 * - `reconnecting`: it was lost, another is on its way; calls wait for it.
 * - `offline`: this machine has no network; calls wait for one.
 * - `closed`: by `close()`. A call opens it again.
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'offline' | 'closed';

/** What a row is in events: what JSON makes of it. Dates are milliseconds, bytes base64, whole numbers exact up to 2⁵³. */
export type EventData = { [field: string]: Json };

/**
 * - `open`: events come from here on; what was there before is read as always.
 * - `insert`, `update`: the row as it is now; without `data` where it is too large for a frame.
 * - `delete`: the row is gone.
 * - `resync`: what happened since the last event is not known any more. Read anew.
 */
export type TableEvent =
  | { type: 'open' }
  | { type: 'insert' | 'update'; id: string; data?: EventData }
  | { type: 'delete'; id: string }
  | { type: 'resync' };

export interface SubscribeOptions {
  /** Ends the subscription, as what `subscribe` returns does. */
  signal?: AbortSignal | undefined;
  /** Told once, when it ends for good: the table may not be read, or is not there. Default: a warning. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface Connected {
  readonly state: ConnectionState;
  /** Calls back at every change; returns what ends that. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Lets calls under way end, then ends subscriptions and session. A later call starts a new one. */
  close(): Promise<void>;
}

export interface Kontract extends Connected {
  /** Before the first call, or between calls: the next call starts a session with these. */
  configure(options: ClientOptions): void;
  /** Tells of every change of a table until what it returns is called. Lost connections lose no event. */
  subscribe<Table extends keyof StorageRegistry & string>(
    table: Table,
    listener: (event: TableEvent) => void,
    options?: SubscribeOptions,
  ): () => void;
}

export const kontract: Kontract;

export interface CallOptions {
  /** Stops waiting. What the server has begun it may still finish. */
  signal?: AbortSignal | undefined;
  /** How long to wait in all, retries included. Default 30 s. */
  timeoutMs?: number | undefined;
  /**
   * Two calls with one key are one: the second gets the first one's reply. A UUID as text, or its 16
   * bytes. Default: a new one for each call.
   */
  idempotencyKey?: string | Uint8Array | undefined;
  /** Seen by the function as headers: at most 63, names up to 128 bytes, values up to 8 KiB. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Resolves to a {@link Reply} instead of its data. */
  raw?: boolean | undefined;
}

/** What a client needs to know of a route; the compiler writes these. */
export interface RouteReference {
  id: string;
  hash: string;
  perm: number;
  egroup: string | null;
  encodeArgs(args: unknown[]): Uint8Array;
  decodeReply(bytes: Uint8Array): unknown;
}

export interface Client extends Connected {
  call(route: RouteReference, args: unknown[], options: CallOptions & { raw: true }): Promise<Reply<unknown>>;
  call(route: RouteReference, args: unknown[], options?: CallOptions): Promise<unknown>;
  /** Tells of every change of a table until what it returns is called. Lost connections lose no event. */
  subscribe(table: string, listener: (event: TableEvent) => void, options?: SubscribeOptions): () => void;
}

/** A client of its own, beside the one `api` uses. */
export function createClient(options: ClientOptions): Client;

// ── Backend functions ────────────────────────────────────────────────────────────────────────────

/** Three bits: read 4, write 2, execute or delete 1. */
export type Permission = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** The eight masks by their letters; `WR_` is another way to write `RW_`. */
export const perms: {
  readonly ___: 0;
  readonly __X: 1;
  readonly _W_: 2;
  readonly _WX: 3;
  readonly R__: 4;
  readonly R_X: 5;
  readonly RW_: 6;
  readonly WR_: 6;
  readonly RWX: 7;
};

export interface BackendOptions {
  /** Group the caller's token must hold. */
  ugroup?: string;
  /** The most the function may do; within what the token allows. Default `RWX`. */
  perm?: Permission;
  /** Endpoint group: part of the path, and what middleware is filtered by. */
  egroup?: string;
}

/** The standard spelling of `@backend(…)`: `export const getUser = backend({ perm: perms.R__ }, async (id: string) => …)`. */
export function backend<F extends (...args: never[]) => unknown>(options: BackendOptions, fn: F): F;

export interface RouteMetadata {
  id: string;
  perm?: Permission;
  ugroup?: string | null;
  egroup?: string | null;
  /** The route's middleware, outermost first: `<file>#<place in the list>`. */
  middleware?: readonly string[];
}

/** What a call knows about itself: `ctx` in backend functions and middleware. */
export interface Context {
  readonly sid: string;
  /** The tenant whose rows the call sees. */
  readonly owner: string;
  /** The user, the token's `sub`. */
  readonly sub: string;
  readonly groups: readonly string[];
  /** The most this call may do. */
  readonly perm: number;
  readonly method: string;
  readonly path: string;
  /**
   * Those of the HTTP request or WebSocket upgrade that carries the call, and the call's metadata. No
   * cookies, no `authorization`.
   */
  readonly headers: Headers;
  /** The bytes of a call that came as JSON over HTTPS, as they came: what webhooks sign. Else null. */
  readonly body: Uint8Array | null;
  readonly route: RouteMetadata;
  /** 1 for the first attempt: a call that conflicts with another is run again. */
  readonly attempt: number;
  /** The snapshot this call reads at. In code the compiler cannot follow, use `await ctx.txid()`. */
  readonly currentTxid: bigint;
  txid(): Promise<bigint>;
}

// ── Numbers ──────────────────────────────────────────────────────────────────────────────────────

/** The standard spelling of `@int32` and the like: a number that travels narrower, checked for its range. */
export type int8 = number;
export type int16 = number;
export type int32 = number;
export type uint8 = number;
export type uint16 = number;
export type uint32 = number;
export type float32 = number;
export type int64 = number;
export type uint64 = number;

// ── Values without a type ────────────────────────────────────────────────────────────────────────

/** Whatever JSON can hold: the opt-in for values whose shape nobody knows. At most 64 levels deep and 4 MB long. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

// ── Storage ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Comparisons of one field, all of which must hold. A value is compared with values of its own kind
 * only: text by code point (`'Z' < 'a' < 'é'`, as PostgreSQL's collation `C`), numbers, bigints and
 * dates by value, `false` before `true`. A row whose field is missing, null or of another kind passes
 * none of `gt`, `gte`, `lt` and `lte`.
 */
export interface Comparisons<Value> {
  gt?: Value | undefined;
  gte?: Value | undefined;
  lt?: Value | undefined;
  lte?: Value | undefined;
  /** Everything but this: missing and null too. `{ ne: null }` is every row that has a value. */
  ne?: Value | null | undefined;
  /** One of these; `null` among them is a missing field as well. Nothing is in an empty list. */
  in?: readonly (Value | null)[] | undefined;
}

/** What a filter may say about a field: a value or {@link Comparisons}, the fields of an object, `null` where nothing may be. */
export type Condition<Value> =
  | (null extends Value ? null : never)
  | (undefined extends Value ? null : never)
  | ConditionOf<Exclude<Value, null | undefined>>;

type ConditionOf<Value> = [Value] extends [string | number | bigint | boolean | Date]
  ? Value | Comparisons<Value>
  : [Value] extends [Uint8Array]
    ? Value | Pick<Comparisons<Value>, 'ne' | 'in'>
    : [Value] extends [readonly unknown[]]
      ? Value
      : [Exclude<Json, null>] extends [Value]
        ? Value
        : Value extends object
          ? Filter<Value>
          : Value;

/**
 * Which rows: all it says must hold, and what is `undefined` says nothing.
 * - A value: the field equals it. `null`: the field is null or missing.
 * - {@link Comparisons}: `{ age: { gte: 18, lt: 65 } }`, `{ role: { in: ['admin', 'owner'] } }`.
 * - An object: its fields, one by one: `{ address: { city: 'Rome' } }`. Fields that are not named are not looked at.
 * - A list or a `Json` value: what it holds is there, in any order, as PostgreSQL's `@>`: `{ tags: ['new'] }`.
 */
export type Filter<Row> = { [Name in keyof Row]?: Condition<Row[Name]> | undefined };

/** The fields rows can be ordered by: of one kind that has an order. */
export type Sortable<Row> = {
  [Name in keyof Row]-?: [Exclude<Row[Name], null | undefined>] extends [infer Value]
    ? [Value] extends [never]
      ? never
      : [Value] extends [string] | [number] | [bigint] | [boolean] | [Date]
        ? Name
        : never
    : never;
}[keyof Row] &
  string;

/** In which order, and how many. */
export interface QueryOptions<Row> {
  /**
   * A field; rows that have the same value keep the order they were added in. Rows without a value
   * stand behind all others. Default: the order rows were added in.
   */
  orderBy?: Sortable<Row> | undefined;
  /** `desc` is the exact reverse of `asc`, rows without a value and of the same value included. */
  direction?: 'asc' | 'desc' | undefined;
  /** At most so many rows. */
  limit?: number | undefined;
  /** So many rows are passed over first: each costs as much as one that is read. */
  offset?: number | undefined;
  /**
   * The id of a row, which need not pass the filter: the query starts behind it. Throws
   * {@link NotFoundError} when there is none.
   */
  after?: string | undefined;
}

/** One table within one call; everything a call does to tables is one transaction. */
export interface TableProxy<Row, Written = Row, Changes = Partial<Written>> {
  get(id: string): Promise<Row | null>;
  /** Writes a whole row. One that is there keeps its place in the order, a new one goes to the end. */
  set(id: string, value: Written): Promise<void>;
  /** Merges into the row, one level deep. Throws {@link NotFoundError} when there is none. */
  update(id: string, partial: Changes): Promise<void>;
  /** False when there was no such row. */
  delete(id: string): Promise<boolean>;
  /** Adds at the end; resolves to the row's id. */
  push(value: Written): Promise<string>;
  /** Takes the last row. */
  pop(): Promise<Row | null>;
  /** Takes the first row. */
  shift(): Promise<Row | null>;
  /**
   * Rows that pass the filter. The query sees the table as it stands for this call when the loop begins:
   * what the call writes in the loop is seen by the next query.
   */
  query(filter: Filter<Row>, options?: QueryOptions<Row>): AsyncIterableIterator<Row>;
  [Symbol.asyncIterator](): AsyncIterableIterator<Row>;
}

/** How a table whose fields have permissions is registered: what is read, written and changed differ. */
export interface TableTypes<Row, Written = Row, Changes = Partial<Written>> {
  readonly row: Row;
  readonly written: Written;
  readonly changes: Changes;
}

type TableOf<Entry> =
  Entry extends TableTypes<infer Row, infer Written, infer Changes>
    ? TableProxy<Row, Written, Changes>
    : TableProxy<Entry>;

/** `env.storage.todos` and `env.storage.get('todos')` are the same table. */
export type Storage = { readonly [Name in keyof StorageRegistry]: TableOf<StorageRegistry[Name]> } & {
  get<Name extends keyof StorageRegistry>(table: Name): TableOf<StorageRegistry[Name]>;
};

/** What a token that the application issues says. */
export interface NewToken {
  /** The user. */
  sub: string;
  /** The tenant whose rows the user sees. Default: the user. */
  owner?: string;
  /** What `ugroup` looks for. */
  groups?: readonly string[];
  /** The most the user's calls may do. Default: what the caller's own token allows, `RWX` without one. */
  perm?: Permission;
  /** Seconds until it ends. Default: an hour; at most thirty days. */
  ttl?: number;
}

export interface Auth {
  /**
   * A token for a user the application has recognised: the client sends it as its `token`. Signed with
   * `KONTRACT_JWT_SECRET`; never allows more than the token this call came with ({@link ForbiddenError}).
   */
  issue(token: NewToken): Promise<string>;
}

/** What a call can reach: `env` in backend functions and middleware. */
export interface Env {
  readonly storage: Storage;
  readonly auth: Auth;
}

// ── Middleware ───────────────────────────────────────────────────────────────────────────────────

/**
 * Runs around backend functions. `next()` runs what is further in and resolves to its reply; a value
 * returned replaces the reply, `undefined` leaves it.
 */
export type Middleware = (ctx: Context, next: () => Promise<unknown>, env: Env) => unknown;

export interface MiddlewareFilter {
  /** Paths the route's `/<egroup>/<id>` may start with. */
  prefixurl?: string;
  egroup?: string;
  /** Route ids. */
  endpoints?: string[];
}

export function defineMiddleware(middleware: Middleware[]): Middleware[];

/** The standard spelling of `@mwfilter(…)`. Several conditions must all match. */
export function mwfilter(filter: MiddlewareFilter, middleware: Middleware): Middleware;

// ── Replies and errors ───────────────────────────────────────────────────────────────────────────

/** A reply with a status and headers. Callers get its data; `api.f.raw()` gets all of it. */
export class HttpResp<T = unknown> {
  constructor(data: T, status?: number, headers?: Record<string, string>);
  data: T;
  status: number;
  headers: Record<string, string>;
  static ok<T>(data: T, headers?: Record<string, string>): HttpResp<T>;
  static created<T>(data: T, headers?: Record<string, string>): HttpResp<T>;
  static noContent(headers?: Record<string, string>): HttpResp<null>;
  static redirect(url: string): HttpResp<null>;
}

/** Thrown in a backend function it reaches the caller as the class its code names. */
export class HttpError extends Error {
  constructor(message: string, status: number, code?: string);
  status: number;
  code?: string;
}

export class UnauthorizedError extends HttpError {
  constructor(message?: string);
}

export class ForbiddenError extends HttpError {
  constructor(message?: string);
}

export class NotFoundError extends HttpError {
  constructor(message?: string);
}

export class PermissionError extends HttpError {
  constructor(field: string);
}

export class InvalidRequestError extends HttpError {
  constructor(message?: string);
}

export class ConflictError extends HttpError {
  constructor(message?: string);
}

/** A row of this id is there, or another row has the value of a unique field: `ALREADY_EXISTS`, 409. */
export class AlreadyExistsError extends HttpError {
  constructor(message?: string);
}

/** The client was built against other types than the server runs: reload the page. */
export class VersionSkewError extends HttpError {
  constructor(message?: string);
}

export class InternalError extends HttpError {
  constructor(message?: string);
}

export class ServiceUnavailableError extends HttpError {
  constructor(message?: string);
}

/** This machine has no network. Raised locally, with the code `OFFLINE`. */
export class OfflineError extends ServiceUnavailableError {}

export class TimeoutError extends HttpError {
  constructor(message?: string);
}

export class SessionExpiredError extends HttpError {
  constructor(message?: string);
}

/** A frame that is not what the pinned gateway sent. Raised locally, never by a peer. */
export class DecryptionError extends HttpError {
  constructor(message?: string);
}
