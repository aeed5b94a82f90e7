/** Text to bytes and back, by whatever is fastest where we run. */
import { CodecError } from './error.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Node's way from bytes to a string, a call into C++ that costs a tenth of TextDecoder's. */
const latin1Slice = (
  globalThis as { Buffer?: { prototype: { latin1Slice?: (this: Uint8Array, from: number, to: number) => string } } }
).Buffer?.prototype.latin1Slice;

/** Up to this many characters a loop is faster than a call into the platform. */
export const SHORT = 64;

export const isWellFormed: (text: string) => boolean =
  'isWellFormed' in String.prototype
    ? (text) => (text as string & { isWellFormed(): boolean }).isWellFormed()
    : (text) => !/\p{Surrogate}/u.test(text);

/** Writes text that is well formed; where it ends. There must be three bytes a unit. */
export function write(text: string, bytes: Uint8Array, start: number): number {
  return start + encoder.encodeInto(text, bytes.subarray(start)).written;
}

/** Reads text of which nothing is known. */
export function read(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    const text = readShort(bytes, start, end);
    if (text !== undefined) return text;
  } else if (isAscii(bytes, start, end)) return ascii(bytes, start, end);
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    throw new CodecError('a string that is no UTF-8');
  }
}

export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] as number;
  return all < 128;
}

/** Bytes below 128 as a string; other bytes come out as some character or other. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  if (latin1Slice !== undefined) return latin1Slice.call(bytes, start, end);
  let text = '';
  for (let i = start; i < end; i += 0x2000) {
    text += String.fromCharCode(...bytes.subarray(i, Math.min(end, i + 0x2000)));
  }
  return text;
}

/** Text of up to three bytes a character; `undefined` where there is more to it. */
function readShort(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  for (let i = start; i < end;) {
    const byte = bytes[i++] as number;
    if (byte < 0x80) {
      text += String.fromCharCode(byte);
      continue;
    }
    const second = bytes[i] as number;
    if (byte < 0xc2 || byte > 0xef || i >= end || (second & 0xc0) !== 0x80) return undefined;
    if (byte < 0xe0) {
      text += String.fromCharCode(((byte & 0x1f) << 6) | (second & 0x3f));
      i += 1;
      continue;
    }
    const third = bytes[i + 1] as number;
    const unit = ((byte & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
    const surrogate = unit >= 0xd800 && unit <= 0xdfff;
    if (i + 1 >= end || (third & 0xc0) !== 0x80 || unit < 0x800 || surrogate) return undefined;
    text += String.fromCharCode(unit);
    i += 2;
  }
  return text;
}
