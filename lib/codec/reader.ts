/**
 * Reads FlatBuffers from strangers. Nothing is believed: every position is checked before it is
 * read, and budgets for depth and for bytes are spent before anything is allocated.
 */
import { CodecError } from './error.js';
import { MAX_DATE, MAX_DEPTH } from './limits.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Up to this length a loop is faster than the call into the platform's decoder. */
const SHORT = 32;

export class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  /** Length of the vector found last. */
  length = 0;
  private depth = 0;
  /** Bytes that may still be read. Parts that are pointed to twice are paid twice: a small message stays small. */
  private budget: number;

  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array)) throw new CodecError('expected bytes');
    // Node's Buffer has a `slice` that shares: what is decoded must not change with the frame's memory.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.budget = bytes.length * 2 + 64;
  }

  /** The position of the root table. */
  root(): number {
    if (this.bytes.length < 8) throw malformed('too short');
    return this.follow(0);
  }

  /** Opens the table at `table`; the position of its vtable. */
  table(table: number): number {
    if (++this.depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH}`);
    const { view, bytes } = this;
    if (table < 4 || table + 4 > bytes.length) throw malformed('a table out of bounds');
    const vtable = table - view.getInt32(table, true);
    if (vtable < 4 || vtable + 4 > bytes.length) throw malformed('a vtable out of bounds');
    const length = view.getUint16(vtable, true);
    const size = view.getUint16(vtable + 2, true);
    if (length < 4 || (length & 1) !== 0 || vtable + length > bytes.length) throw malformed('a vtable of no length');
    if (size < 4 || table + size > bytes.length) throw malformed('a table of no length');
    this.spend(size);
    return vtable;
  }

  close(): void {
    this.depth--;
  }

  /** The position of a field of `size` bytes, 0 when it is absent. */
  field(table: number, vtable: number, entry: number, size: number): number {
    const view = this.view;
    if (entry >= view.getUint16(vtable, true)) return 0;
    const offset = view.getUint16(vtable + entry, true);
    if (offset === 0) return 0;
    if (offset < 4 || offset + size > view.getUint16(vtable + 2, true)) throw malformed('a field out of its table');
    return table + offset;
  }

  missing(): never {
    throw new CodecError('missing');
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
    const start = this.vector(at, 1);
    const { bytes, length } = this;
    const end = start + length;
    if (length <= SHORT) {
      let text = '';
      let i = start;
      for (; i < end; i++) {
        const byte = bytes[i] as number;
        if (byte > 127) break;
        text += String.fromCharCode(byte);
      }
      if (i === end) return text;
    }
    try {
      return utf8.decode(bytes.subarray(start, end));
    } catch {
      throw new CodecError('a string that is no UTF-8');
    }
  }

  bytesOf(at: number): Uint8Array {
    const start = this.vector(at, 1);
    return this.bytes.slice(start, start + this.length);
  }

  // Scalars at position 0 are absent: writers may leave out what has its default value.

  bool(at: number): boolean {
    return at !== 0 && this.bytes[at] !== 0;
  }

  float64(at: number): number {
    return at === 0 ? 0 : this.view.getFloat64(at, true);
  }

  float32(at: number): number {
    return at === 0 ? 0 : this.view.getFloat32(at, true);
  }

  int8(at: number): number {
    return at === 0 ? 0 : this.view.getInt8(at);
  }

  int16(at: number): number {
    return at === 0 ? 0 : this.view.getInt16(at, true);
  }

  int32(at: number): number {
    return at === 0 ? 0 : this.view.getInt32(at, true);
  }

  uint8(at: number): number {
    return at === 0 ? 0 : this.view.getUint8(at);
  }

  uint16(at: number): number {
    return at === 0 ? 0 : this.view.getUint16(at, true);
  }

  uint32(at: number): number {
    return at === 0 ? 0 : this.view.getUint32(at, true);
  }

  int64(at: number): number {
    return at === 0 ? 0 : safe(this.view.getInt32(at + 4, true) * 0x100000000 + this.view.getUint32(at, true));
  }

  uint64(at: number): number {
    return at === 0 ? 0 : safe(this.view.getUint32(at + 4, true) * 0x100000000 + this.view.getUint32(at, true));
  }

  bigint(at: number): bigint {
    return at === 0 ? 0n : this.view.getBigInt64(at, true);
  }

  biguint(at: number): bigint {
    return at === 0 ? 0n : this.view.getBigUint64(at, true);
  }

  date(at: number): Date {
    const time = this.int64(at);
    if (time < -MAX_DATE || time > MAX_DATE) throw new CodecError('an invalid date');
    return new Date(time);
  }

  /** Checks that a value is one of its type's literals. */
  one<T>(value: T, literals: readonly T[]): T {
    if (!literals.includes(value))
      throw new CodecError(`expected ${literals.map((l) => JSON.stringify(l)).join(' or ')}`);
    return value;
  }

  /** Puts an entry into a record. */
  put(record: Record<string, unknown>, key: string, value: unknown): void {
    if (key === '__proto__') throw new CodecError('a key called __proto__');
    record[key] = value;
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

/** A reader of one message. */
export function open(bytes: Uint8Array): Reader {
  return new Reader(bytes);
}
