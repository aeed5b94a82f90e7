// client.subscribe on the Node host: what is written arrives, in order and without a gap, whatever breaks in between.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { createClient, createRpc, NotFoundError } from 'kontract/client';
import { createClient as createWebCryptoClient } from 'kontract/client/webcrypto';
import { native } from '../../lib/dist/native/index.js';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { route } from './echo.mjs';
import { sleep, startGateway, until } from './support/gateway.mjs';

const tables = [
  {
    id: 'notes',
    ptr: 'tbl_notes_1',
    tenancy: 'own',
    primkey: 'id',
    permissions: 7,
    fields: ['id', 'text'].map((name) => ({ name, kind: 'string', perm: 6, optional: false })),
  },
];
const functions = {
  echo: (text) => text,
  write: (text, call) => call.set('notes', text, JSON.stringify({ id: text, text: `note ${text}` })),
  drop: async (text, call) => void (await call.delete('notes', text)),
};

async function world(t, options = {}, make = createClient) {
  const adminUrl = await database(t);
  const manifest = JSON.stringify({ version: 1, routes: [], tables });
  const { gatewayUrl: databaseUrl } = await native.migrate({ adminUrl, manifest, gatewayPassword: 'events' });
  const server = await startGateway(t, functions, { databaseUrl }, tables);
  const sockets = [];
  class Breakable extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  }
  const settings = { url: server.url, pins: [server.pin], WebSocket: Breakable };
  const client = make({ ...settings, ...options });
  cleanup(t, () => client.close());
  const writer = createClient(settings);
  cleanup(t, () => writer.close());
  const call = (id, text) => writer.call({ ...route(id), hash: '' }, [text]);
  const restart = async () => {
    const port = server.gateway.port;
    await server.gateway.close();
    await startGateway(t, functions, { databaseUrl, port, privateKey: server.privateKey }, tables);
  };
  return { client, call, sockets, settings, restart };
}

/** Events as they come; `take(n)` waits for n of them. */
function follow(client, table = 'notes', options = {}) {
  const events = [];
  let wake = () => undefined;
  const listener = (event) => {
    events.push(event.id === undefined ? event.type : `${event.type} ${event.id}`);
    wake();
  };
  const stop = client.subscribe(table, listener, options);
  const take = async (count) => {
    const limit = AbortSignal.timeout(60_000);
    while (events.length < count) {
      await Promise.race([new Promise((done) => (wake = done)), once(limit, 'abort')]);
      if (limit.aborted) throw new Error(`only ${events.length} of ${count} events: ${events.join()}`);
    }
    return events.splice(0);
  };
  return { events, take, stop };
}

for (const [transport, make] of [
  ['websocket', createClient],
  ['http', createClient],
  ['websocket', createWebCryptoClient],
  ['http', createWebCryptoClient],
]) {
  const name = `${transport}${make === createClient ? '' : ', WebCrypto'}`;
  test(`${name}: changes arrive in order, until nobody listens`, async (t) => {
    const { client, call } = await world(t, { transport }, make);
    const { take, stop, events } = follow(client);
    assert.deepEqual(await take(1), ['open']);
    await call('write', 'a');
    await call('write', 'b');
    await call('drop', 'a');
    assert.deepEqual(await take(3), ['insert a', 'insert b', 'delete a']);
    assert.equal(await client.call({ ...route('echo'), hash: '' }, ['beside']), 'beside');
    // More than the first credit.
    for (let i = 0; i < 300; i += 30)
      await Promise.all(Array.from({ length: 30 }, (_, k) => call('write', `${i + k}`)));
    assert.equal(new Set(await take(300)).size, 300);
    stop();
    await call('write', 'unheard');
    await sleep(150);
    assert.deepEqual(events, []);
  });

  test(`${name}: a restart loses no event`, async (t) => {
    const { client, call, restart } = await world(t, { transport }, make);
    const { take } = follow(client);
    await take(1);
    await call('write', 'before');
    assert.deepEqual(await take(1), ['insert before']);
    await restart();
    for (const id of ['1', '2', '3']) await call('write', id);
    assert.deepEqual(await take(3), ['insert 1', 'insert 2', 'insert 3']);
  });
}

test('a socket that breaks loses no event', async (t) => {
  const { client, call, sockets } = await world(t, { transport: 'websocket' });
  const { take } = follow(client);
  await take(1);
  const ids = [];
  const broken = (async () => {
    for (let i = 0; i < 5; i++) {
      await sleep(100);
      await until(() => sockets.at(-1).readyState === WebSocket.OPEN, 'another socket');
      sockets.at(-1).terminate();
    }
    return true;
  })();
  let isOver = false;
  broken.finally(() => (isOver = true));
  while (!isOver) {
    ids.push(`${ids.length}`);
    await call('write', ids.at(-1));
    await sleep(8);
  }
  await broken;
  await call('write', 'last');
  const seen = [];
  while (seen.at(-1) !== 'insert last') seen.push(...(await take(1)));
  assert.ok(sockets.length > 5, `${sockets.length} sockets`);
  // At least once: what broke off in a commit comes again.
  assert.deepEqual([...new Set(seen)], [...ids.map((id) => `insert ${id}`), 'insert last']);
});

test('who may not listen is told once', async (t) => {
  const { client } = await world(t, { transport: 'websocket' });
  const errors = [];
  follow(client, 'nothing', { onError: (error) => errors.push(error) });
  await until(() => errors.length > 0, 'an error');
  await sleep(300);
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof NotFoundError, String(errors[0]));

  const aborter = new AbortController();
  const { take, events } = follow(client, 'notes', { signal: aborter.signal });
  await take(1);
  aborter.abort();
  await client.close();
  assert.equal(client.state, 'closed');
  assert.deepEqual(events, []);
});

test('kontract.subscribe goes on with another configuration', async (t) => {
  const { call, settings } = await world(t);
  const { kontract } = createRpc({ pins: settings.pins }, {});
  kontract.configure({ ...settings, transport: 'websocket' });
  cleanup(t, () => kontract.close());
  const { take, stop } = follow(kontract);
  assert.deepEqual(await take(1), ['open']);
  kontract.configure({ transport: 'http' });
  assert.deepEqual(await take(1), ['open']);
  await call('write', 'a');
  assert.deepEqual(await take(1), ['insert a']);
  stop();
});
