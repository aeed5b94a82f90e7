/**
 * Writes FlatBuffers (flatbuffers.dev/internals) front to back: a table first, what it points to
 * behind it. One buffer is reused and grows; what leaves is a copy.
 */
import { CodecError, unexpected } from './error.js';
import { INT64_MAX, INT64_MIN, MAX_BYTES, MAX_DATE, MAX_DEPTH, UINT64_MAX } from './limits.js';

const utf8 = new TextEncoder();

/** Up to this length a loop is faster than the call into the platform's encoder. */
const SHORT = 48;

export class Writer {
  bytes: Uint8Array = new Uint8Array(4096);
  view: DataView = new DataView(this.bytes.buffer);
  /** Where the next thing goes. */
  at = 0;
  depth = 0;
  busy = false;

  /** The message whose root is the table at `root`. */
  finish(root: number): Uint8Array {
    this.view.setUint32(0, root, true);
    this.busy = false;
    return this.bytes.slice(0, this.at);
  }

  start(): void {
    this.at = 0;
    this.depth = 0;
    this.busy = true;
    this.reserve(4);
  }

  /** Room for a vtable and its table; the table's position. Both are zero: every field is absent. */
  table(vtable: number, size: number, wide: boolean): number {
    if (++this.depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH}: a cycle?`);
    // The table lies on 4, so that its first field lies on 8 where it is that wide.
    const place = this.at + vtable;
    const table = wide ? ((place + 11) & ~7) - 4 : (place + 3) & ~3;
    const start = table - vtable;
    this.reserve(table + size - this.at);
    const view = this.view;
    view.setUint16(start, vtable, true);
    view.setUint16(start + 2, size, true);
    view.setInt32(table, vtable, true);
    return table;
  }

  /** A table is written: its parent goes on. */
  close(): void {
    this.depth--;
  }

  /** Marks a field as present; its position. `entry` counts back from the table to its vtable entry. */
  field(table: number, entry: number, offset: number): number {
    this.view.setUint16(table - entry, offset, true);
    return table + offset;
  }

  /** Points to something already placed. */
  link(at: number, target: number): void {
    this.view.setUint32(at, target - at, true);
  }

  /** A vector of `length` elements of `size` bytes that `at` points to; the position of the first. */
  vector(at: number, length: number, size: number): number {
    const align = size > 4 ? size : 4;
    const elements = (this.at + 4 + align - 1) & ~(align - 1);
    if (length * size > MAX_BYTES) throw new CodecError(`larger than ${MAX_BYTES} bytes`);
    this.reserve(elements + length * size - this.at);
    this.view.setUint32(elements - 4, length, true);
    this.view.setUint32(at, elements - 4 - at, true);
    return elements;
  }

  text(at: number, value: unknown): void {
    if (typeof value !== 'string') throw unexpected('string', value);
    const length = value.length;
    const start = (this.at + 3) & ~3;
    const before = this.at;
    // Three bytes a UTF-16 unit at most, the length before and the zero behind.
    this.reserve(start - before + 4 + length * 3 + 1);
    const bytes = this.bytes;
    let end = start + 4;
    let i = 0;
    if (length <= SHORT) {
      for (; i < length; i++) {
        const unit = value.charCodeAt(i);
        if (unit > 127) break;
        bytes[end++] = unit;
      }
    }
    if (i < length) {
      if (!isWellFormed(value)) throw new CodecError('half of a surrogate pair');
      end = start + 4 + utf8.encodeInto(value, bytes.subarray(start + 4)).written;
    }
    bytes[end] = 0;
    this.view.setUint32(start, end - start - 4, true);
    this.view.setUint32(at, start - at, true);
    this.at = end + 1;
  }

  bytesOf(at: number, value: unknown): void {
    if (!(value instanceof Uint8Array)) throw unexpected('Uint8Array', value);
    const start = this.vector(at, value.length, 1);
    this.bytes.set(value, start);
  }

  bool(at: number, value: unknown): void {
    if (typeof value !== 'boolean') throw unexpected('boolean', value);
    this.bytes[at] = value ? 1 : 0;
  }

  float64(at: number, value: unknown): void {
    if (typeof value !== 'number') throw unexpected('number', value);
    this.view.setFloat64(at, value, true);
  }

  float32(at: number, value: unknown): void {
    if (typeof value !== 'number') throw unexpected('number', value);
    this.view.setFloat32(at, value, true);
  }

  int8(at: number, value: unknown): void {
    this.view.setInt8(at, integer(value, -0x80, 0x7f));
  }

  int16(at: number, value: unknown): void {
    this.view.setInt16(at, integer(value, -0x8000, 0x7fff), true);
  }

  int32(at: number, value: unknown): void {
    this.view.setInt32(at, integer(value, -0x80000000, 0x7fffffff), true);
  }

  uint8(at: number, value: unknown): void {
    this.view.setUint8(at, integer(value, 0, 0xff));
  }

  uint16(at: number, value: unknown): void {
    this.view.setUint16(at, integer(value, 0, 0xffff), true);
  }

  uint32(at: number, value: unknown): void {
    this.view.setUint32(at, integer(value, 0, 0xffffffff), true);
  }

  int64(at: number, value: unknown): void {
    this.long(at, integer(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
  }

  uint64(at: number, value: unknown): void {
    this.long(at, integer(value, 0, Number.MAX_SAFE_INTEGER));
  }

  bigint(at: number, value: unknown): void {
    if (typeof value !== 'bigint') throw unexpected('bigint', value);
    if (value < INT64_MIN || value > INT64_MAX) throw new CodecError('does not fit into 64 bits');
    this.view.setBigInt64(at, value, true);
  }

  biguint(at: number, value: unknown): void {
    if (typeof value !== 'bigint') throw unexpected('bigint', value);
    if (value < 0n || value > UINT64_MAX) throw new CodecError('does not fit into 64 bits without a sign');
    this.view.setBigUint64(at, value, true);
  }

  date(at: number, value: unknown): void {
    if (!(value instanceof Date)) throw unexpected('Date', value);
    const time = value.getTime();
    if (!(time >= -MAX_DATE && time <= MAX_DATE)) throw new CodecError('an invalid date');
    this.long(at, time);
  }

  /** Checks that a value is an object with fields. */
  object(value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected('an object', value);
  }

  list(value: unknown): readonly unknown[] {
    if (!Array.isArray(value)) throw unexpected('an array', value);
    return value;
  }

  /** The keys of a record. */
  keys(value: unknown): string[] {
    this.object(value);
    const keys = Object.keys(value as object);
    if (keys.includes('__proto__')) throw new CodecError('a key called __proto__');
    return keys;
  }

  /** Checks that a value is one of its type's literals. */
  one(value: unknown, literals: readonly unknown[]): unknown {
    if (!literals.includes(value)) {
      const expected = literals.map((l) => JSON.stringify(l)).join(' or ');
      throw typeof value === typeof literals[0] ? new CodecError(`expected ${expected}`) : unexpected(expected, value);
    }
    return value;
  }

  /** A whole number in 64 bits, two's complement. */
  private long(at: number, value: number): void {
    const high = Math.floor(value / 0x100000000);
    this.view.setUint32(at, value - high * 0x100000000, true);
    this.view.setInt32(at + 4, high, true);
  }

  /** Makes room for `size` more bytes, all zero: nothing of an earlier message is left in padding. */
  private reserve(size: number): void {
    const end = this.at + size;
    if (end > this.bytes.length) this.grow(end);
    this.bytes.fill(0, this.at, end);
    this.at = end;
  }

  private grow(size: number): void {
    if (size > MAX_BYTES) throw new CodecError(`larger than ${MAX_BYTES} bytes`);
    const bytes = new Uint8Array(Math.min(MAX_BYTES, Math.max(size, this.bytes.length * 2)));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

function integer(value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw unexpected('number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CodecError(`expected a whole number from ${least} to ${most}`);
  }
  return value;
}

const isWellFormed: (text: string) => boolean =
  'isWellFormed' in String.prototype
    ? (text) => (text as string & { isWellFormed(): boolean }).isWellFormed()
    : (text) => !/\p{Surrogate}/u.test(text);

let shared = new Writer();

/** A buffer that grew this large for one message is not kept for the next. */
const KEEP = 1024 * 1024;

/** A writer at the start of a message. A getter that calls while it is read gets one of its own. */
export function begin(): Writer {
  if (shared.bytes.length > KEEP) shared = new Writer();
  const writer = shared.busy ? (shared = new Writer()) : shared;
  writer.start();
  return writer;
}
