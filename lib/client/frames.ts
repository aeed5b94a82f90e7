/** Several frames as one body: u32 length, big-endian, and the frame, again and again (protocol §11). */
import { MAX_FRAME, TransportError } from './link.js';

export const FRAME_TYPE = 'application/octet-stream';
export const FRAMES_TYPE = 'application/raystream-frames';

const PREFIX = 4;

export function joinFrames(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + PREFIX + frame.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const frame of frames) {
    view.setUint32(at, frame.length);
    bytes.set(frame, at + PREFIX);
    at += PREFIX + frame.length;
  }
  return bytes;
}

/** Frames out of a body that arrives in pieces. Holds one unfinished frame, and no more than it has been sent. */
export class FrameSplitter {
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** The frames this piece completes. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: Uint8Array[] = [];
    while (this.#length >= PREFIX) {
      const head = this.#peek(PREFIX);
      const size = new DataView(head.buffer, head.byteOffset, PREFIX).getUint32(0);
      if (size > MAX_FRAME) throw new TransportError('the reply is larger than a frame can be', false);
      if (this.#length < PREFIX + size) break;
      frames.push(this.#peek(PREFIX + size).slice(PREFIX));
      this.#drop(PREFIX + size);
    }
    return frames;
  }

  /** Whether the body ended in the middle of a frame. */
  get isPartial(): boolean {
    return this.#length > 0;
  }

  /** The next bytes, in one piece. */
  #peek(length: number): Uint8Array {
    if (this.#chunks[0]!.length < length) this.#chunks = [concat(this.#chunks, this.#length)];
    return this.#chunks[0]!.subarray(0, length);
  }

  #drop(length: number): void {
    this.#length -= length;
    const rest = this.#chunks[0]!.subarray(length);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
  }
}

export function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
