/** Payloads (`crates/raystream/raystream.fbs`), by the codec that generated code stands on. */
import { CodecError, decode, encode, shape, type Reader, type Shape, type Writer } from '../../codec/index.js';
import {
  EngineError,
  type Bytes,
  type CallFrame,
  type Credit,
  type SubscribeFrame,
  type TransportKind,
} from '../engine.js';

const CIPHER = 'aes-256-gcm';

// By field id where it lies, how wide it is, and which bit says that it is there.
const CLIENT_HELLO = shape(20, [16, 4, 8, 12], [1, 4, 4, 4]);
const SERVER_HELLO = shape(40, [36, 12, 16, 4, 20, 24, 28, 37], [1, 4, 4, 8, 4, 4, 4, 1]);
const CALL = shape(40, [12, 16, 20, 24, 28, 32, 4, 36], [4, 4, 4, 4, 4, 4, 8, 4], [-1, -1, 0, -1, -1, -1, -1, 1]);
const SUBSCRIBE = shape(40, [12, 16, 20, 24, 28, 32, 4, 36], [4, 4, 4, 4, 4, 4, 8, 4], [-1, -1, 0, -1, -1, 2, -1, 1]);
const PAIR = shape(12, [4, 8], [4, 4]);
const CREDIT = shape(12, [4, 8], [4, 4]);
const HEARTBEAT = shape(12, [4], [8]);
const RESPONSE = shape(16, [4, 12, 8], [4, 2, 4]);
const ERROR = shape(20, [4, 8, 16, 12], [4, 4, 2, 4]);
const EVENT = shape(12, [4, 8], [4, 4]);

/** Where a call's table points to its request hash. */
const REQUEST_HASH = 28;

const MAX_HEADERS = 64;

type Table = (writer: Writer, at: number) => number | void;

/** A payload with one table; `fill` answers with the bits of its optional fields. */
function payload(of: Shape, wide: boolean, fill: Table): Bytes {
  try {
    const write = (writer: Writer) => {
      const at = writer.table(of.size, wide);
      writer.close(at, of, fill(writer, at) ?? 0);
      return at;
    };
    return encode(write, undefined, 'payload').slice();
  } catch {
    throw new EngineError('input');
  }
}

export const clientHello = (transport: TransportKind, buildId: string): Bytes =>
  payload(CLIENT_HELLO, false, (w, at) => {
    w.uint8(at + 16, 1);
    const cipher = w.vector(at + 4, 1, 4);
    w.text(cipher, CIPHER);
    w.text(at + 8, transport);
    w.text(at + 12, buildId);
  });

/** A call without its hash, which takes a while: {@link setRequestHash}. */
export const callPayload = (call: CallFrame): Bytes =>
  payload(CALL, true, (w, at) => {
    w.bytesOf(at + 24, call.idempotencyKey);
    w.bytesOf(at + REQUEST_HASH, new Uint8Array(32));
    w.uint32(at + 32, call.deadlineMs);
    return request(w, at, call);
  });

/** Writes the request hash where the payload has room for it. */
export function setRequestHash(bytes: Bytes, hash: Bytes): void {
  const view = new DataView(bytes.buffer);
  const field = view.getUint32(0, true) + REQUEST_HASH;
  bytes.set(hash, field + view.getUint32(field, true) + 4);
}

export const subscribePayload = (frame: SubscribeFrame): Bytes =>
  payload(SUBSCRIBE, true, (w, at) => {
    w.uint32(at + 24, frame.credit.events);
    w.uint32(at + 28, frame.credit.bytes);
    if (frame.resumeToken) w.bytesOf(at + 32, frame.resumeToken);
    return request(w, at, frame) | (frame.resumeToken ? 4 : 0);
  });

export const creditPayload = ({ events, bytes }: Credit): Bytes =>
  payload(CREDIT, false, (w, at) => {
    w.uint32(at + 4, events);
    w.uint32(at + 8, bytes);
  });

export const heartbeatPayload = (timestamp: number): Bytes =>
  payload(HEARTBEAT, true, (w, at) => w.uint64(at + 4, Math.floor(timestamp)));

