// An engine without ciphers, so that a test sees everything: frames are JSON, and what must never
// happen twice is written down. Keeps to raystream's rules for sequences, windows and handles.
import { EngineError } from '../../../lib/dist/client/engine.js';

const utf8 = new TextEncoder();
const text = new TextDecoder();

export const encode = (frame) =>
  utf8.encode(JSON.stringify(frame, (_key, value) => (typeof value === 'bigint' ? `${value}n` : plain(value))));
export const decode = (bytes) =>
  JSON.parse(text.decode(bytes), (_key, value) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  );
const plain = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value);

export class ScriptedEngine {
  /** Frames a key may seal; half of it makes a new session due. */
  keyLimit = Infinity;
  /** Every `session:sequence` that was sealed. */
  nonces = new Set();
  #slots = new Map();
  #handles = 0;
  #slow;

  /** `slow`: answers with promises, as a cipher of the host's does. */
  constructor({ slow = false } = {}) {
    this.#slow = slow;
  }

  get live() {
    return this.#slots.size;
  }

  start({ transport, pin }) {
    return this.#begin({ t: 'init', transport, pin });
  }

  resume(session, { transport, pin }) {
    const slot = this.#session(session);
    if (!slot.ticket) throw new EngineError('handle');
    slot.ticket = false;
    return this.#begin({ t: 'init', transport, pin, resumes: slot.id });
  }

  finish(handle, bytes) {
    const slot = this.#slots.get(handle);
    if (!slot || slot.id) throw new EngineError('handle');
    this.#slots.delete(handle);
    const frame = this.#parse(bytes);
    if (frame.t !== 'hello') throw new EngineError('unexpected');
    this.#slots.set(handle, { ...slot, id: frame.id, sequence: 0, seen: new Set(), last: 0, ticket: true });
    return this.#maybe({ id: frame.id, ttlMs: frame.ttlMs, maxFrame: 1 << 20, maxInflight: frame.maxInflight });
  }

  call = (handle, frame) => this.#seal(handle, { t: 'call', ...frame });
  subscribe = (handle, frame) => this.#seal(handle, { t: 'subscribe', ...frame });
  credit = (handle, callId, credit) => this.#seal(handle, { t: 'credit', callId, credit });
  unsubscribe = (handle, callId) => this.#seal(handle, { t: 'unsubscribe', callId });
  heartbeat = (handle, timestamp) => this.#seal(handle, { t: 'heartbeat', callId: 0n, timestamp });
  close = (handle) => this.#seal(handle, { t: 'close', callId: 0n });

  open(handle, bytes) {
    const slot = this.#session(handle);
    const frame = this.#parse(bytes);
    if (frame.session !== slot.id) throw new EngineError('decryption');
    const isNew = slot.transport === 'websocket' ? frame.sequence === slot.last + 1 : !slot.seen.has(frame.sequence);
    if (!isNew) throw new EngineError('replay');
    slot.last = frame.sequence;
    slot.seen.add(frame.sequence);
    const { t: kind, ...rest } = frame;
    if (kind === 'response') rest.data = utf8.encode(rest.data);
    if (kind === 'event') {
      rest.data = utf8.encode(rest.data);
      rest.resumeToken = rest.resumeToken === undefined ? undefined : utf8.encode(rest.resumeToken);
    }
    return this.#maybe({ kind, ...rest });
  }

  shouldRenew(handle) {
    return this.#session(handle).sequence >= this.keyLimit / 2;
  }

  free(handle) {
    if (!this.#slots.delete(handle)) throw new Error('freed twice');
  }

  #begin(frame) {
    const handle = ++this.#handles;
    this.#slots.set(handle, { transport: frame.transport });
    return this.#maybe({ handle, frame: encode(frame) });
  }

  #seal(handle, frame) {
    const slot = this.#session(handle);
    if (slot.sequence >= this.keyLimit) throw new EngineError('exhausted');
    const sequence = ++slot.sequence;
    const nonce = `${slot.id}:${sequence}`;
    if (this.nonces.has(nonce)) throw new Error(`the nonce ${nonce} a second time`);
    this.nonces.add(nonce);
    return this.#maybe(encode({ ...frame, session: slot.id, sequence }));
  }

  #session(handle) {
    const slot = this.#slots.get(handle);
    if (!slot?.id) throw new EngineError('handle');
    return slot;
  }

  #parse(bytes) {
    let frame;
    try {
      frame = decode(bytes);
    } catch {
      throw new EngineError('decryption');
    }
    if (frame.clear) throw new EngineError(frame.clear);
    return frame;
  }

  #maybe(value) {
    return this.#slow ? later(value) : value;
  }
}

/** Some turns later, but before the clock goes on. */
async function later(value) {
  for (let i = 0; i < 3; i++) await undefined;
  return value;
}
