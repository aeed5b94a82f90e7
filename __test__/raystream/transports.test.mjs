// The client and the Node host over WebSockets: the same calls, sockets that break, hosts that go and come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { createClient, HttpError } from 'kontract/client';
import { cleanup } from '../support/cleanup.mjs';
import { route } from './echo.mjs';
import { functions, gate, sleep, startGateway, until } from './support/gateway.mjs';

const answers = {
  ...functions,
  who: (_, call) => call.ctx.sub,
  sid: (_, call) => call.ctx.sid,
};

/** Sockets a test can break. */
function breakable() {
  const sockets = [];
  class Breakable extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  }
  return { WebSocket: Breakable, sockets };
}

function connect(t, { url, pin }, options = {}) {
  const { WebSocket: Breakable, sockets } = breakable();
  const client = createClient({ url, pins: [pin], transport: 'websocket', WebSocket: Breakable, ...options });
  cleanup(t, () => client.close());
  const states = [];
  client.onState((state) => states.push(state));
  const call = (id, argument = '', callOptions) => client.call({ ...route(id), hash: '' }, [argument], callOptions);
  return { client, call, states, sockets };
}

test('calls share one socket and overtake each other', async (t) => {
  const held = gate();
  const { call, sockets, states, client } = connect(t, await startGateway(t, { ...answers, held: held.handler }));
  const first = call('held', 'all');
  assert.equal(await call('echo', 'grüße'), 'grüße');
  held.open();
  assert.equal(await first, 'after all');
  const texts = Array.from({ length: 500 }, (_, i) => `${i}`);
  assert.deepEqual(await Promise.all(texts.map((text) => call('echo', text))), texts);
  const long = 'x'.repeat(900_000);
  assert.equal(await call('echo', long), long);
  assert.equal(sockets.length, 1);
  await client.close();
  assert.deepEqual(states, ['connecting', 'open', 'closed']);
});

test('a socket that breaks is replaced, and calls under way are asked again', async (t) => {
  const held = gate();
  const { call, sockets } = connect(t, await startGateway(t, { ...answers, held: held.handler }));
  const first = await call('sid');
  const slow = Promise.all(['a', 'b', 'c'].map((text) => call('held', text)));
  await held.entered(3);
  sockets[0].terminate();
  held.open();
  assert.deepEqual(await slow, ['after a', 'after b', 'after c']);
  assert.equal(sockets.length, 2);
  assert.notEqual(await call('sid'), first);
  assert.equal(await call('who'), 'alice');
});

test('text pings are answered, and keep the socket', async (t) => {
  // What a late answer leads to is a matter for the scripted clock; here nothing may be late.
  const { call, client, sockets } = connect(t, await startGateway(t, answers), { heartbeatMs: 1_500 });
  await call('echo', 'a');
  let pongs = 0;
  sockets[0].on('message', (data, isBinary) => (pongs += !isBinary && String(data) === 'rs1:pong' ? 1 : 0));
  await until(() => pongs >= 2, 'two pongs');
  assert.equal(client.state, 'open');
  assert.equal(sockets.length, 1);
});

test('over HTTP calls of one tick share a POST, whose answers come as they are ready', async (t) => {
  const held = gate();
  const server = await startGateway(t, { ...answers, held: held.handler });
  const posts = [];
  const fetch = (url, init) => {
    posts.push(init.headers['content-type']);
    return globalThis.fetch(url, init);
  };
  const { call } = connect(t, server, { transport: 'http', fetch });
  const texts = Array.from({ length: 250 }, (_, i) => `${i}`);
  const slow = call('held', 'all');
  assert.deepEqual(await Promise.all(texts.map((text) => call('echo', text))), texts);
  held.open();
  assert.equal(await slow, 'after all');
  assert.deepEqual(posts, ['application/octet-stream', 'application/raystream-frames']);
  assert.equal(await call('echo', 'alone'), 'alone');
  assert.equal(posts.at(-1), 'application/octet-stream');
  // One of them stops waiting: the others are still answered.
  held.shut();
  const aborter = new AbortController();
  const stopped = call('held', 'stopped', { signal: aborter.signal });
  const other = call('held', 'other');
  await held.entered(2);
  aborter.abort(new Error('enough'));
  await assert.rejects(stopped, /enough/);
  held.open();
  assert.equal(await other, 'after other');
});

for (const transport of ['websocket', 'http']) {
  test(`${transport}: a host that stops answers what is under way, and the next one goes on`, async (t) => {
    const held = gate();
    const server = await startGateway(t, { ...answers, held: held.handler });
    const { call, client, states } = connect(t, server, { transport });
    assert.equal(await call('echo', 'before'), 'before');
    const slow = call('held', 'all');
    await held.entered(1);
    const port = server.gateway.port;
    const closed = server.gateway.close();
    await sleep(100);
    held.open();
    assert.equal(await slow, 'after all');
    await closed;
    const waiting = call('echo', 'after');
    await sleep(700);
    await startGateway(t, answers, { port, privateKey: server.privateKey });
    assert.equal(await waiting, 'after');
    assert.equal(client.state, 'open');
    assert.ok(states.includes('reconnecting'), states.join());
  });
}

test('auto in a runtime without a page is HTTP, and in a page one call and then a socket', async (t) => {
  const server = await startGateway(t, answers);
  const here = connect(t, server, { transport: 'auto' });
  await here.call('echo', 'a');
  await sleep(100);
  assert.equal(here.sockets.length, 0);

  const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  globalThis.addEventListener ??= () => undefined;
  globalThis.removeEventListener ??= () => undefined;
  cleanup(t, () => (own ? Object.defineProperty(globalThis, 'navigator', own) : delete globalThis.navigator));
  const page = connect(t, server, { transport: 'auto' });
  const first = await page.call('sid');
  let second = first;
  await until(async () => (second = await page.call('sid')) !== first, 'a session on a socket');
  assert.equal(await page.call('sid'), second);
  assert.equal(page.sockets.length, 1);
});

test('a gateway of another key gets no call', async (t) => {
  const server = await startGateway(t, answers);
  const pin = `${server.pin.slice(0, -2)}${server.pin.endsWith('A') ? 'EA' : 'AA'}`;
  const { call } = connect(t, { ...server, pin });
  await assert.rejects(call('echo', 'a'), (error) => error instanceof HttpError && error.status === 503);
});

const skip = globalThis.WebSocket ? false : `Node ${process.versions.node} has no WebSocket of its own`;
test("the runtime's own WebSocket does", { skip }, async (t) => {
  const server = await startGateway(t, answers);
  const client = createClient({ url: server.url, pins: [server.pin], transport: 'websocket' });
  cleanup(t, () => client.close());
  const call = (text) => client.call({ ...route('echo'), hash: '' }, [text]);
  const texts = Array.from({ length: 100 }, (_, i) => `${i}`);
  assert.deepEqual(await Promise.all(texts.map(call)), texts);
  await client.close();
  assert.equal(await call('again'), 'again');
});
