/**
 * raystream by WebCrypto alone: the second suite, written from `docs/raystream.md` and not from the
 * Rust. Slower to start and a fraction of the size; for bundles that want no WebAssembly.
 */
import {
  EngineError,
  type Bytes,
  type CallFrame,
  type Credit,
  type Engine,
  type HelloInput,
  type ReplyFrame,
  type SessionHello,
  type SubscribeFrame,
  type TransportKind,
} from '../engine.js';
import * as envelope from './envelope.js';
import * as flag from './flag.js';
import { openFrame, OVERHEAD, sealFrame } from './frame.js';
import { Handshake, type Ticket } from './handshake.js';
import { aesKey, EMPTY, ephemeral, sha256, utf8 } from './primitives.js';
import * as type from './type.js';
import { MAX_FRAMES, Window } from './window.js';

interface Opening {
  handshake: Handshake;
  transport: TransportKind;
  old: Bytes | undefined;
}

interface Live {
  send: CryptoKey;
  receive: CryptoKey;
  sent: number;
  window: Window;
  maxFrame: number;
  ticket: Ticket | undefined;
}

export class WebCryptoEngine implements Engine {
  readonly #openings = new Map<number, Opening>();
  readonly #sessions = new Map<number, Live>();
  readonly #ephemeral: typeof ephemeral;
  #handles = 0;

  /** Tests know the ephemeral key. */
  constructor(makeEphemeral = ephemeral) {
    this.#ephemeral = makeEphemeral;
  }

  static #shared: Promise<WebCryptoEngine> | undefined;

  static load(): Promise<WebCryptoEngine> {
    return (WebCryptoEngine.#shared ??= Promise.resolve(new WebCryptoEngine()));
  }

  start(hello: HelloInput): Promise<{ handle: number; frame: Bytes }> {
    return this.#begin(hello, undefined);
  }

  async resume(handle: number, hello: HelloInput): Promise<{ handle: number; frame: Bytes }> {
    const session = this.#session(handle);
    const { ticket } = session;
    session.ticket = undefined;
    if (!ticket) throw new EngineError('handle');
    return await this.#begin(hello, ticket);
  }

  async finish(handle: number, bytes: Uint8Array): Promise<SessionHello> {
    const opening = this.#openings.get(handle);
    if (!opening) throw new EngineError('handle');
    this.#openings.delete(handle);
    const hello = envelope.serverHello(await opening.handshake.finish(bytes));
    const { sessionId, ttlMs, maxFrame, maxInflight } = hello;
    const isOther = !opening.old || sessionId.some((byte, i) => byte !== opening.old![i]);
    if (hello.resumed !== (opening.old !== undefined) || !isOther) throw new EngineError('unexpected');
    const secrets = await opening.handshake.secrets(sessionId);
    this.#sessions.set(handle, {
      send: await aesKey(secrets.send),
      receive: await aesKey(secrets.receive),
      sent: 0,
      window: new Window(opening.transport),
      maxFrame,
      ticket: { id: sessionId, psk: secrets.psk },
    });
    return { id: uuid(sessionId), ttlMs, maxFrame, maxInflight };
  }

  async call(handle: number, call: CallFrame): Promise<Bytes> {
    const method = utf8(call.method);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, method.length);
    const payload = envelope.callPayload(call);
    // Nothing has been waited for: the frame has its sequence before the hash is there.
    return await this.#seal(handle, type.call, flag.fin, call.callId, payload, async () =>
      envelope.setRequestHash(payload, await sha256(utf8('raystream-v1 request'), size, method, call.args)),
    );
  }

  async subscribe(handle: number, frame: SubscribeFrame): Promise<Bytes> {
    return await this.#seal(handle, type.subscribe, 0, frame.callId, envelope.subscribePayload(frame));
  }

  async credit(handle: number, callId: bigint, credit: Credit): Promise<Bytes> {
    return await this.#seal(handle, type.subscribe, flag.credit, callId, envelope.creditPayload(credit));
  }

  async unsubscribe(handle: number, callId: bigint): Promise<Bytes> {
    return await this.#seal(handle, type.subscribe, flag.fin, callId, EMPTY);
  }

  async heartbeat(handle: number, timestamp: number): Promise<Bytes> {
    return await this.#seal(handle, type.heartbeat, 0, 0n, envelope.heartbeatPayload(timestamp));
  }

  async close(handle: number): Promise<Bytes> {
    return await this.#seal(handle, type.close, 0, 0n, EMPTY);
  }

  async open(handle: number, frame: Uint8Array): Promise<ReplyFrame> {
    const { receive, window, maxFrame } = this.#session(handle);
    const opened = await openFrame(
      receive,
      frame,
      maxFrame,
      (sequence) => window.check(sequence),
      (sequence) => window.commit(sequence),
    );
    const { callId, payload } = opened;
    switch (opened.kind) {
      case type.reply:
        return { kind: 'response', callId, ...envelope.response(payload) };
      case type.error:
        return { kind: 'error', callId, ...envelope.error(payload) };
      case type.event:
        return { kind: 'event', callId, ...envelope.event(payload), last: (opened.flags & flag.fin) !== 0 };
      case type.heartbeat:
        return { kind: 'heartbeat' };
      default:
        return { kind: 'close' };
    }
  }

  shouldRenew(handle: number): boolean {
    const session = this.#sessions.get(handle);
    return session !== undefined && Math.max(session.sent, session.window.highest) >= MAX_FRAMES / 2;
  }

  free(handle: number): void {
    this.#openings.delete(handle);
    this.#sessions.delete(handle);
  }

  async #begin({ pin, transport, buildId }: HelloInput, ticket: Ticket | undefined) {
    const handshake = new Handshake(await this.#ephemeral().catch(unsupported), ticket);
    const frame = await handshake.start(pin.slice(), envelope.clientHello(transport, buildId));
    const handle = ++this.#handles;
    this.#openings.set(handle, { handshake, transport, old: ticket?.id });
    return { handle, frame };
  }

  /** Takes the sequence, then waits for whatever it has to. */
  async #seal(
    handle: number,
    kind: number,
    flags: number,
    callId: bigint,
    payload: Bytes,
    complete?: () => Promise<void>,
  ) {
    const session = this.#session(handle);
    if (payload.length + OVERHEAD > session.maxFrame) throw new EngineError('too-large');
    if (session.sent >= MAX_FRAMES) throw new EngineError('exhausted');
    const sequence = ++session.sent;
    await complete?.();
    return await sealFrame(session.send, kind, flags, callId, sequence, payload);
  }

  #session(handle: number): Live {
    const session = this.#sessions.get(handle);
    if (!session) throw new EngineError('handle');
    return session;
  }
}

function unsupported(cause: unknown): never {
  throw new TypeError(
    `WebCrypto has no X25519 here, which the suite aes-256-gcm needs: Chrome 133, Firefox 130, Safari 17 have it, on https and localhost`,
    { cause },
  );
}

/** A session's id as its route has it: lower case, with dashes. */
const uuid = (id: Bytes): string =>
  Array.from(id, (byte, i) => (i > 3 && i < 11 && i % 2 === 0 ? '-' : '') + byte.toString(16).padStart(2, '0')).join(
    '',
  );
