// The systems that run in JavaScript. Each is a function of what it needs that resolves to its cases:
// `case(size)` resolves to `run(count, timed)`, which has `timed` run that many operations.
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { startNative } from './native.mjs';

const KEY = 32;
const NONCE = 12;
const TAG = 16;
/** As long as a frame's header, which is what raystream authenticates. */
const AAD = new Uint8Array(16).fill(1);

/** Keeps results from being optimised away. */
export let kept;

const repeat = (count, operation) => {
  for (let i = 0; i < count; i++) kept = operation(i);
};

const repeatLater = async (count, operation) => {
  for (let i = 0; i < count; i++) kept = await operation(i);
};

export const payload = (size) => Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);

/** A nonce that was never there before, as a counter makes it. */
function nonces() {
  const bytes = new Uint8Array(NONCE);
  const view = new DataView(bytes.buffer);
  let count = 0;
  return () => {
    view.setUint32(8, ++count);
    return bytes;
  };
}

/** An AEAD by itself: `seal(nonce, plain)` and `open(nonce, sealed)`, `sealed` being whatever it likes. */
function aead({ seal, open }) {
  return {
    async seal(size) {
      const plain = payload(size);
      const next = nonces();
      const nonce = next().slice();
      assert.deepEqual(Uint8Array.from(open(nonce, seal(nonce, plain))), plain);
      return (count, timed) => timed(() => repeat(count, () => seal(next(), plain)));
    },
    async open(size) {
      const nonce = nonces()();
      const sealed = seal(nonce, payload(size));
      return (count, timed) => timed(() => repeat(count, () => open(nonce, sealed)));
    },
  };
}

/** OpenSSL as Node has it. */
function openssl(algorithm) {
  const key = randomBytes(KEY);
  const options = { authTagLength: TAG };
  return aead({
    seal(nonce, plain) {
      const cipher = createCipheriv(algorithm, key, nonce, options);
      cipher.setAAD(AAD, { plaintextLength: plain.length });
      const body = cipher.update(plain);
      cipher.final();
      return { body, tag: cipher.getAuthTag() };
    },
    open(nonce, { body, tag }) {
      const cipher = createDecipheriv(algorithm, key, nonce, options);
      cipher.setAAD(AAD, { plaintextLength: body.length });
      cipher.setAuthTag(tag);
      const plain = cipher.update(body);
      cipher.final();
      return plain;
    },
  });
}

/** JavaScript alone. */
function noble(cipher) {
  const key = Uint8Array.from(randomBytes(KEY));
  return aead({
    seal: (nonce, plain) => cipher(key, nonce, AAD).encrypt(plain),
    open: (nonce, sealed) => cipher(key, nonce, AAD).decrypt(sealed),
  });
}

/**
 * A client's engine as it is shipped, whole frames: `seal` a SUBSCRIBE, which has no request hash, `call`
 * a call, `open` an event. Its server is a native process. `loop` knows whether the engine answers later.
 */
async function engine(it, loop, program) {
  const peer = startNative(program);
  const { pin: text } = await peer.ask({ kind: 'pin' });
  const hello = { pin: new Uint8Array(Buffer.from(text, 'base64url')), buildId: 'bench', transport: 'websocket' };
  const respond = async (frames) => {
    const inits = frames.map((frame) => Buffer.from(frame).toString('base64'));
    return decoded((await peer.ask({ kind: 'respond', inits })).responses);
  };
  const session = async () => {
    const { handle, frame } = await it.start(hello);
    const [response] = await respond([frame]);
    await it.finish(handle, response);
    return handle;
  };
  const frame = (size) => ({
    callId: 1n,
    method: 'echo',
    args: payload(size),
    metadata: [],
    schemaHash: 0n,
    token: undefined,
    resumeToken: undefined,
    credit: { events: 1, bytes: 1 },
    idempotencyKey: new Uint8Array(16).fill(7),
    deadlineMs: 30_000,
  });
  const sealing = (kind) => async (size) => {
    const handle = await session();
    const message = frame(size);
    return (count, timed) => timed(() => loop(count, () => it[kind](handle, message)));
  };
  return {
    seal: sealing('subscribe'),
    call: sealing('call'),
    async open(size) {
      const handle = await session();
      const events = async (count) => decoded((await peer.ask({ kind: 'events', size, count })).frames);
      const [first] = await events(1);
      assert.deepEqual((await it.open(handle, first)).data, payload(size));
      return async (count, timed) => {
        const frames = await events(count);
        await timed(() => loop(count, (i) => it.open(handle, frames[i])));
      };
    },
    async handshakeClient() {
      return async (count, timed) => {
        const started = [];
        await timed(() => loop(count, () => keep(it.start(hello), started)));
        const all = await Promise.all(started);
        const responses = await respond(all.map(({ frame }) => frame));
        await timed(() => loop(count, (i) => it.finish(all[i].handle, responses[i])));
        for (const { handle } of all) it.free(handle);
      };
    },
  };
}

function keep(value, list) {
  list.push(value);
  return value;
}

const decoded = (texts) => texts.map((text) => new Uint8Array(Buffer.from(text, 'base64')));

/** By name; `modules` are the client's, `program` the native half. */
export const systems = {
  wasm: async ({ modules, program }) => engine(await (await import(modules.wasm)).WasmEngine.load(), repeat, program),
  webcrypto: async ({ modules, program }) =>
    engine(await (await import(modules.webcrypto)).WebCryptoEngine.load(), repeatLater, program),
  openssl: async () => openssl('chacha20-poly1305'),
  openssl_aes: async () => openssl('aes-256-gcm'),
  noble: async () => noble((await import('@noble/ciphers/chacha.js')).chacha20poly1305),
  noble_aes: async () => noble((await import('@noble/ciphers/aes.js')).gcm),
};
