// Who may come in, how often, how much at once, and how the server goes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { native } from '../../lib/dist/native/index.js';
import { functions, gate, sleep, startGateway, until } from './support/gateway.mjs';
import { frames, open, post, postFrames } from './support/http.mjs';
import { Socket, connect } from './support/socket.mjs';
import { Wire, refused, refusedHandshake } from './support/wire.mjs';

/** A call as JSON. */
const plain = ({ url }, path, headers = {}) =>
  fetch(`${url}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '"a"' });

test('pages of other origins may not call, over HTTP or a WebSocket', async (t) => {
  const server = await startGateway(t, functions, { origins: ['https://app.example.com'] });
  const { init } = new Wire({ pin: server.pin });
  const from = async (origin) => {
    const response = await post(server, 'hs', init, 'application/octet-stream', origin ? { origin } : {});
    return [response.status, response.headers.get('access-control-allow-origin')];
  };
  assert.deepEqual(await from('https://app.example.com'), [200, 'https://app.example.com']);
  assert.deepEqual(await from(server.url), [200, server.url]);
  assert.deepEqual(await from(undefined), [200, null]);
  for (const origin of ['https://evil.example', 'null', 'https://app.example.com.evil.example', 'http://localhost:1'])
    assert.deepEqual(await from(origin), [403, null], origin);

  const elsewhere = await fetch(`${server.url}/v1/echo`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(elsewhere.status, 403, 'whatever else takes a POST');

  for (const [origin, status] of [
    ['https://evil.example', 403],
    ['https://app.example.com', undefined],
  ]) {
    const socket = new Socket(server.host, { headers: { origin } });
    await socket.opened.catch(() => undefined);
    assert.equal(socket.status, status);
    socket.end();
  }
});

test('a preflight is answered for allowed origins only', async (t) => {
  const server = await startGateway(t, functions, { origins: ['https://app.example.com'] });
  const preflight = async (origin) => {
    const response = await fetch(`${server.url}/raystream/v1/s/x`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    return ['origin', 'methods', 'headers'].map((name) => response.headers.get(`access-control-allow-${name}`));
  };
  assert.deepEqual(await preflight('https://app.example.com'), ['https://app.example.com', 'GET,POST', 'content-type']);
  assert.equal((await preflight('https://evil.example'))[0], null);
});

test('a page of an allowed origin may read all headers of an answer', async (t) => {
  const options = { origins: ['https://app.example.com'], plainRoutes: ['*'] };
  const server = await startGateway(t, functions, options);
  const exposed = async (origin) => {
    const response = await plain(server, 'echo', { origin });
    return [response.status, response.headers.get('access-control-expose-headers')];
  };
  // `location` of a redirect, `retry-after` of a refusal, and whatever a function sets.
  assert.deepEqual(await exposed('https://app.example.com'), [200, '*']);
  assert.equal((await exposed('https://evil.example'))[0], 403);
});

test('in development pages of any port of this machine may call', async (t) => {
  const server = await startGateway(t, functions, { development: true });
  const { init } = new Wire({ pin: server.pin });
  for (const [origin, status] of [
    ['http://localhost:5173', 200],
    ['http://127.0.0.1:5173', 200],
    ['http://[::1]:5173', 200],
    ['http://localhost.evil.example', 403],
  ])
    assert.equal((await post(server, 'hs', init, undefined, { origin })).status, status, origin);
});

test('too many handshakes of one address', async (t) => {
  const server = await startGateway(t, functions, { limits: { handshakesPerMinute: 5 } });
  for (let i = 0; i < 5; i++) await open(server);
  const { init } = new Wire({ pin: server.pin });
  const response = await post(server, 'hs', init);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('retry-after'), '5');
  assert.equal(refusedHandshake(server.pin, Buffer.from(await response.arrayBuffer())), refused.unavailable);
  const socket = new Socket(server.host);
  await assert.rejects(socket.opened);
  assert.equal(socket.status, 503);
});

test('too many failures of one address, and proxies that speak for others', async (t) => {
  const server = await startGateway(t, functions, {
    limits: { failuresPerMinute: 3 },
    trustProxy: ['10.0.0.0/8', '127.0.0.1'],
  });
  const wire = await open(server);
  const beat = async (forwarded, frame = wire.heartbeat()) =>
    (await post(server, `s/${wire.id}`, frame, undefined, forwarded ? { 'x-forwarded-for': forwarded } : {})).status;
  for (let i = 0; i < 3; i++) assert.equal(await beat('203.0.113.7', Buffer.from('x')), 200);
  assert.equal(await beat('203.0.113.7'), 429);
  assert.equal(await beat('198.51.100.1, 203.0.113.7, 10.1.2.3'), 429, 'past the proxies we know');
  assert.equal(await beat('203.0.113.7, 198.51.100.1'), 200, 'what the client says of itself');
  assert.equal(await beat(), 200);
});

test('what comes as JSON and is no call counts as a failure; what a function refuses does not', async (t) => {
  const options = { limits: { failuresPerMinute: 4 }, plainRoutes: ['*'], trustProxy: ['127.0.0.1'] };
  const fails = () => {
    throw new Error('not today');
  };
  const server = await startGateway(t, { ...functions, fails }, options);
  let address = 0;
  const from = () => ({ 'x-forwarded-for': `203.0.113.${++address}` });
  const status = async (path, headers) => (await plain(server, path, headers)).status;
  const named = from();
  for (let i = 0; i < 8; i++) assert.equal(await status('fails', named), 500);
  assert.equal(await status('echo', named), 200);

  for (const [path, headers, expected] of [
    ['nothing', {}, 404],
    ['echo', { authorization: 'Bearer no.token.atall' }, 401],
    ['echo', { 'content-type': 'text/plain' }, 415],
    ['echo', { 'idempotency-key': '' }, 400],
  ]) {
    const failing = from();
    for (let i = 0; i < 4; i++) assert.equal(await status(path, { ...failing, ...headers }), expected);
    assert.equal(await status('echo', failing), 429, path);
  }
});

test('each frame of a list that is none counts as a failure', async (t) => {
  const server = await startGateway(t, functions, { limits: { failuresPerMinute: 3 } });
  const wire = await open(server);
  const mixed = [wire.heartbeat(), Buffer.alloc(44), Buffer.from('x'), Buffer.alloc(50)];
  for await (const frame of frames(await postFrames(server, wire.id, mixed))) assert.ok(frame.length >= 44);
  assert.equal((await post(server, `s/${wire.id}`, wire.heartbeat())).status, 429);
});

test('without a known proxy x-forwarded-for means nothing', async (t) => {
  const server = await startGateway(t, functions, { limits: { failuresPerMinute: 3 } });
  const wire = await open(server);
  for (let i = 0; i < 3; i++)
    await post(server, `s/${wire.id}`, Buffer.from('x'), undefined, { 'x-forwarded-for': `203.0.113.${i}` });
  assert.equal((await post(server, `s/${wire.id}`, wire.heartbeat())).status, 429);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});

test('a proxy that is none is refused at the start', async (t) => {
  await assert.rejects(startGateway(t, functions, { trustProxy: ['10.0.0.0/33'] }), /neither an address nor a network/);
});

test('sessions and bytes have their limit', async (t) => {
  const hold = gate();
  const server = await startGateway(t, { hold: hold.handler }, { limits: { sessions: 2, bodyBytes: 1 << 20 } });
  const wire = await open(server);
  await connect(t, server);
  const { init } = new Wire({ pin: server.pin });
  assert.equal((await post(server, 'hs', init)).status, 503);
  // Held while their call runs: together more than there are bytes for.
  const large = 'x'.repeat(600_000);
  const first = post(server, `s/${wire.id}`, wire.call('hold', large));
  await hold.entered(1);
  assert.equal((await post(server, `s/${wire.id}`, wire.call('hold', large))).status, 503);
  hold.open();
  assert.equal((await first).status, 200);
  assert.equal((await post(server, `s/${wire.id}`, wire.call('hold', large))).status, 200, 'they are given back');
});

test(
  'a request that does not arrive, and a connection that asks nothing, are closed',
  { timeout: 60_000 },
  async (t) => {
    const server = await startGateway(t, functions, { limits: { readSeconds: 1 } });
    const slow = async (...parts) => {
      const socket = dial(server.gateway.port, '127.0.0.1');
      cleanup(t, () => socket.destroy());
      let heard = '';
      socket.on('data', (data) => (heard += data));
      const closed = new Promise((done) => socket.on('close', done));
      for (const part of parts) socket.write(part);
      const drip = setInterval(() => socket.writable && parts.length > 0 && socket.write('a'), 200);
      socket.on('error', () => undefined);
      await closed;
      clearInterval(drip);
      return heard;
    };
    assert.equal(await slow(), '');
    await slow('GET /healthz HTTP/1.1\r\nx-slow: ');
    const body = await slow(`POST /raystream/v1/hs HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n`);
    assert.match(body, /^HTTP\/1.1 408 /);
  },
);

test('connections beyond the limit wait their turn', async (t) => {
  const server = await startGateway(t, functions, { limits: { connections: 2 } });
  const ask = () => {
    const socket = dial(server.gateway.port, '127.0.0.1');
    cleanup(t, () => socket.destroy());
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    let heard = '';
    socket.on('data', (data) => (heard += data));
    return { socket, heard: () => heard };
  };
  const [one, , third] = [ask(), ask(), ask()];
  await until(() => one.heard() !== '', 'an answer to the first');
  assert.match(one.heard(), /200 OK/);
  await sleep(300);
  assert.equal(third.heard(), '');
  one.socket.destroy();
  await until(() => third.heard() !== '', 'an answer to the third');
  assert.match(third.heard(), /200 OK/);
});

/** A certificate for this machine and its key, as files. */
function certificate(t) {
  const folder = mkdtempSync(join(tmpdir(), 'kontract-tls-'));
  cleanup(t, () => rmSync(folder, { recursive: true, force: true }));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...curve, '-days', '1', ...subject, ...files], {
    stdio: 'ignore',
  });
  return { folder, cert, key };
}

test('a TLS handshake that does not arrive is not waited for', { timeout: 60_000 }, async (t) => {
  const { cert, key } = certificate(t);
  const server = await startGateway(t, functions, { tls: { cert, key }, limits: { readSeconds: 1, connections: 1 } });
  // Nothing at all, and a record that says it is a ClientHello and stops.
  for (const part of ['', Buffer.from('16030100c8010000c40303', 'hex')]) {
    const socket = dial(server.gateway.port, '127.0.0.1');
    cleanup(t, () => socket.destroy());
    if (part.length > 0) socket.write(part);
    const started = performance.now();
    socket.resume();
    await once(socket, 'close');
    assert.ok(performance.now() - started > 900, 'it had its time');
  }
  // The only place there is has been given back.
  const { socket, wire, reply } = await connect(t, server, { secure: true });
  socket.send(wire.call('echo', 'in time'));
  assert.equal((await reply()).data, 'in time');
});

test('TLS from two files', async (t) => {
  const { folder, cert, key } = certificate(t);
  const server = await startGateway(t, functions, { tls: { cert, key } });
  const agent = new Agent({ rejectUnauthorized: false });
  const status = await new Promise((done, failed) => {
    get(`https://${server.host}/healthz`, { agent }, (response) => done(response.statusCode)).on('error', failed);
  });
  assert.equal(status, 200);
  const { socket, wire, reply } = await connect(t, server, { secure: true });
  socket.send(wire.call('echo', 'over TLS'));
  assert.equal((await reply()).data, 'over TLS');
  await assert.rejects(fetch(`${server.url}/healthz`), 'plain HTTP is not spoken there');

  writeFileSync(key, 'no key');
  await assert.rejects(startGateway(t, functions, { tls: { cert, key } }), /the private key .*key\.pem cannot be read/);
  await assert.rejects(startGateway(t, functions, { tls: { cert: join(folder, 'none'), key } }), /the certificate/);
});

