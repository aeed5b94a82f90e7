// raystream inside workerd: the known answers, and a session with the JavaScript client.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient, NotFoundError, ServiceUnavailableError, UnauthorizedError } from 'kontract/client';
import { startWorker } from './worker.mjs';

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../crates/raystream/tests/vectors/raystream-kat.json'), 'utf8'),
);
const key = randomBytes(32);
const secret = 'a secret of at least thirty-two bytes';

let worker;
before(async () => {
  worker = await startWorker({ KONTRACT_KEY: key.toString('base64url'), KONTRACT_JWT_SECRET: secret });
});
after(() => worker?.dispose());

const post = (path, body) => worker.dispatchFetch(`http://worker${path}`, { method: 'POST', body });

test('the known session comes out to the byte', async () => {
  const response = await post('/kat', JSON.stringify(vectors));
  assert.equal(response.status, 200);
  const computed = await response.json();
  for (const [name, value] of Object.entries(computed)) assert.equal(value, vectors[name], name);
  assert.deepEqual(Object.keys(computed).toSorted(), [
    'exporter',
    'handshake_hash',
    'init_frame',
    'k_c2s',
    'k_s2c',
    'key_id',
    'response_frame',
    'resume_psk',
    'rpc_call_frame',
    'rpc_response_frame',
    'static_pub',
  ]);
});

/** The public key of the Worker's, by Node's own X25519. */
function pin() {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), key]);
  const spki = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });
  return spki.subarray(-32).toString('base64url');
}

function jwt(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const token = () => jwt({ sub: 'ada', exp: Math.floor(Date.now() / 1000) + 60 });
const fetch = (url, init) => worker.dispatchFetch(url, init);
const client = (options = {}) => createClient({ url: 'http://worker', pins: [pin()], token, fetch, ...options });
const route = (id) => ({
  id,
  hash: '0000000000000000',
  perm: 4,
  egroup: null,
  encodeArgs: ([text]) => Buffer.from(text),
  decodeReply: (bytes) => Buffer.from(bytes).toString(),
});

test('a sealed call goes through the gateway and comes back', async () => {
  const c = client();
  assert.equal(await c.call(route('echo'), ['grüße']), 'grüße');
  const replies = await Promise.all(['a', 'b', 'c'].map((text) => c.call(route('echo'), [text])));
  assert.deepEqual(replies, ['a', 'b', 'c']);
  await c.close();
});

test('the gateway refuses what it would refuse elsewhere', async () => {
  await assert.rejects(client().call(route('nothing'), ['x']), NotFoundError);
  await assert.rejects(client({ token: undefined }).call(route('echo'), ['x']), UnauthorizedError);
  const stranger = randomBytes(32).toString('base64url');
  await assert.rejects(client({ pins: [stranger] }).call(route('echo'), ['x']), ServiceUnavailableError);
});

test('what is no frame gets no frame, or the one answer there is', async () => {
  assert.equal((await post('/', '')).status, 404);
  assert.equal((await worker.dispatchFetch('http://worker/raystream/v1/hs')).status, 405);
  assert.equal((await post('/raystream/v1/hs', Buffer.alloc(2 ** 20 + 1))).status, 413);
  const unknown = Buffer.from(await (await post('/raystream/v1/s/x', 'noise')).arrayBuffer());
  assert.equal(unknown.readUInt16BE(2), 0b100001);
  assert.ok(unknown.includes('SESSION_EXPIRED'));
});
