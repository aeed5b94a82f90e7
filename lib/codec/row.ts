/**
 * Pieces of rows: from values to JSON text, and back what JSON has no form for. A date is its
 * milliseconds, a bigint an exact integer, bytes are base64.
 */
import { stringify } from './any-json.js';
import { CodecError, unexpected, within } from './error.js';
import { LONG } from './json.js';
import { INT64_MAX, INT64_MIN, UINT64_MAX } from './limits.js';
import { notOneOf, wrongLength } from './writer.js';

export function object(value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected('an object', value);
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw unexpected('string', value);
  // PostgreSQL's jsonb takes neither (postgresql.org/docs, "JSON Types").
  if (value.includes('\0')) throw new CodecError('a string with a NUL character');
  const quoted = JSON.stringify(value);
  if (/\\ud[89a-f]/.test(quoted) && /\p{Surrogate}/u.test(value)) throw new CodecError('half of a surrogate pair');
  return quoted;
}

export function number(value: unknown): string {
  if (typeof value !== 'number') throw unexpected('number', value);
  if (!Number.isFinite(value)) throw new CodecError('a number that is not finite');
  return Object.is(value, -0) ? '0' : String(value);
}

export function boolean(value: unknown): string {
  if (typeof value !== 'boolean') throw unexpected('boolean', value);
  return value ? 'true' : 'false';
}

export function bigint(value: unknown): string {
  if (typeof value !== 'bigint') throw unexpected('bigint', value);
  if (value < INT64_MIN || value > INT64_MAX) throw new CodecError('does not fit into 64 bits');
  return value.toString();
}

export function biguint(value: unknown): string {
  if (typeof value !== 'bigint') throw unexpected('bigint', value);
  if (value < 0n || value > UINT64_MAX) throw new CodecError('does not fit into 64 bits without a sign');
  return value.toString();
}

export function date(value: unknown): string {
  if (!(value instanceof Date)) throw unexpected('Date', value);
  const time = value.getTime();
  if (Number.isNaN(time)) throw new CodecError('an invalid date');
  return String(time);
}

export function bytes(value: unknown): string {
  if (!(value instanceof Uint8Array)) throw unexpected('Uint8Array', value);
  let binary = '';
  for (let i = 0; i < value.length; i += 0x2000) {
    binary += String.fromCharCode(...value.subarray(i, i + 0x2000));
  }
  return `"${btoa(binary)}"`;
}

export function fromBase64(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw unexpected('base64', value);
  const binary = atob(value);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}

export function list(value: unknown, item: (value: unknown) => string): string {
  if (!Array.isArray(value)) throw unexpected('an array', value);
  let items = '';
  for (let i = 0; i < value.length; i++) {
    try {
      items += (i === 0 ? '' : ',') + item(value[i]);
    } catch (error) {
      throw within(error, '', i);
    }
  }
  return `[${items}]`;
}

export function record(value: unknown, item: (value: unknown) => string): string {
  object(value);
  const parts: string[] = [];
  for (const [key, entry] of Object.entries(value as object)) {
    if (key === '__proto__') throw new CodecError('a key called __proto__');
    try {
      parts.push(`${text(key)}:${item(entry)}`);
    } catch (error) {
      throw within(error, `[${JSON.stringify(key)}]`, -1);
    }
  }
  return `{${parts.join(',')}}`;
}

export function fromRecord(value: unknown, item: (value: unknown) => unknown): Record<string, unknown> {
  object(value);
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value as object)) out[key] = item(entry);
  return out;
}

/** One of a type's literals. */
export function literal(value: unknown, literals: readonly unknown[]): string {
  if (!literals.includes(value)) throw notOneOf(value, literals);
  return typeof value === 'string' ? text(value) : String(value);
}

export function tuple(value: unknown, least: number, most: number): void {
  if (!Array.isArray(value)) throw unexpected('an array', value);
  if (value.length < least || value.length > most) throw wrongLength(value.length, least, most);
}

/** A value without a type. */
export function json(value: unknown): string {
  const out = stringify(value);
  if (out.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(out)) {
    throw new CodecError('a string with a NUL character');
  }
  return out;
}

/** Whether {@link parse} left an integer as its digits. */
export function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(LONG);
}

/** A number as one, anything else as it is. */
export function toNumber(value: unknown): unknown {
  return isLong(value) ? Number((value as string).slice(1)) : value;
}

export function toBigint(value: unknown): bigint {
  return BigInt(isLong(value) ? (value as string).slice(1) : (value as number));
}

/** A value without a type, its long integers as the numbers they are in JavaScript. */
export function fromJson(value: unknown): unknown {
  if (typeof value === 'string') return toNumber(value);
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromJson(inner)]));
}
