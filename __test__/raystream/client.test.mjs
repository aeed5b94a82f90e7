// The client against a server in Rust: the wasm engine, sessions, retries and errors.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createClient,
  createRpc,
  HttpError,
  InternalError,
  InvalidRequestError,
  NotFoundError,
  ServiceUnavailableError,
  SessionExpiredError,
  TimeoutError,
} from 'kontract/client';
import { route, startEcho } from './echo.mjs';

let echo;
before(async () => {
  echo = await startEcho();
});
after(() => echo.stop());

const client = (options = {}) => createClient({ url: echo.url, pins: [echo.pin], ...options });

/** A fetch that counts frames, and lets `intercept(path, n)` answer the nth request of a kind itself. */
function tap(intercept = () => undefined) {
  const frames = [];
  const counts = { hs: 0, s: 0 };
  const fetch = async (url, init) => {
    const kind = url.endsWith('/hs') ? 'hs' : 's';
    frames.push({ kind, frame: new Uint8Array(init.body) });
    return (await intercept(kind, ++counts[kind], url, init)) ?? (await globalThis.fetch(url, init));
  };
  return { fetch, frames, counts };
}

const octets = (bytes) => new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } });

test('a call goes there and comes back', async () => {
  const c = client();
  assert.equal(await c.call(route('echo'), ['grüße']), 'grüße');
  const long = 'x'.repeat(500_000);
  assert.equal(await c.call(route('echo'), [long]), long);
  await c.close();
});

test('raw shows status and headers', async () => {
  const reply = await client().call(route('echo', 'v1'), ['a'], { raw: true });
  assert.deepEqual(reply, { data: 'a', status: 201, headers: { 'x-egroup': 'v1' } });
});

test('the schema hash travels', async () => {
  assert.equal(await client().call(route('schema'), []), '00c0ffee00c0ffee');
});

test('nothing happens before the first call', async () => {
  const { fetch, frames } = tap();
  const c = client({ fetch });
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(frames.length, 0);
  await c.close();
  assert.equal(frames.length, 0);
});

test('concurrent calls share one session and one handshake', async () => {
  const { fetch, counts } = tap();
  const c = client({ fetch });
  const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => c.call(route('echo'), [`${i}`])));
  assert.deepEqual(
    replies,
    Array.from({ length: 40 }, (_, i) => `${i}`),
  );
  assert.deepEqual(counts, { hs: 1, s: 1 }, 'called in one tick, sent in one POST');
});

test('a gateway that takes one frame at a time gets them so', async () => {
  const { fetch, counts } = tap((_kind, _n, _url, { headers }) =>
    headers['content-type'] === 'application/octet-stream' ? undefined : unknownSession(),
  );
  const unknownSession = () =>
    globalThis.fetch(`${echo.url}/raystream/v1/s/unknown`, { method: 'POST', body: new Uint8Array(44) });
  const c = client({ fetch });
  for (const posts of [10, 20]) {
    const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => c.call(route('echo'), [`${i}`])));
    assert.deepEqual(
      replies,
      Array.from({ length: 10 }, (_, i) => `${i}`),
    );
    assert.deepEqual(counts, { hs: 2, s: posts + 1 });
  }
});

test('metadata and an idempotency key of the caller travel', async () => {
  const metadata = { traceparent: '00-aa', egroup2: 'x' };
  const { headers } = await client().call(route('echo', 'v1'), ['a'], { raw: true, metadata });
  assert.deepEqual(headers, { 'x-traceparent': '00-aa', 'x-egroup2': 'x', 'x-egroup': 'v1' });
  const c = client();
  const idempotencyKey = crypto.randomUUID();
  // The server counts what it is asked under one key.
  for (const times of ['3', '4', '5']) assert.equal(await c.call(route('flaky'), [], { idempotencyKey }), times);
  for (const wrong of [
    { idempotencyKey: 'order 42' },
    { idempotencyKey: new Uint8Array(15) },
    { metadata: { egroup: 'v2' } },
    { metadata: { long: 'x'.repeat(9_000) } },
    { metadata: { number: 1 } },
  ]) {
    await assert.rejects(c.call(route('echo'), [], wrong), TypeError, JSON.stringify(wrong));
  }
});

