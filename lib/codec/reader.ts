/**
 * Reads FlatBuffers from strangers. Nothing is believed: every position is checked before it is
 * read, and budgets for depth and for bytes are spent before anything is allocated.
 */
import { parseJson } from './any-json.js';
import { CodecError, within } from './error.js';
import { MAX_DATE, MAX_DEPTH } from './limits.js';
import type { Shape } from './shape.js';
import { ascii, isAscii, read } from './utf8.js';
import { notOneOf } from './writer.js';

/** Messages from this size on have strings worth remembering. */
const MANY = 512;

/** Strings remembered by where they lie: what is pointed to twice is made once. */
const REMEMBERED = 64;

/** So many bytes become one string, of which the strings in it are slices. */
const WINDOW = 8 * 1024;

/** Shorter strings are copied anyway, longer ones are read by themselves. */
const SLICE_FROM = 13;
const SLICE_TO = 1024;

let messages = 0;

export class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  /** Shapes remember which message they have seen last. */
  private readonly message = ++messages;
  /** Length of the vector found last. */
  length = 0;
  private depth = 0;
  /** Bytes that may still be read. Parts that are pointed to twice are paid twice: a small message stays small. */
  private budget: number;
  /** The same for scalars that are left out: each becomes a value nobody sent a byte for. */
  private defaults: number;

  private readonly remembered: string[] | undefined;
  private readonly rememberedAt: Int32Array | undefined;
  private window = '';
  private windowFrom = 0;
  private windowTo = 0;

  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) throw new CodecError('expected bytes');
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.budget = bytes.length * 3 + 64;
    this.defaults = (bytes.length >> 1) + 4096;
    const many = bytes.length >= MANY;
    this.remembered = many ? [] : undefined;
    this.rememberedAt = many ? new Int32Array(REMEMBERED) : undefined;
  }

  /** The position of the root table. */
  root(): number {
    if (this.bytes.length < 8) throw malformed('too short');
    return this.follow(0);
  }

  /** Opens the table at `table`: where its fields lie in it by their ids, 0 for those that are absent. */
  table(table: number, shape: Shape): readonly number[] {
    if (++this.depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH}`);
    const { length } = this.bytes;
    if (table + 4 > length) throw malformed('a table out of bounds');
    const vtable = table - this.view.getInt32(table, true);
    if (shape.read !== vtable || shape.message !== this.message) this.learn(vtable, shape);
    const size = shape.length;
    if (table + size > length) throw malformed('a table of no length');
    this.spend(size);
    return shape.found;
  }

  close(): void {
    this.depth--;
  }

  /** The value of a scalar that is not there: its default. */
  absent<T>(value: T): T {
    this.defaults -= 8;
    if (this.defaults < 0)
      throw new CodecError('more fields are left out than the message is worth: write defaults too');
    return value;
  }

  missing(): never {
    throw new CodecError('missing');
  }

  unknown(): never {
    throw new CodecError('a member of a union that is not known here');
  }

  /** Which member of a union it is; `offset` is where the table says so. */
  tag(table: number, offset: number | undefined): number {
    return offset === 0 || offset === undefined ? 0 : (this.bytes[table + offset] as number);
  }

  /** Where the offset at `at` leads. */
  follow(at: number): number {
    const offset = this.view.getUint32(at, true);
    const target = at + offset;
    if (offset === 0 || target + 4 > this.bytes.length) throw malformed('an offset out of bounds');
    return target;
  }

  /** The first element of the vector `at` points to; its length is in {@link length}. */
  vector(at: number, size: number): number {
    const start = this.follow(at);
    const length = this.view.getUint32(start, true);
    if (length * size > this.bytes.length - start - 4) throw malformed('a vector out of bounds');
    this.spend(length * size + 4);
    this.length = length;
    return start + 4;
  }

  text(at: number): string {
    const place = this.follow(at);
    const { bytes, remembered, rememberedAt } = this;
    const slot = (place >> 2) & (REMEMBERED - 1);
    if (rememberedAt !== undefined && rememberedAt[slot] === place) return (remembered as string[])[slot] as string;
    const length = this.view.getUint32(place, true);
    const start = place + 4;
    const end = start + length;
    if (end > bytes.length) throw malformed('a vector out of bounds');
    this.spend(length + 4);
    if (rememberedAt === undefined) return read(bytes, start, end);
    const text =
      length >= SLICE_FROM && length <= SLICE_TO && isAscii(bytes, start, end)
        ? this.slice(start, end)
        : read(bytes, start, end);
    (remembered as string[])[slot] = text;
    rememberedAt[slot] = place;
    return text;
  }

  json(at: number): unknown {
    const start = this.follow(at);
    const length = this.view.getUint32(start, true);
    if (length > this.bytes.length - start - 4) throw malformed('a vector out of bounds');
    this.spend(length + 4);
    return parseJson(read(this.bytes, start + 4, start + 4 + length));
  }

  bytesOf(at: number): Uint8Array {
    const start = this.vector(at, 1);
    // A copy, whatever `slice` means to a subclass: what is decoded must not change with the frame's memory.
    return Uint8Array.prototype.slice.call(new Uint8Array(this.view.buffer, this.view.byteOffset + start, this.length));
  }

  bool(at: number): boolean {
    return this.bytes[at] !== 0;
  }

  float64(at: number): number {
    return this.view.getFloat64(at, true);
  }

  float32(at: number): number {
    return this.view.getFloat32(at, true);
  }

  int8(at: number): number {
    return this.view.getInt8(at);
  }

  int16(at: number): number {
    return this.view.getInt16(at, true);
  }

  int32(at: number): number {
    return this.view.getInt32(at, true);
  }

  uint8(at: number): number {
    return this.bytes[at] as number;
  }

  uint16(at: number): number {
    return this.view.getUint16(at, true);
  }

  uint32(at: number): number {
    return this.view.getUint32(at, true);
  }

  int64(at: number): number {
    return safe(this.view.getInt32(at + 4, true) * 0x100000000 + this.view.getUint32(at, true));
  }

  uint64(at: number): number {
    return safe(this.view.getUint32(at + 4, true) * 0x100000000 + this.view.getUint32(at, true));
  }

  bigint(at: number): bigint {
    return this.view.getBigInt64(at, true);
  }

  biguint(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  date(at: number): Date {
    const time = this.int64(at);
    if (time < -MAX_DATE || time > MAX_DATE) throw new CodecError('an invalid date');
    return new Date(time);
  }

  /** The literal with this number. */
  choice(index: number, literals: readonly unknown[]): unknown {
    const value = index < literals.length ? literals[index] : undefined;
    if (value === undefined) throw notOneOf(value, literals);
    return value;
  }

  /** Fills a tuple up to a place: what was left out in between is `undefined`. */
  pad(tuple: unknown[], length: number): void {
    while (tuple.length < length) tuple.push(undefined);
  }

  /** Puts an entry into a record. */
  put(record: Record<string, unknown>, key: string, value: unknown): void {
    if (key === '__proto__') throw new CodecError('a key called __proto__');
    record[key] = value;
  }

  /** Checks a vtable once for all tables that share it. */
  private learn(vtable: number, shape: Shape): void {
    const { view, bytes } = this;
    if (vtable < 4 || vtable + 4 > bytes.length) throw malformed('a vtable out of bounds');
    const length = view.getUint16(vtable, true);
    const size = view.getUint16(vtable + 2, true);
    if (length < 4 || (length & 1) !== 0 || vtable + length > bytes.length) throw malformed('a vtable of no length');
    if (size < 4) throw malformed('a table of no length');
    const { offsets, sizes } = shape;
    // Not the list of the vtable before: a table further up may still be reading by that.
    const found: number[] = [];
    for (let id = 0; id < offsets.length; id++) {
      const entry = 4 + id * 2;
      const offset = entry < length && offsets[id] !== 0 ? view.getUint16(vtable + entry, true) : 0;
      if (offset !== 0 && (offset < 4 || offset + (sizes[id] as number) > size)) {
        throw malformed('a field out of its table');
      }
      found.push(offset);
    }
    shape.message = this.message;
    shape.read = vtable;
    shape.length = size;
    shape.found = found;
  }

  /** ASCII as a slice of a longer string: strings lie side by side, and one call makes a window of many. */
  private slice(start: number, end: number): string {
    if (end > this.windowTo) {
      this.windowFrom = start;
      this.windowTo = Math.min(this.bytes.length, start + WINDOW);
      this.window = ascii(this.bytes, start, this.windowTo);
    } else if (start < this.windowFrom) return ascii(this.bytes, start, end);
    return this.window.slice(start - this.windowFrom, end - this.windowFrom);
  }

  private spend(bytes: number): void {
    this.budget -= bytes;
    if (this.budget < 0) throw malformed('it points to the same bytes again and again');
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new CodecError('an integer beyond what a number holds exactly');
  return value;
}

function malformed(how: string): CodecError {
  return new CodecError(`malformed bytes: ${how}`);
}

/** Decodes a message by the generated function that reads its root table. */
export function decode(fill: (reader: Reader, table: number) => unknown, bytes: Uint8Array, name: string): unknown {
  try {
    const reader = new Reader(bytes);
    return fill(reader, reader.root());
  } catch (error) {
    throw within(error, name, -1);
  }
}
