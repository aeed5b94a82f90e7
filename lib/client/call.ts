/** What is called, and how: from what the caller gave to what every attempt has in common. */
import type { CallFrame } from './engine.js';

/** What a client needs to know of a route; the compiler writes these. */
export interface RouteReference {
  id: string;
  /** Schema hash, 16 hex digits. */
  hash: string;
  perm: number;
  egroup: string | null;
  encodeArgs(args: unknown[]): Uint8Array;
  decodeReply(bytes: Uint8Array): unknown;
}

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

export interface Reply<T = unknown> {
  data: T;
  status: number;
  headers: Record<string, string>;
}

/** What stays the same through all attempts. */
export type LogicalCall = Omit<CallFrame, 'token' | 'deadlineMs'>;

/** Budgets of `crates/raystream/raystream.fbs`. */
const MAX_METADATA = 63;
const MAX_KEY = 128;
const MAX_VALUE = 8 * 1024;
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export function describe(callId: bigint, route: RouteReference, args: unknown[], options: CallOptions): LogicalCall {
  const metadata = options.metadata ? pairs(options.metadata) : [];
  if (route.egroup) metadata.push(['egroup', route.egroup]);
  return {
    callId,
    method: route.id,
    args: route.encodeArgs(args),
    metadata,
    idempotencyKey: keyOf(options.idempotencyKey),
    schemaHash: route.hash ? BigInt(`0x${route.hash}`) : 0n,
  };
}

const utf8 = new TextEncoder();

function pairs(metadata: Readonly<Record<string, string>>): [string, string][] {
  const entries = Object.entries(metadata);
  if (entries.length > MAX_METADATA) throw new TypeError(`At most ${MAX_METADATA} metadata, not ${entries.length}`);
  for (const [key, value] of entries) {
    if (key === 'egroup') throw new TypeError("The metadata 'egroup' says which group the function belongs to");
    if (typeof value !== 'string') throw new TypeError(`The metadata '${key}' has to be text`);
    if (utf8.encode(key).length > MAX_KEY) throw new TypeError(`A metadata's name has at most ${MAX_KEY} bytes`);
    if (utf8.encode(value).length > MAX_VALUE) {
      throw new TypeError(`The metadata '${key}' is longer than ${MAX_VALUE} bytes`);
    }
  }
  return entries;
}

function keyOf(key: string | Uint8Array | undefined): Uint8Array {
  if (key === undefined) return crypto.getRandomValues(new Uint8Array(16));
  if (typeof key === 'string' && UUID.test(key)) {
    const digits = key.replaceAll('-', '');
    return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
  }
  if (key instanceof Uint8Array && key.length === 16) return key.slice();
  throw new TypeError('An idempotency key is a UUID, as text or as 16 bytes: crypto.randomUUID() makes one');
}
