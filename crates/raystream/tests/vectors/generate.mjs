// The protocol a second time, from docs/raystream.md and Node's own primitives alone. Prints
// `raystream-sessions.json`: full and resumed handshakes and every kind of frame, in both suites.
// `node crates/raystream/tests/vectors/generate.mjs > crates/raystream/tests/vectors/raystream-sessions.json`
// The payloads inside are plain text: what they mean is the envelope's affair.
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';

const S2C = 1;
const RESUME = 2;
const AESGCM = 4;
const FIN = 8;
const PADDED = 16;
const CREDIT = 64;

const suites = {
  'chacha20-poly1305': { flag: 0, cipher: 'chacha20-poly1305', noise: 'ChaChaPoly' },
  'aes-256-gcm': { flag: AESGCM, cipher: 'aes-256-gcm', noise: 'AESGCM' },
};

const utf8 = (text) => Buffer.from(text, 'utf8');
const hex = (bytes) => bytes.toString('hex');
const sequence = (from, length = 32) => Buffer.from(Array.from({ length }, (_, i) => (from + i) & 255));
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();

function expand(prk, info, length) {
  let block = Buffer.alloc(0);
  let output = Buffer.alloc(0);
  for (let i = 1; output.length < length; i++) {
    block = hmac(prk, block, info, Buffer.from([i]));
    output = Buffer.concat([output, block]);
  }
  return output.subarray(0, length);
}

function privateKey(bytes) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), bytes]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicOf(bytes) {
  return createPublicKey(privateKey(bytes)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function dh(mine, theirs) {
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), theirs]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return diffieHellman({ privateKey: privateKey(mine), publicKey });
}

