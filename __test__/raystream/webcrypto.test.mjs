// The second implementation, by WebCrypto alone: to the byte of the vectors, against everything that
// may be done to a frame, and on the Rust gateway.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { WebSocket } from 'ws';
import { createClient, NotFoundError } from 'kontract/client/webcrypto';
import { EngineError } from '../../lib/dist/client/engine.js';
import { WebCryptoEngine } from '../../lib/dist/client/webcrypto/engine.js';
import { openFrame, sealFrame } from '../../lib/dist/client/webcrypto/frame.js';
import { Handshake } from '../../lib/dist/client/webcrypto/handshake.js';
import { aesKey, ephemeralOf } from '../../lib/dist/client/webcrypto/primitives.js';
import { Window } from '../../lib/dist/client/webcrypto/window.js';
import { cleanup } from '../support/cleanup.mjs';
import { route } from './echo.mjs';
import { startGateway } from './support/gateway.mjs';

const file = join(import.meta.dirname, '../../crates/raystream/tests/vectors/raystream-sessions.json');
const sessions = JSON.parse(readFileSync(file, 'utf8')).filter(({ suite }) => suite === 'aes-256-gcm');
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (value) => Buffer.from(value).toString('hex');
const { subtle } = crypto;

async function known(privateKey, publicKey) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), privateKey]);
  return ephemeralOf(await subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']), publicKey);
}

/** A vector's handshake as far as the RESPONSE. */
async function begin(vector) {
  const resumes = vector.resumes && { id: bytes(vector.resumes.session_id), psk: bytes(vector.resumes.psk) };
  const publicAt = 28 + (resumes ? 16 : 0);
  const publicKey = bytes(vector.init_frame).slice(publicAt, publicAt + 32);
  const handshake = new Handshake(await known(bytes(vector.client_eph_priv), publicKey), resumes ?? undefined);
  const init = await handshake.start(bytes(vector.static_pub), bytes(vector.client_hello));
  return { handshake, init };
}

const fails = (failure) => (error) => error instanceof EngineError && [failure].flat().includes(error.failure);

test('the known sessions come out to the byte', async (t) => {
  assert.equal(sessions.length, 2);
  let frames = 0;
  for (const vector of sessions) {
    const { handshake, init } = await begin(vector);
    assert.equal(hex(init), vector.init_frame);
    assert.equal(hex(await handshake.finish(bytes(vector.response_frame))), vector.server_hello);
    const secrets = await handshake.secrets(bytes(vector.session_id));
    assert.deepEqual([secrets.send, secrets.receive, secrets.psk].map(hex), [
      vector.k_c2s,
      vector.k_s2c,
      vector.resume_psk,
    ]);
    const [send, receive] = [await aesKey(secrets.send), await aesKey(secrets.receive)];
    let sent = 0;
    for (const { direction, type, flags, call, plain, frame } of vector.frames) {
      frames++;
      if (direction === 's2c') {
        const opened = await openFrame(
          receive,
          bytes(frame),
          1 << 20,
          () => {},
          () => {},
        );
        assert.deepEqual([hex(opened.payload), opened.callId, opened.kind], [plain, BigInt(call), type]);
        continue;
      }
      sent++;
      // Padding is for whoever wants it; this client takes it and does not make it.
      if (flags & 16) continue;
      assert.equal(hex(await sealFrame(send, type, flags, BigInt(call), sent, bytes(plain))), frame);
    }
  }
  t.diagnostic(`${sessions.length} sessions, ${frames} frames`);
});

test('no bit of a RESPONSE or a frame can change', async (t) => {
  let flips = 0;
  const [vector] = sessions;
  const flipped = (frame, bit) => {
    const copy = bytes(frame);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  };
  for (let bit = 0; bit < vector.response_frame.length * 4; bit++, flips++) {
    const { handshake } = await begin(vector);
    await assert.rejects(handshake.finish(flipped(vector.response_frame, bit)), EngineError, `bit ${bit}`);
  }
  const key = await aesKey(bytes(vector.k_s2c));
  for (const { frame } of vector.frames.filter(({ direction }) => direction === 's2c').slice(0, 4)) {
    for (let bit = 0; bit < Math.min(frame.length * 4, 1000); bit++, flips++) {
      let committed = false;
      const opening = openFrame(
        key,
        flipped(frame, bit),
        1 << 20,
        () => {},
        () => (committed = true),
      );
      await assert.rejects(opening, EngineError, `bit ${bit}`);
      assert.equal(committed, false);
    }
  }
  t.diagnostic(`${flips} flips`);
});

test('reflected, foreign, too long, clear: nothing of that opens', async () => {
  const [vector, resumed] = sessions;
  const key = await aesKey(bytes(vector.k_s2c));
  const open = (frame, max = 1 << 20) =>
    openFrame(
      key,
      frame,
      max,
      () => {},
      () => {},
    );
  const own = vector.frames.find(({ direction }) => direction === 'c2s').frame;
  await assert.rejects(open(bytes(own)), fails('malformed'));
  const foreign = resumed.frames.find(({ direction }) => direction === 's2c').frame;
  await assert.rejects(open(bytes(foreign)), fails('decryption'));
  const good = vector.frames.find(({ direction }) => direction === 's2c').frame;
  await assert.rejects(open(bytes(good), 50), fails('malformed'));
  await assert.rejects(open(bytes(good).slice(0, 43)), fails('malformed'));
  await assert.rejects(open(new Uint8Array([...bytes(good), 0])), fails('malformed'));
});

