/** `Noise_NK_25519_AESGCM_SHA256`, and `NKpsk0` to resume (protocol §3): the initiator's side. */
import { EngineError, type Bytes } from '../engine.js';
import * as flag from './flag.js';
import { header, malformed, MAX_HELLO, parse } from './frame.js';
import { aesKey, EMPTY, hkdf, join, NONCE, open, seal, sha256, utf8, type Ephemeral } from './primitives.js';
import * as type from './type.js';

/** Each key of a handshake encrypts once. */
const ZERO = new Uint8Array(NONCE);
const KEY = 32;

/** What a session leaves to one that resumes it. */
export interface Ticket {
  id: Bytes;
  psk: Bytes;
}

export interface Secrets {
  send: Bytes;
  receive: Bytes;
  psk: Bytes;
}

export class Handshake {
  readonly #ephemeral: Ephemeral;
  readonly #ticket: Ticket | undefined;
  readonly #flags: number;
  #keyId = 0;
  #h: Bytes;
  #ck: Bytes;
  #key: Bytes = EMPTY;

  constructor(ephemeral: Ephemeral, ticket: Ticket | undefined) {
    this.#ephemeral = ephemeral;
    this.#ticket = ticket;
    this.#flags = flag.aesgcm | (ticket ? flag.resume : 0);
    this.#h = new Uint8Array(KEY);
    this.#h.set(utf8(`Noise_NK${ticket ? 'psk0' : ''}_25519_AESGCM_SHA256`));
    this.#ck = this.#h;
  }

  /** The INIT frame. */
  async start(pin: Bytes, hello: Bytes): Promise<Bytes> {
    const { publicKey } = this.#ephemeral;
    const old = this.#ticket?.id ?? EMPTY;
    this.#keyId = new DataView((await sha256(utf8('raystream-v1 gateway-key'), pin)).buffer).getUint32(0);
    const head = header(type.init, this.#flags, 0, old.length + KEY + hello.length, this.#keyId);
    await this.#mixHash(utf8('raystream-v1'), head, old);
    await this.#mixHash(pin);
    if (this.#ticket) {
      const [ck, hash] = await hkdf(this.#ck, this.#ticket.psk, EMPTY, 3);
      this.#ck = ck!;
      await this.#mixHash(hash!);
    }
    await this.#mixPublic(publicKey);
    await this.#mixKey(await this.#ephemeral.agree(pin));
    const sealed = await seal(await aesKey(this.#key), ZERO, this.#h, hello);
    await this.#mixHash(sealed);
    return join(head, ZERO, old, publicKey, sealed);
  }

  /** The server's hello, out of its RESPONSE. */
  async finish(response: Uint8Array): Promise<Bytes> {
    const { kind, flags, reserved, body } = parse(response, MAX_HELLO);
    if (kind !== type.response || flags !== (this.#flags | flag.s2c) || reserved !== this.#keyId)
      throw new EngineError('unexpected');
    if (body.length < KEY) throw malformed();
    const theirs = body.slice(0, KEY);
    await this.#mixPublic(theirs);
    await this.#mixKey(await this.#ephemeral.agree(theirs));
    const sealed = body.slice(KEY);
    const hello = await open(await aesKey(this.#key), ZERO, this.#h, sealed);
    await this.#mixHash(sealed);
    this.#key = theirs;
    return hello;
  }

  /** The session's keys (protocol §4). */
  async secrets(sessionId: Bytes): Promise<Secrets> {
    const split = join(...(await hkdf(this.#ck, EMPTY, EMPTY, 2)));
    const context = join(sessionId, this.#ephemeral.publicKey, this.#key, this.#h);
    const derive = async (label: string) =>
      (await hkdf(utf8('raystream-v1'), split, join(context, utf8(`rs1 ${label}`)), 1))[0]!;
    return { send: await derive('c2s key'), receive: await derive('s2c key'), psk: await derive('resume psk') };
  }

  async #mixHash(...parts: Uint8Array[]): Promise<void> {
    this.#h = await sha256(this.#h, ...parts);
  }

  async #mixKey(input: Bytes): Promise<void> {
    const [ck, key] = await hkdf(this.#ck, input, EMPTY, 2);
    this.#ck = ck!;
    this.#key = key!;
  }

  async #mixPublic(key: Bytes): Promise<void> {
    await this.#mixHash(key);
    if (this.#ticket) await this.#mixKey(key);
  }
}