test('readiness is the database’s and ends with draining, health is the process’s', async (t) => {
  const without = await startGateway(t, functions);
  assert.equal((await fetch(`${without.url}/healthz`)).status, 200);
  assert.equal((await fetch(`${without.url}/readyz`)).status, 503);

  const adminUrl = await database(t);
  const keys = native.keygen();
  const manifest = JSON.stringify({ version: 1, routes: [], tables: [] });
  const { gatewayUrl } = await native.migrate({ adminUrl, manifest, gatewayPassword: 'readiness' });
  const [slow, mixed] = [gate(), gate()];
  const handlers = { ...functions, slow: slow.handler, mixed: mixed.handler };
  const server = await startGateway(t, handlers, { databaseUrl: gatewayUrl, privateKey: keys.privateKey });
  const pin = keys.publicKey;
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);

  // One connection is kept busy, so that it still answers while the server drains.
  const wire = new Wire({ pin });
  wire.finish(Buffer.from(await (await post(server, 'hs', wire.init)).arrayBuffer()));
  const { socket, wire: other } = await connect(t, { ...server, pin });
  socket.send(other.call('slow', 'one'));
  const single = post(server, `s/${wire.id}`, wire.call('slow', 'two'));
  const batch = postFrames(server, wire.id, [wire.call('slow', 'three'), wire.call('mixed', 'four')]);
  await Promise.all([slow.entered(3), mixed.entered(1)]);
  const closed = server.gateway.close();

  assert.equal(other.open(await socket.next()).kind, 'close');
  socket.send(other.call('echo', 'too late'));
  assert.equal(other.open(await socket.next()).code, 'SERVICE_UNAVAILABLE');
  mixed.open();
  const replies = [];
  for await (const frame of frames(await batch)) {
    if (replies.push(wire.open(frame).data) === 1) slow.open();
  }
  assert.deepEqual(replies, ['after four', 'after three']);
  assert.equal(other.open(await socket.next()).data, 'after one');
  assert.equal(await socket.closed, 1001);
  assert.equal(wire.open(Buffer.from(await (await single).arrayBuffer())).data, 'after two');
  await closed;
  await assert.rejects(fetch(`${server.url}/healthz`));
});

test('what takes longer than draining may is given up', { timeout: 60_000 }, async (t) => {
  const held = gate();
  const server = await startGateway(t, { held: held.handler }, { drainMs: 200 });
  const { socket, wire } = await connect(t, server);
  socket.send(wire.call('held'));
  await held.entered(1);
  // Nobody lets the call go: without an end to draining this would take for ever.
  await server.gateway.close();
  await socket.closed;
});