test('the token is sent until the first sealed reply', async () => {
  let asked = 0;
  const c = client({ token: async () => `jwt-${++asked}` });
  assert.equal(await c.call(route('token'), []), 'jwt-1');
  assert.equal(await c.call(route('token'), []), 'none');
  assert.equal(asked, 1);
  await c.close();
  assert.equal(await c.call(route('token'), []), 'jwt-2');
});

test('an error arrives as the class its code names', async () => {
  await assert.rejects(client().call(route('missing'), []), (error) => {
    assert.ok(error instanceof NotFoundError && error instanceof HttpError);
    const { name, code, status, message } = error;
    assert.deepEqual(
      { name, code, status, message },
      { name: 'NotFoundError', code: 'NOT_FOUND', status: 404, message: 'as asked for' },
    );
    return true;
  });
});

test('a 4xx is final, a 5xx is tried three times more with the same idempotency key', async () => {
  const { fetch, counts } = tap();
  const c = client({ fetch });
  await assert.rejects(c.call(route('missing'), []), NotFoundError);
  assert.equal(counts.s, 1);
  // The server counts attempts by idempotency key.
  assert.equal(await c.call(route('flaky'), []), '3');
  assert.equal(counts.s, 4);
  await assert.rejects(c.call(route('broken'), []), InternalError);
  assert.equal(counts.s, 8);
});

test('every attempt is a new frame', async () => {
  const { fetch, frames } = tap((kind, n) => {
    if (kind === 's' && n === 1) throw new TypeError('connection reset');
  });
  assert.equal(await client({ fetch }).call(route('echo'), ['again']), 'again');
  const [first, second] = frames.filter(({ kind }) => kind === 's').map(({ frame }) => frame);
  const sequence = (frame) => new DataView(frame.buffer).getUint32(4);
  const callId = (frame) => new DataView(frame.buffer).getBigUint64(16);
  assert.deepEqual([sequence(first), sequence(second)], [1, 2]);
  assert.equal(callId(first), callId(second));
  assert.notDeepEqual(first.subarray(28), second.subarray(28));
});

test('a forgotten session is replaced without the caller noticing', async () => {
  const { fetch, counts } = tap();
  const c = client({ fetch });
  await c.call(route('forget'), []);
  const replies = await Promise.all(['a', 'b', 'c'].map((text) => c.call(route('echo'), [text])));
  assert.deepEqual(replies, ['a', 'b', 'c']);
  assert.equal(counts.hs, 2);
});

test('a hint in the clear leads to at most three handshakes', async () => {
  let expired;
  const { fetch: record } = tap(async (kind, n, url, init) => {
    if (kind !== 's') return undefined;
    expired ??= new Uint8Array(await (await globalThis.fetch(url.replace(/[^/]+$/, 'unknown'), init)).arrayBuffer());
    return octets(expired);
  });
  let handshakes = 0;
  const fetch = (url, init) => {
    if (url.endsWith('/hs')) handshakes++;
    return record(url, init);
  };
  await assert.rejects(client({ fetch }).call(route('echo'), ['x']), SessionExpiredError);
  assert.equal(handshakes, 4);
});

test('a reply that was tampered with, replayed or swapped is not believed', async () => {
  const tamper = tap(async (kind, n, url, init) => {
    if (kind !== 's' || n > 1) return undefined;
    const bytes = new Uint8Array(await (await globalThis.fetch(url, init)).arrayBuffer());
    bytes[bytes.length - 1] ^= 1;
    return octets(bytes);
  });
  assert.equal(await client({ fetch: tamper.fetch }).call(route('echo'), ['x']), 'x');
  assert.equal(tamper.counts.s, 2);

  let old;
  const replay = tap(async (kind, n, url, init) => {
    if (kind !== 's') return undefined;
    if (n === 2) return octets(old);
    const bytes = new Uint8Array(await (await globalThis.fetch(url, init)).arrayBuffer());
    if (n === 1) old = bytes.slice();
    return octets(bytes);
  });
  const c = client({ fetch: replay.fetch });
  assert.equal(await c.call(route('echo'), ['first']), 'first');
  assert.equal(await c.call(route('echo'), ['second']), 'second');
});

