// Keys as text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';

const { native } = await import(pathToFileURL(join(import.meta.dirname, '../../lib/dist/native/index.js')).href);
const base64url = (hex) => Buffer.from(hex, 'hex').toString('base64url');

test('a key pair agrees with the known answer', () => {
  const vectors = join(import.meta.dirname, '../../crates/raystream/tests/vectors/raystream-kat.json');
  const kat = JSON.parse(readFileSync(vectors, 'utf8'));
  assert.deepEqual(native.publicKey(base64url(kat.static_priv)), {
    publicKey: base64url(kat.static_pub),
    keyId: kat.key_id,
  });
});

test('every key pair is another one', () => {
  const [one, two] = [native.keygen(), native.keygen()];
  assert.notEqual(one.privateKey, two.privateKey);
  assert.equal(Buffer.from(one.publicKey, 'base64url').length, 32);
  assert.deepEqual(native.publicKey(one.privateKey), { publicKey: one.publicKey, keyId: one.keyId });
});

test('a bad key is refused without being repeated', () => {
  for (const bad of ['', 'abc', 'secret-but-not-a-key', 'A'.repeat(42), 'A'.repeat(44)]) {
    assert.throws(
      () => native.publicKey(bad),
      (error) => /32 bytes in base64url/.test(error.message) && !(bad && error.message.includes(bad)),
    );
  }
});
