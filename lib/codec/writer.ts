/**
 * Writes FlatBuffers (flatbuffers.dev/internals) front to back: a table first, what it points to
 * behind it, and behind everything the strings, each of them once.
 *
 * Messages lie one after another in a slab of zeros; what leaves is a view of it. Nothing is copied,
 * and padding holds nothing of an earlier message.
 */
import { stringify } from './any-json.js';
import { CodecError, unexpected, within } from './error.js';
import { INT64_MAX, INT64_MIN, MAX_BYTES, MAX_DATE, MAX_DEPTH, UINT64_MAX } from './limits.js';
import type { Shape } from './shape.js';
import { SHORT, isWellFormed, write as writeUtf8 } from './utf8.js';

/** Bytes of a slab; a message that needs more gets more. */
const SLAB = 32 * 1024;

/** A message this large leaves as a copy, so that it keeps no memory it doesn't need. */
const LARGE = 64 * 1024;

/** Strings remembered to be shared, by a hash of a few of their characters. */
const REMEMBERED = 256;

let slabs = 0;

export class Writer {
  private bytes = new Uint8Array(SLAB);
  private view = new DataView(this.bytes.buffer);
  /** Shapes remember where in which slab their vtable lies. */
  private slab = ++slabs;
  /** Where the message starts; on 8, so that places in the slab are aligned as in the message. */
  private start = 0;
  /** Where the next thing goes. */
  private at = 0;
  private depth = 0;
  busy = false;
  /** How long the last message was: the next one is much like it. */
  private last = 0;

  // The strings to be written, and where their offsets go.
  private readonly strings: string[] = [];
  private readonly places: number[] = [];
  private count = 0;
  private units = 0;
  /** The string to fail at: writing it turned out to be impossible, and only its place in the value is missing. */
  private bad = -1;
  private readonly remembered: string[] = Array.from({ length: REMEMBERED }, () => '');
  private readonly rememberedAt = new Int32Array(REMEMBERED).fill(-1);

  begin(bad: number): void {
    const start = (this.at + 7) & ~7;
    if (start + this.last + 256 > this.bytes.length) this.renew();
    else this.start = start;
    this.at = this.start;
    this.depth = 0;
    this.count = 0;
    this.units = 0;
    this.bad = bad;
    this.busy = true;
    this.reserve(4);
  }

  /** The message whose root is the table at `root`; -1 minus the number of a string that cannot be written. */
  finish(root: number): Uint8Array | number {
    this.view.setUint32(this.start, root - this.start, true);
    const failed = this.count === 0 ? -1 : this.writeStrings();
    if (failed >= 0) return -1 - failed;
    const { start, at } = this;
    this.last = at - start;
    this.busy = false;
    if (this.last < LARGE) return this.bytes.subarray(start, at);
    const copy = this.bytes.slice(start, at);
    this.bytes.fill(0, start, at);
    this.at = start;
    // What shapes and strings remember lies in bytes that are gone.
    this.forget();
    return copy;
  }

  /** After an error: what was written stays behind, the next message starts after it. */
  abandon(): void {
    this.busy = false;
    this.strings.length = 0;
    if (this.bytes.length > SLAB) this.renew();
  }