test('a gateway without the pinned key gets nothing but a handshake', async () => {
  const { fetch, counts } = tap();
  const pin = `${echo.pin.slice(0, -2)}${echo.pin.endsWith('A') ? 'EA' : 'AA'}`;
  await assert.rejects(
    createClient({ url: echo.url, pins: [pin], fetch }).call(route('echo'), ['x']),
    ServiceUnavailableError,
  );
  assert.equal(counts.s, 0);
  // The next key may be the one in use.
  assert.equal(await createClient({ url: echo.url, pins: [pin, echo.pin] }).call(route('echo'), ['x']), 'x');
});

test('a lost reply is waited for twice, then it is a timeout', async () => {
  assert.equal(await client().call(route('slow'), [], { timeoutMs: 6_000 }), '2');
  await assert.rejects(client().call(route('sleepy'), [], { timeoutMs: 300 }), TimeoutError);
});

test('the caller can stop waiting', async () => {
  const reason = new Error('enough');
  const aborter = new AbortController();
  setTimeout(() => aborter.abort(reason), 50);
  await assert.rejects(client().call(route('sleepy'), [], { signal: aborter.signal }), reason);
  await assert.rejects(client().call(route('echo'), [], { signal: AbortSignal.abort(reason) }), reason);
});

test('a missing gateway is said plainly', async () => {
  const c = createClient({ url: 'http://127.0.0.1:9', pins: [echo.pin] });
  await assert.rejects(c.call(route('echo'), []), (error) => {
    assert.ok(error instanceof ServiceUnavailableError);
    assert.equal(error.message, "no gateway answers at http://127.0.0.1:9: start one with 'npx kontract dev'");
    return true;
  });
});

test('something else than a gateway is said plainly', async () => {
  const fetch = async () => new Response('<h1>404</h1>', { status: 404, headers: { 'content-type': 'text/html' } });
  await assert.rejects(client({ fetch }).call(route('echo'), []), {
    message: `what answers at ${echo.url} is no Kontract gateway (HTTP 404)`,
  });
});

test("arguments beyond a frame are the caller's mistake", async () => {
  await assert.rejects(client().call(route('echo'), ['x'.repeat(2_000_000)]), InvalidRequestError);
});

test('wrong settings are found before anything is sent', async () => {
  const { fetch, frames } = tap();
  for (const options of [
    { pins: [] },
    { pins: ['short'] },
    { pins: ['?'] },
    { url: 'ftp://x' },
    { pins: [echo.pin, echo.pin, echo.pin] },
  ]) {
    await assert.rejects(client({ fetch, ...options }).call(route('echo'), []), TypeError);
  }
  assert.equal(frames.length, 0);
});

test('createRpc makes stubs, api and kontract of a build', async () => {
  const routes = { echo: route('echo'), 'users.missing': route('missing') };
  const { __kontract_rpc, api, kontract } = createRpc(
    { url: 'http://127.0.0.1:9', pins: [], mode: 'development' },
    routes,
  );
  kontract.configure({ url: echo.url, pins: [echo.pin], token: undefined });
  assert.equal(await __kontract_rpc('echo', ['stub'], { egroup: 'v1' }), 'stub');
  assert.equal(await api.echo('api'), 'api');
  assert.equal((await api.echo.raw('api')).status, 201);
  const traced = api.echo.with({ metadata: { traceparent: '00-bb' } });
  assert.equal(await traced('with'), 'with');
  assert.equal((await traced.with({ timeoutMs: 5_000 }).raw('with')).headers['x-traceparent'], '00-bb');
  await assert.rejects(api.echo.with({ signal: AbortSignal.abort(new Error('enough')) })('x'), /enough/);
  assert.equal(kontract.state, 'open');
  const states = [];
  kontract.onState((state) => states.push(state));
  await kontract.close();
  assert.equal(await api.echo('again'), 'again');
  kontract.configure({ token: 'other' });
  assert.equal(await api.echo('other'), 'other');
  assert.deepEqual(states, ['closed', 'connecting', 'open', 'idle', 'connecting', 'open']);
  await assert.rejects(api.users.missing(), NotFoundError);
  await assert.rejects(__kontract_rpc('toString', []), TypeError);
});