/** What a call and a subscription have in common. */
function request(
  w: Writer,
  at: number,
  { method, args, metadata, schemaHash, token }: CallFrame | SubscribeFrame,
): number {
  w.text(at + 12, method);
  w.bytesOf(at + 16, args);
  w.biguint(at + 4, schemaHash);
  if (token) w.text(at + 36, token);
  if (metadata.length > 0) {
    const list = w.vector(at + 20, metadata.length, 4);
    for (const [i, [key, value]] of metadata.entries()) {
      const pair = w.table(12, false);
      w.text(pair + 4, key);
      w.text(pair + 8, value);
      w.close(pair, PAIR, 0);
      w.link(list + i * 4, pair);
    }
  }
  return (metadata.length > 0 ? 1 : 0) | (token ? 2 : 0);
}

/** A table read; whatever is wrong with it is the peer's fault. */
class Fields {
  readonly #reader: Reader;
  readonly #at: number;
  readonly #found: readonly number[];

  constructor(reader: Reader, at: number, of: Shape) {
    this.#reader = reader;
    this.#at = at;
    this.#found = reader.table(at, of);
  }

  #get<T>(id: number, absent: T, take: (at: number) => T): T {
    const offset = this.#found[id]!;
    return offset === 0 ? absent : take(this.#at + offset);
  }

  byte = (id: number): number => this.#get(id, 0, (at) => this.#reader.uint8(at));
  word = (id: number, absent: number): number => this.#get(id, absent, (at) => this.#reader.uint16(at));
  long = (id: number, absent: number): number => this.#get(id, absent, (at) => this.#reader.uint32(at));
  bytes = (id: number): Uint8Array => this.#get(id, new Uint8Array(), (at) => this.#reader.bytesOf(at));
  text = (id: number): string => this.#get(id, '', (at) => this.#reader.text(at));

  pairs(id: number): Record<string, string> {
    return this.#get(id, {}, (at) => {
      const reader = this.#reader;
      const first = reader.vector(at, 4);
      const { length } = reader;
      if (length > MAX_HEADERS) throw new CodecError('too many headers');
      const pairs: [string, string][] = [];
      for (let i = 0; i < length; i++) {
        const pair = new Fields(reader, reader.follow(first + i * 4), PAIR);
        pairs.push([pair.text(0), pair.text(1)]);
      }
      return Object.fromEntries(pairs);
    });
  }
}

function read<T>(bytes: Bytes, of: Shape, take: (fields: Fields) => T): T {
  try {
    return decode((reader, at) => take(new Fields(reader, at, of)), bytes, 'payload') as T;
  } catch {
    throw new EngineError('malformed');
  }
}

export function serverHello(bytes: Bytes) {
  const hello = read(bytes, SERVER_HELLO, (f) => ({
    version: f.byte(0),
    sessionId: f.bytes(1).slice() as Bytes,
    cipher: f.text(2),
    ttlMs: f.long(4, 300_000),
    maxFrame: Math.min(Math.max(f.long(5, 1 << 20), 4096), 1 << 24),
    maxInflight: Math.min(Math.max(f.long(6, 256), 1), 256),
    resumed: f.byte(7) === 1,
  }));
  if (hello.version !== 1 || hello.sessionId.length !== 16) throw new EngineError('malformed');
  if (hello.cipher !== CIPHER) throw new EngineError('unexpected');
  return hello;
}

export const response = (bytes: Bytes) =>
  read(bytes, RESPONSE, (f) => ({ data: f.bytes(0), status: f.word(1, 200), headers: f.pairs(2) }));

export const error = (bytes: Bytes) =>
  read(bytes, ERROR, (f) => ({
    code: f.text(0),
    message: f.text(1),
    status: f.word(2, 500),
    stack: f.text(3) || undefined,
  }));

export const event = (bytes: Bytes) =>
  read(bytes, EVENT, (f) => {
    const token = f.bytes(1);
    return { data: f.bytes(0), resumeToken: token.length > 0 ? token : undefined };
  });

export const clearCode = (bytes: Bytes): string => error(bytes).code;