  /** Room for a table, all zero: every field is absent. Its position. */
  table(size: number, wide: boolean): number {
    if (++this.depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH}: a cycle?`);
    // The table lies on 4, so that its first field lies on 8 where it is that wide.
    const table = wide ? ((this.at + 11) & ~7) - 4 : (this.at + 3) & ~3;
    this.reserve(table + size - this.at);
    return table;
  }

  /** A table is written; `mask` has a bit for each optional field that is there. */
  close(table: number, shape: Shape, mask: number): void {
    this.depth--;
    let vtable: number;
    if (shape.slab === this.slab && shape.mask === mask && shape.vtable >= this.start) vtable = shape.vtable;
    else vtable = this.vtable(shape, mask);
    this.view.setInt32(table, table - vtable, true);
  }

  /** The same for a table with more optional fields than a number has bits: the ids that are there. */
  closeWith(table: number, shape: Shape, ids: readonly number[]): void {
    this.depth--;
    const bits = shape.bits as readonly number[];
    const there = new Set(ids.map((id) => bits[id]));
    const vtable = this.writeVtable(shape, (bit) => bit < 0 || there.has(bit));
    this.view.setInt32(table, table - vtable, true);
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
    const count = this.count++;
    if (count === this.bad) throw new CodecError('half of a surrogate pair');
    this.strings[count] = value;
    this.places[count] = at;
    this.units += value.length;
  }

  json(at: number, value: unknown): void {
    this.text(at, stringify(value));
  }

  bytesOf(at: number, value: unknown): void {
    if (!(value instanceof Uint8Array)) throw unexpected('Uint8Array', value);
    const start = this.vector(at, value.length, 1);
    this.bytes.set(value, start);
  }

  bool(at: number, value: unknown): void {
    if (typeof value !== 'boolean') throw unexpected('boolean', value);
    if (value) this.bytes[at] = 1;
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

  /** One of a type's literals: its place among them. */
  choice8(at: number, value: unknown, literals: readonly unknown[]): void {
    this.bytes[at] = place(value, literals);
  }

  choice16(at: number, value: unknown, literals: readonly unknown[]): void {
    this.view.setUint16(at, place(value, literals), true);
  }

  /** Which member of a union it is. */
  tag(at: number, member: number): void {
    this.bytes[at] = member;
  }

  /** Checks that a value is an object with fields. */
  object(value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected('an object', value);
  }

  nothing(value: unknown): void {
    if (value !== null && value !== undefined) throw unexpected('null', value);
  }

  list(value: unknown): readonly unknown[] {
    if (!Array.isArray(value)) throw unexpected('an array', value);
    return value;
  }

  tuple(value: unknown, least: number, most: number): void {
    const { length } = this.list(value);
    if (length < least || length > most) throw wrongLength(length, least, most);
  }

  /** The keys of a record. */
  keys(value: unknown): string[] {
    this.object(value);
    const prototype = Object.getPrototypeOf(value) as unknown;
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw unexpected('a plain object', value);
    const keys = Object.keys(value as object);
    if (keys.includes('__proto__')) throw new CodecError('a key called __proto__');
    return keys;
  }

  /** A whole number in 64 bits, two's complement. */
  private long(at: number, value: number): void {
    const high = Math.floor(value / 0x100000000);
    this.view.setUint32(at, value - high * 0x100000000, true);
    this.view.setInt32(at + 4, high, true);
  }

  /** The vtable for a set of fields: one for all tables of the message that have it. */
  private vtable(shape: Shape, mask: number): number {
    if (shape.slab !== this.slab) {
      shape.known?.clear();
      shape.slab = this.slab;
    }
    let vtable = mask === 0 ? undefined : shape.known?.get(mask);
    if (vtable === undefined || vtable < this.start) {
      vtable = this.writeVtable(shape, (bit) => bit < 0 || Math.floor(mask / 2 ** bit) % 2 === 1);
      if (mask !== 0) (shape.known ??= new Map()).set(mask, vtable);
    }
    shape.mask = mask;
    shape.vtable = vtable;
    return vtable;
  }

  private writeVtable({ size, offsets, bits }: Shape, there: (bit: number) => boolean): number {
    let fields = offsets.length;
    while (fields > 0 && !(offsets[fields - 1] !== 0 && there(bits?.[fields - 1] ?? -1))) fields--;
    const vtable = (this.at + 1) & ~1;
    this.reserve(vtable + 4 + fields * 2 - this.at);
    const { view } = this;
    view.setUint16(vtable, 4 + fields * 2, true);
    view.setUint16(vtable + 2, size, true);
    for (let id = 0; id < fields; id++) {
      if (there(bits?.[id] ?? -1)) view.setUint16(vtable + 4 + id * 2, offsets[id] as number, true);
    }
    return vtable;
  }

  /** Writes the strings and points to them; the number of one that cannot be written, else -1. */
  private writeStrings(): number {
    const { strings, places, count, remembered, rememberedAt, start: first } = this;
    // ASCII needs a byte a unit, and eight at most for length, end and padding.
    let left = this.units + count * 8;
    this.room(left);
    let { bytes, view, at } = this;
    /** Bytes pointed to once more; a reader pays for each time, and has a limit. */
    let shared = 0;
    for (let i = 0; i < count; i++) {
      const text = strings[i] as string;
      const place = places[i] as number;
      const { length } = text;
      const slot =
        length === 0
          ? 0
          : (length * 37 + text.charCodeAt(length - 1) * 5 + text.charCodeAt(length >> 1) * 11) & (REMEMBERED - 1);
      const known = rememberedAt[slot] as number;
      if (known >= first && remembered[slot] === text && shared + length + 4 <= at - first) {
        shared += length + 4;
        view.setUint32(place, known - place, true);
        continue;
      }
      const start = (at + 3) & ~3;
      let end = start + 4;
      left -= length + 8;
      let unit = 0;
      if (length <= SHORT) {
        while (unit < length) {
          const code = text.charCodeAt(unit);
          if (code > 127) break;
          bytes[end++] = code;
          unit++;
        }
      }
      if (unit < length) {
        // What is written so far is no longer zero, and belongs to this message even when it fails.
        this.at = end;
        if (!isWellFormed(text)) return i;
        this.at = start;
        this.room(left + length * 3 + 8);
        ({ bytes, view } = this);
        end = writeUtf8(text, bytes, start + 4);
      }
      view.setUint32(start, end - start - 4, true);
      view.setUint32(place, start - place, true);
      at = end + 1;
      remembered[slot] = text;
      rememberedAt[slot] = start;
    }
    this.at = at;
    // Nothing of what was said stays behind.
    if (count > 1024) strings.length = 0;
    else strings.fill('', 0, count);
    return -1;
  }

  /** Makes room for `size` more bytes, all zero, and takes them. */
  private reserve(size: number): void {
    const end = this.at + size;
    if (end > this.bytes.length) this.grow(end);
    this.at = end;
  }

  /** Makes room for `size` more bytes. */
  private room(size: number): void {
    if (this.at + size > this.bytes.length) this.grow(this.at + size);
  }

  private grow(end: number): void {
    const { start } = this;
    if (end - start > MAX_BYTES) throw new CodecError(`larger than ${MAX_BYTES} bytes`);
    // Places in the slab stay what they are: earlier messages leave a gap of zeros.
    const bytes = new Uint8Array(start + Math.max(SLAB, (end - start) * 2));
    bytes.set(this.bytes.subarray(start, this.at), start);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  private renew(): void {
    this.bytes = new Uint8Array(Math.max(SLAB, Math.min(LARGE * 4, this.last * 4)));
    this.view = new DataView(this.bytes.buffer);
    this.start = 0;
    this.at = 0;
    this.forget();
  }

  private forget(): void {
    this.slab = ++slabs;
    this.rememberedAt.fill(-1);
    this.remembered.fill('');
    this.strings.length = 0;
  }
}

function integer(value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw unexpected('number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CodecError(`expected a whole number from ${least} to ${most}`);
  }
  return value;
}

function place(value: unknown, literals: readonly unknown[]): number {
  const index = literals.indexOf(value);
  if (index < 0 || value === undefined) throw notOneOf(value, literals);
  return index;
}

/** An error for a value that is none of its type's literals. */
export function notOneOf(value: unknown, literals: readonly unknown[]): CodecError {
  const known = literals.filter((l) => l !== undefined);
  const expected = known.map((l) => JSON.stringify(l)).join(' or ');
  return known.some((l) => typeof l === typeof value)
    ? new CodecError(`expected ${expected}`)
    : unexpected(expected, value);
}

export function wrongLength(length: number, least: number, most: number): CodecError {
  const expected = most === least ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
  return new CodecError(`expected ${expected} elements, got ${length}`);
}

let shared = new Writer();
let given: Writer | undefined;

/** Whatever is encoded while `run` runs is written by `writer`, which may read values differently. */
export function writingWith<T>(writer: Writer, run: () => T): T {
  const before = given;
  given = writer;
  try {
    return run();
  } finally {
    given = before;
  }
}

/**
 * Encodes a value by the generated function that writes its table. A getter that encodes while it
 * is read gets a writer of its own.
 */
export function encode(fill: (writer: Writer, value: unknown) => number, value: unknown, name: string): Uint8Array {
  const writer = given ?? (shared.busy ? (shared = new Writer()) : shared);
  let bad = -1;
  try {
    for (;;) {
      writer.begin(bad);
      const result = writer.finish(fill(writer, value));
      if (typeof result !== 'number') return result;
      if (bad >= 0) throw new CodecError('half of a surrogate pair');
      // Strings are written last: where this one stands is found by going there again.
      bad = -1 - result;
    }
  } catch (error) {
    writer.abandon();
    throw within(error, name, -1);
  }
}