test('a shared secret of zero is refused', async () => {
  const { privateKey, publicKey } = await subtle.generateKey('X25519', false, ['deriveBits']);
  const own = ephemeralOf(privateKey, new Uint8Array(await subtle.exportKey('raw', publicKey)));
  for (const point of [new Uint8Array(32), Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))]) {
    await assert.rejects(own.agree(point), fails('decryption'));
  }
});

test('the window is a set of the last 1024, or one after the other', () => {
  for (let seed = 1; seed < 30; seed++) {
    const window = new Window('http');
    const seen = new Set();
    let state = seed;
    for (let i = 0; i < 6_000; i++) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      const sequence = Math.max(1, window.highest - 1_100 + (state % 1_400));
      const isNew = !seen.has(sequence) && sequence > window.highest - 1024;
      if (isNew) {
        window.commit(sequence);
        seen.add(sequence);
      } else assert.throws(() => window.check(sequence), fails('replay'));
    }
  }
  const ordered = new Window('websocket');
  ordered.commit(1);
  for (const sequence of [0, 1, 3]) assert.throws(() => ordered.check(sequence), fails('replay'));
  assert.throws(() => new Window('http').check(2 ** 23 + 1), fails('exhausted'));
});

const functions = {
  echo: (text) => text,
  sid: (_, call) => call.ctx.sid,
  trace: (_, call) => new Map(call.headers).get('traceparent') ?? 'none',
};

for (const transport of ['websocket', 'http']) {
  test(`on the Rust gateway over ${transport}`, async (t) => {
    const { url, pin } = await startGateway(t, functions);
    const sockets = [];
    class Breakable extends WebSocket {
      constructor(...args) {
        super(...args);
        sockets.push(this);
      }
    }
    const client = createClient({ url, pins: [pin], transport, WebSocket: Breakable });
    cleanup(t, () => client.close());
    const call = (id, argument = '', options) => client.call({ ...route(id), hash: '' }, [argument], options);
    assert.equal(await call('echo', 'grüße'), 'grüße');
    const texts = Array.from({ length: 300 }, (_, i) => `${i}`.repeat(i % 50));
    assert.deepEqual(await Promise.all(texts.map((text) => call('echo', text))), texts);
    const long = 'x'.repeat(900_000);
    assert.equal(await call('echo', long), long);
    await assert.rejects(call('echo', 'x'.repeat(2_000_000)), /larger than a frame/);
    await assert.rejects(call('nothing'), NotFoundError);
    assert.equal(await call('trace', '', { metadata: { traceparent: '00-aa' } }), '00-aa');
    assert.equal(await call('trace'), 'none');
    if (transport === 'http') return;
    // Resumed: NKpsk0.
    const before = await call('sid');
    sockets[0].terminate();
    assert.notEqual(await call('sid'), before);
    assert.equal(sockets.length, 2);
  });
}

test('a platform without X25519 is said plainly, and not asked again', async (t) => {
  const generate = t.mock.method(crypto.subtle, 'generateKey', async () => {
    throw new DOMException('Unrecognized name.', 'NotSupportedError');
  });
  const client = createClient({ url: 'http://127.0.0.1:9', pins: [Buffer.alloc(32, 9).toString('base64url')] });
  await assert.rejects(client.call(route('echo'), ['a']), /WebCrypto has no X25519 here.* Chrome 133/);
  assert.equal(generate.mock.callCount(), 1);
});

test('an engine forgets what it is told to forget', async () => {
  const engine = new WebCryptoEngine();
  const pin = bytes(sessions[0].static_pub);
  const { handle, frame } = await engine.start({ pin, transport: 'http', buildId: 'test' });
  assert.equal(frame[3], 4, 'the suite is named by its flag');
  engine.free(handle);
  await assert.rejects(engine.finish(handle, bytes(sessions[0].response_frame)), fails('handle'));
  await assert.rejects(engine.heartbeat(handle, 0), fails('handle'));
  await assert.rejects(engine.resume(handle, { pin, transport: 'http', buildId: 'test' }), fails('handle'));
});

test('handshake, keys, frames and window are less than 2 KB, and no WebAssembly comes along', async (t) => {
  const size = async (stdin, external = []) => {
    const { outputFiles } = await build({
      ...(typeof stdin === 'string' ? { entryPoints: [stdin] } : { stdin }),
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      external,
    });
    const [{ contents, text }] = outputFiles;
    return { brotli: brotliCompressSync(contents).length, text };
  };
  const dist = join(import.meta.dirname, '../../lib/dist/client');
  const contents = `export { Handshake } from './handshake.js';
    export { openFrame, sealFrame } from './frame.js';
    export { Window } from './window.js';
    export { ephemeral } from './primitives.js';`;
  const suite = await size({ contents, resolveDir: join(dist, 'webcrypto') }, ['*/envelope.js', '*/engine.js']);
  const engine = await size(join(dist, 'webcrypto/engine.js'), ['*/codec/index.js', '../engine.js']);
  const whole = await size(join(dist, 'webcrypto/index.js'));
  const wasm = await size(join(dist, 'index.js'));
  t.diagnostic(
    `brotli: suite ${suite.brotli}, with payloads ${engine.brotli}; the whole client ${whole.brotli}, in WebAssembly ${wasm.brotli}`,
  );
  assert.ok(suite.brotli < 2048, `${suite.brotli} bytes`);
  assert.ok(!whole.text.includes('0061736d') && wasm.text.includes('0061736d'));
});