/** `ciphertext ‖ tag` */
function seal(suite, key, nonce, aad, plain) {
  const cipher = createCipheriv(suite.cipher, key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function header(type, flags, number, length, reserved = Buffer.alloc(4)) {
  const bytes = Buffer.alloc(16);
  bytes[0] = 1;
  bytes[1] = type;
  bytes.writeUInt16BE(flags, 2);
  bytes.writeUInt32BE(number, 4);
  bytes.writeUInt32BE(length, 8);
  reserved.copy(bytes, 12);
  return bytes;
}

/** Noise's symmetric state; each key seals one payload, so the nonce is always zero. */
class Noise {
  constructor(suite, name) {
    this.suite = suite;
    this.psk = name.includes('psk0');
    this.h = name.length <= 32 ? Buffer.concat([utf8(name), Buffer.alloc(32 - name.length)]) : sha256(utf8(name));
    this.ck = this.h;
  }

  mixHash(...parts) {
    this.h = sha256(this.h, ...parts);
  }

  mixKey(input) {
    const output = expand(hmac(this.ck, input), Buffer.alloc(0), 64);
    [this.ck, this.key] = [output.subarray(0, 32), output.subarray(32)];
  }

  mixPsk(psk) {
    const output = expand(hmac(this.ck, psk), Buffer.alloc(0), 96);
    this.ck = output.subarray(0, 32);
    this.mixHash(output.subarray(32, 64));
  }

  ephemeral(publicKey) {
    this.mixHash(publicKey);
    if (this.psk) this.mixKey(publicKey);
  }

  encrypt(plain) {
    const sealed = seal(this.suite, this.key, Buffer.alloc(12), this.h, plain);
    this.mixHash(sealed);
    return sealed;
  }

  split() {
    return expand(hmac(this.ck, Buffer.alloc(0)), Buffer.alloc(0), 64);
  }
}

function session(name, seed, resumes) {
  const suite = suites[name];
  const gateway = sequence(0);
  const pin = publicOf(gateway);
  const keyId = sha256(utf8('raystream-v1 gateway-key'), pin).subarray(0, 4);
  const [clientEphemeral, serverEphemeral] = [sequence(seed), sequence(seed + 32)];
  const [clientPublic, serverPublic] = [publicOf(clientEphemeral), publicOf(serverEphemeral)];
  const sessionId = Buffer.concat([Buffer.from('0198f3c0a1b27c3d8e4f5a6b7c8d9e', 'hex'), Buffer.from([seed])]);
  const [clientHello, serverHello] = [utf8(`client hello ${seed}`), utf8(`server hello ${seed}`)];
  const flags = suite.flag | (resumes ? RESUME : 0);
  const old = resumes ? resumes.id : Buffer.alloc(0);

  const noise = new Noise(suite, `Noise_NK${resumes ? 'psk0' : ''}_25519_${suite.noise}_SHA256`);
  const initHeader = header(0x01, flags, 0, old.length + 32 + clientHello.length, keyId);
  noise.mixHash(utf8('raystream-v1'), initHeader, old);
  noise.mixHash(pin);
  if (resumes) noise.mixPsk(resumes.psk);
  noise.ephemeral(clientPublic);
  noise.mixKey(dh(clientEphemeral, pin));
  const init = Buffer.concat([initHeader, Buffer.alloc(12), old, clientPublic, noise.encrypt(clientHello)]);
  const responseHeader = header(0x02, flags | S2C, 0, 32 + serverHello.length, keyId);
  noise.ephemeral(serverPublic);
  noise.mixKey(dh(clientEphemeral, serverPublic));
  const response = Buffer.concat([responseHeader, Buffer.alloc(12), serverPublic, noise.encrypt(serverHello)]);

  const prk = hmac(utf8('raystream-v1'), noise.split());
  const context = Buffer.concat([sessionId, clientPublic, serverPublic, noise.h]);
  const derive = (label) => expand(prk, Buffer.concat([context, utf8(label)]), 32);
  const keys = { c2s: derive('rs1 c2s key'), s2c: derive('rs1 s2c key') };
  const psk = derive('rs1 resume psk');

  const counters = { c2s: 0, s2c: 0 };
  const frame = (direction, type, flags_, call, text) => {
    const plain = utf8(text);
    const number = ++counters[direction];
    const all = flags_ | suite.flag | (direction === 's2c' ? S2C : 0);
    let inside = plain;
    if (flags_ & PADDED) {
      inside = Buffer.alloc(Math.max(256, 2 ** Math.ceil(Math.log2(plain.length + 1))));
      plain.copy(inside);
      inside[plain.length] = 0x80;
    }
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(BigInt(call), 0);
    nonce.writeUInt32BE(number, 8);
    const head = header(type, all, number, inside.length);
    const bytes = Buffer.concat([head, nonce, seal(suite, keys[direction], nonce, head, inside)]);
    return { direction, type, flags: flags_, call, plain: hex(plain), frame: hex(bytes) };
  };
  return {
    psk,
    id: sessionId,
    vector: {
      suite: name,
      static_priv: hex(gateway),
      static_pub: hex(pin),
      key_id: hex(keyId),
      resumes: resumes ? { session_id: hex(resumes.id), psk: hex(resumes.psk) } : null,
      client_eph_priv: hex(clientEphemeral),
      server_eph_priv: hex(serverEphemeral),
      client_hello: hex(clientHello),
      server_hello: hex(serverHello),
      session_id: hex(sessionId),
      init_frame: hex(init),
      response_frame: hex(response),
      handshake_hash: hex(noise.h),
      k_c2s: hex(keys.c2s),
      k_s2c: hex(keys.s2c),
      resume_psk: hex(psk),
      exporter: hex(derive('rs1 exporter')),
      frames: [
        frame('c2s', 0x10, FIN, 1, 'a call'),
        frame('c2s', 0x10, FIN | PADDED, 1, 'its retry, padded'),
        frame('c2s', 0x20, 0, 2, 'a subscription'),
        frame('c2s', 0x20, CREDIT, 2, 'more credit'),
        frame('c2s', 0x20, FIN, 2, ''),
        frame('c2s', 0x30, 0, 0, 'a heartbeat'),
        frame('c2s', 0xff, 0, 0, ''),
        frame('s2c', 0x11, FIN, 1, 'a result'),
        frame('s2c', 0x12, FIN | PADDED, 3, 'a failure '.repeat(30)),
        frame('s2c', 0x21, 0, 2, 'an event'),
        frame('s2c', 0x21, FIN, 2, 'the last event'),
        frame('s2c', 0x30, 0, 0, 'an answer'),
        frame('s2c', 0xff, 0, 0, ''),
      ],
    },
  };
}

const vectors = Object.keys(suites).flatMap((name, i) => {
  const first = session(name, 64 + i, undefined);
  return [first.vector, session(name, 128 + i, first).vector];
});
process.stdout.write(`${JSON.stringify(vectors, null, 1)}\n`);
