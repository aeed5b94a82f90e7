/**
 * Values as JSON writes them, for a codec that knows the types: where a type has what JSON lacks, its
 * text stands for it. The way in for callers that have JSON and nothing else.
 */
import { CodecError, unexpected } from './error.js';
import { Writer, writingWith } from './writer.js';

/** Encodes arguments that came as JSON by the route's own codec, which checks them. */
export function encodeFromJson(encodeArgs: (args: unknown[]) => Uint8Array, args: unknown[]): Uint8Array {
  return writingWith(new JsonWriter(), () => encodeArgs(args));
}

/** RFC 3339, with a zone: a time without one would be the server's. */
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** A 64-bit number has twenty characters at most: more need not be read. */
const INTEGER = /^-?\d{1,20}$/;

class JsonWriter extends Writer {
  override date(at: number, value: unknown): void {
    if (typeof value !== 'string') throw unexpected('a date as text, such as "2026-01-31T12:00:00Z"', value);
    const date = new Date(value);
    if (!DATE.test(value) || Number.isNaN(date.getTime())) {
      throw new CodecError('expected a date such as "2026-01-31" or "2026-01-31T12:00:00Z"');
    }
    super.date(at, date);
  }

  override bigint(at: number, value: unknown): void {
    super.bigint(at, exact(value));
  }

  override biguint(at: number, value: unknown): void {
    super.biguint(at, exact(value));
  }

  override bytesOf(at: number, value: unknown): void {
    if (typeof value !== 'string') throw unexpected('bytes as base64 text', value);
    if (!BASE64.test(value) || value.length % 4 === 1) throw new CodecError('expected base64');
    super.bytesOf(
      at,
      Uint8Array.from(atob(value), (unit) => unit.charCodeAt(0)),
    );
  }
}

/** Digits as text; a number only where JSON's numbers are exact. */
function exact(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && INTEGER.test(value)) return BigInt(value);
  if (typeof value === 'number' || typeof value === 'string') {
    throw new CodecError('expected a whole number; beyond 2^53 as text, such as "9007199254740993"');
  }
  throw unexpected('a whole number, as text where it is long', value);
}
