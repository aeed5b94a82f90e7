/**
 * Calls as JSON over HTTPS: a document in, checked and read by the route's own codecs, and one out.
 * `docs/http.md` says how values are written.
 */
import { encodeFromJson } from '../codec/index.js';
import type { DispatchResult } from '../native/types.js';
import { HttpError } from '../shared/index.js';
import type { RouteCodec } from './module.js';

/** The other half of a route's codec, as `client/routes.js` has it. */
export interface PlainCodec {
  encodeArgs(args: unknown[]): Uint8Array;
  decodeReply(bytes: Uint8Array): unknown;
}

/** The arguments in a body: `{"args":[…]}` lists them, anything else is the only one, nothing is none. */
export function argsOf(codec: RouteCodec, plain: PlainCodec, body: Uint8Array): unknown[] {
  const args = list(document(body));
  let read: unknown[];
  try {
    read = codec.decodeArgs(encodeFromJson((values) => plain.encodeArgs(values), args));
  } catch (error) {
    const known = error instanceof Error && 'path' in error;
    throw invalid(known ? error.message : 'The arguments cannot be read');
  }
  if (args.length > read.length) throw invalid(`args: expected ${read.length} at most, got ${args.length}`);
  return read;
}

/** Statuses whose replies have no body (RFC 9110 section 15). */
const EMPTY = new Set([204, 205, 304]);

/** What the caller gets: what a client would, no more, as JSON; text of another type as it is. */
export function plainReply(
  codec: RouteCodec,
  plain: PlainCodec,
  data: unknown,
  status: number,
  given: Record<string, string>,
): DispatchResult {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`A reply over HTTP has a status from 200 to 599, not ${status}`);
  }
  // Throws for what is no header: now, not when the call has taken effect.
  const headers = new Headers(given);
  for (const name of ['content-length', 'transfer-encoding', 'connection', 'upgrade', 'trailer']) {
    if (headers.has(name)) throw new TypeError(`A reply cannot set the header ${name}`);
  }
  const value = plain.decodeReply(codec.encodeReply(data));
  if (EMPTY.has(status) || (status >= 300 && status < 400 && (value === null || value === undefined))) {
    headers.delete('content-type');
    return { ok: true, reply: new Uint8Array(), status, headers: [...headers] };
  }
  const type = headers.get('content-type');
  if (type === null) headers.set('content-type', 'application/json');
  const asIs = type !== null && !/^application\/([\w.-]+\+)?json\b/i.test(type);
  return { ok: true, reply: bodyOf(value, asIs), status, headers: [...headers] };
}

function bodyOf(value: unknown, asIs: boolean): Uint8Array {
  if (asIs && value instanceof Uint8Array) return value;
  return new TextEncoder().encode(asIs && typeof value === 'string' ? value : toJson(value));
}

/** Dates as RFC 3339, 64-bit integers as digits in text, bytes as base64. */
export function toJson(value: unknown): string {
  return JSON.stringify(plainValue(value) ?? null);
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => plainValue(item) ?? null);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
}

function document(body: Uint8Array): unknown {
  if (body.length === 0) return { args: [] };
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalid('The body is not JSON');
  }
}

function list(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [value];
  const { args } = value as { args?: unknown };
  return Array.isArray(args) && Object.keys(value).length === 1 ? args : [value];
}

function invalid(message: string): HttpError {
  return new HttpError(message, 400, 'INVALID_REQUEST');
}
