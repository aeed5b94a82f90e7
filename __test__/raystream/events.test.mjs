// Subscriptions to tables: on a WebSocket, over HTTP, as server-sent events. Nothing is left out, whatever breaks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native } from '../../lib/dist/native/index.js';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { sleep, startGateway, until } from './support/gateway.mjs';
import { frames, list, open, post } from './support/http.mjs';
import { connect } from './support/socket.mjs';

const field = (name, perm = 6) => ({ name, kind: name === 'id' ? 'string' : 'json', perm, optional: name !== 'id' });
const table = (id, tenancy, permissions = 7) => ({
  id,
  ptr: `tbl_${id}_1`,
  tenancy,
  primkey: 'id',
  permissions,
  fields: [field('id'), field('text'), field('secret', 2)],
});
const tables = [table('notes', 'own'), table('board', 'shared'), table('vault', 'own', 3)];

const functions = {
  echo: (text) => text,
  /** Writes a row, and says a lot. */
  large: async (id, call) => {
    await call.set('notes', id, JSON.stringify({ id }));
    return LARGE;
  },
  /** `[["set", "notes", "a", {…}], ["delete", "notes", "a"]]`: one commit. */
  write: async (text, call) => {
    for (const [operation, ...args] of JSON.parse(text)) {
      if (operation === 'set') await call.set(args[0], args[1], JSON.stringify({ id: args[1], ...args[2] }));
      else await call[operation](...args);
    }
  },
};

const LARGE = 'x'.repeat(500_000);

/** A server with tables; `another()` is one more on the same database. */
async function world(t, options = {}) {
  const adminUrl = await database(t);
  const manifest = JSON.stringify({ version: 1, routes: [], tables });
  const { gatewayUrl } = await native.migrate({ adminUrl, manifest, gatewayPassword: 'events' });
  const another = (more = {}) => startGateway(t, functions, { databaseUrl: gatewayUrl, ...options, ...more }, tables);
  const server = await another();
  const writer = await connect(t, server);
  const write = async (...operations) => {
    writer.socket.send(writer.wire.call('write', JSON.stringify(operations)));
    const reply = await writer.reply();
    assert.equal(reply.kind, 'response', reply.message);
  };
  return { server, adminUrl, another, write };
}

/** A subscription on a socket of its own; `next()` is an event with its data parsed. */
async function follow(t, server, method, options = {}) {
  const { socket, wire, reply } = await connect(t, server);
  const { id, frame } = wire.subscribe(method, options);
  socket.send(frame);
  const next = async () => {
    const event = await reply();
    return event.kind === 'event' ? { ...event, data: JSON.parse(event.data) } : event;
  };
  return { socket, wire, id, next, reply };
}

const row = (id, text) => ['set', 'notes', id, { text }];
const told = ({ data }) => `${data.type} ${data.id}${data.data ? ` ${data.data.text}` : ''}`;

async function take(subscription, count) {
  const events = [];
  while (events.length < count) events.push(await subscription.next());
  return events;
}

test('inserts, updates and deletes, a commit at a time, in commit order', async (t) => {
  const { server, write } = await world(t);
  const notes = await follow(t, server, 'table:notes');
  assert.deepEqual((await notes.next()).data, { type: 'open' });
  await write(row('b', 'one'), row('a', 'two'));
  await write(row('a', 'three'), ['set', 'board', 'x', { text: 'elsewhere' }]);
  await write(['delete', 'notes', 'b'], row('c', 'four'));
  await write(['delete', 'notes', 'c'], row('c', 'five'));
  const events = await take(notes, 6);
  assert.deepEqual(events.map(told), [
    'insert a two',
    'insert b one',
    'update a three',
    'delete b',
    'insert c four',
    'update c five',
  ]);
  assert.deepEqual(
    events.map(({ token }) => token.length > 0),
    [false, true, true, false, true, true],
    'a token names the end of a commit',
  );
  const txids = events.map(({ txid }) => txid);
  assert.equal(txids[0], txids[1]);
  assert.ok(txids[1] < txids[2] && txids[2] < txids[3] && txids[3] === txids[4] && txids[4] < txids[5], `${txids}`);
});

test('a token goes on behind its commit, on another server too', async (t) => {
  const { server, another, write } = await world(t);
  const first = await follow(t, server, 'table:notes');
  const { token: start } = await first.next();
  await write(row('a', '1'));
  await write(row('b', '2'), row('c', '3'));
  const [, cut, end] = await take(first, 3);
  assert.equal(cut.token.length, 0);
  first.socket.end();
  await write(row('d', '4'));
  const other = await another();
  for (const [resume, ids] of [
    [start, ['a', 'b', 'c', 'd']],
    [end.token, ['d']],
  ]) {
    const later = await follow(t, other, 'table:notes', { resume });
    assert.deepEqual(
      (await take(later, ids.length)).map(({ data }) => data.id),
      ids,
    );
  }
});

test('what another process or SQL commits is seen within seconds', async (t) => {
  const { server, another, write, adminUrl } = await world(t);
  const far = await follow(t, await another(), 'table:notes');
  await far.next();
  await write(row('a', 'far'));
  assert.equal(told(await far.next()), 'insert a far');
  const near = await follow(t, server, 'table:board');
  await near.next();
  await query(
    adminUrl,
    `WITH n AS (INSERT INTO kontract.trxs (sid, owner, create_txid)
       SELECT 'sql', '*', max(create_txid) + 1 FROM kontract.trxs WHERE owner = '*' RETURNING create_txid)
     INSERT INTO kontract.tbl_board_1 (id, data, _version, _txid, _owner, _order)
       SELECT 's', '{"id": "s", "text": "by SQL"}', 1, create_txid, 'someone', 1 FROM n`,
  );
  assert.equal(told(await near.next()), 'insert s by SQL');
});

test('an owner sees their own rows, and everybody shared ones', async (t) => {
  const { server, another, write } = await world(t);
  const bob = await another({ devIdentity: 'bob' });
  const [his, shared, hers] = [
    await follow(t, bob, 'table:notes'),
    await follow(t, bob, 'table:board'),
    await follow(t, server, 'table:notes'),
  ];
  for (const one of [his, shared, hers]) await one.next();
  await write(row('a', 'hers'), ['set', 'board', 'x', { text: 'ours' }]);
  assert.equal(told(await hers.next()), 'insert a hers');
  assert.equal(told(await shared.next()), 'insert x ours');
  const quiet = await Promise.race([his.next(), sleep(2_500)]);
  assert.equal(quiet, undefined);
});

test('a field nobody may read is in no event', async (t) => {
  const { server, write } = await world(t);
  const notes = await follow(t, server, 'table:notes');
  await notes.next();
  await write(['set', 'notes', 'a', { text: 'seen', secret: 'unseen' }]);
  assert.deepEqual((await notes.next()).data, { type: 'insert', id: 'a', data: { id: 'a', text: 'seen' } });
});

test('who may not read a table, or names none, is told', async (t) => {
  const { server } = await world(t);
  for (const [method, code, options] of [
    ['table:vault', 'PERMISSION_DENIED'],
    ['table:nothing', 'NOT_FOUND'],
    ['notes', 'NOT_FOUND'],
    ['table:notes', 'UNAUTHORIZED', { token: 'no.token.atall' }],
    ['table:notes', 'INVALID_REQUEST', { resume: 'nonsense' }],
  ]) {
    const one = await follow(t, server, method, options);
    const { kind, code: found, id } = await one.next();
    assert.deepEqual([kind, found, id], ['error', code, one.id], method);
  }
});

test('events wait for credit, and history for those who are behind', async (t) => {
  const { server, write } = await world(t);
  const start = await follow(t, server, 'table:notes');
  const { token } = await start.next();
  for (let i = 0; i < 40; i++) await write(...Array.from({ length: 25 }, (_, k) => row(`${i}-${k}`, 'x')));
  const behind = await follow(t, server, 'table:notes', { resume: token, events: 3 });
  const ids = new Set((await take(behind, 3)).map(({ data }) => data.id));
  const quiet = behind.next();
  assert.equal(await Promise.race([quiet, sleep(300)]), undefined);
  behind.socket.send(behind.wire.credit(behind.id, 2_000, 1 << 24));
  ids.add((await quiet).data.id);
  for (const { data } of await take(behind, 996)) ids.add(data.id);
  assert.equal(ids.size, 1_000, 'each of them once');
});

test('who takes nothing of what happens now is ended, and goes on from the last token', async (t) => {
  const { server, write } = await world(t);
  const slow = await follow(t, server, 'table:notes', { events: 2 });
  await slow.next();
  await write(row('first', '0'));
  const { token } = await slow.next();
  for (let i = 0; i < 12; i++) await write(...Array.from({ length: 25 }, (_, k) => row(`${i}-${k}`, 'x')));
  const end = await slow.next();
  assert.deepEqual([end.kind, end.code], ['error', 'SLOW_CONSUMER']);
  const again = await follow(t, server, 'table:notes', { resume: token, events: 1_000, bytes: 1 << 24 });
  assert.equal(new Set((await take(again, 300)).map(({ data }) => data.id)).size, 300);
});

test('a token of another history is answered with resync', async (t) => {
  const { server } = await world(t);
  for (const resume of ['1.0', '99999999999999999.1']) {
    const one = await follow(t, server, 'table:notes', { resume });
    const event = await one.next();
    assert.deepEqual(event.data, { type: 'resync' });
    assert.ok(event.token.length > 0);
  }
  const one = await follow(t, server, 'table:notes');
  const [epoch, txid] = (await one.next()).token.toString().split('.');
  const ahead = await follow(t, server, 'table:notes', { resume: `${epoch}.${Number(txid) + 5}` });
  assert.deepEqual((await ahead.next()).data, { type: 'resync' }, 'a backup without these commits');
});

test('a row too large for an event is told of without its data', async (t) => {
  const { server, write } = await world(t, { maxFrame: 65_536 });
  const notes = await follow(t, server, 'table:notes', { bytes: 1 << 20 });
  await notes.next();
  const half = 'x'.repeat(40_000);
  await write(row('a', half));
  await write(['update', 'notes', 'a', JSON.stringify({ more: half })]);
  assert.equal((await notes.next()).data.data.text.length, half.length);
  assert.deepEqual((await notes.next()).data, { type: 'update', id: 'a' });
});

test('unsubscribing ends it, and its id is free again', async (t) => {
  const { server, write } = await world(t);
  const notes = await follow(t, server, 'table:notes');
  await notes.next();
  notes.socket.send(notes.wire.subscribe('table:notes', { id: notes.id }).frame);
  assert.equal((await notes.next()).code, 'INVALID_REQUEST', 'there is one');
  notes.socket.send(notes.wire.unsubscribe(notes.id));
  notes.socket.send(notes.wire.call('echo', 'between'));
  assert.equal((await notes.reply()).data, 'between');
  await write(row('a', 'unseen'));
  notes.socket.send(notes.wire.subscribe('table:notes', { id: notes.id }).frame);
  assert.deepEqual((await notes.next()).data, { type: 'open' });
  await write(row('a', 'seen'));
  assert.equal(told(await notes.next()), 'update a seen');
});

test('events stream over HTTP beside replies, with credit from other requests', async (t) => {
  const { server, write } = await world(t);
  const wire = await open(server);
  const { id, frame } = wire.subscribe('table:notes', { events: 2 });
  assert.equal(wire.open(await body(await post(server, `s/${wire.id}`, frame))).code, 'INVALID_REQUEST');

  const subscription = wire.subscribe('table:notes', { events: 2 });
  assert.notEqual(subscription.id, id);
  const aborter = new AbortController();
  cleanup(t, () => aborter.abort());
  const response = await fetch(`${server.url}/raystream/v1/s/${wire.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/raystream-frames' },
    body: list([subscription.frame, wire.call('echo', 'beside')]),
    signal: aborter.signal,
  });
  const stream = frames(response);
  const next = async () => wire.open((await stream.next()).value);
  const first = [await next(), await next()];
  assert.deepEqual(first.map(({ data }) => data).toSorted(), ['beside', '{"type":"open"}']);
  await write(row('a', '1'));
  await write(row('b', '2'));
  assert.equal(JSON.parse((await next()).data).id, 'a');
  assert.equal((await post(server, `s/${wire.id}`, wire.credit(subscription.id, 5, 1_000))).status, 204);
  assert.equal(JSON.parse((await next()).data).id, 'b');
  assert.equal((await post(server, `s/${wire.id}`, wire.unsubscribe(subscription.id))).status, 204);
  assert.equal((await stream.next()).done, true, 'the answer ends with its last subscription');
});

test('server-sent events, from a URL that works once', async (t) => {
  const { server, write } = await world(t);
  const wire = await open(server);
  const { frame } = wire.subscribe('table:notes');
  const url = `${server.url}/stream?s=${wire.id}&f=${frame.toString('base64url')}`;
  const aborter = new AbortController();
  cleanup(t, () => aborter.abort());
  const response = await fetch(url, { signal: aborter.signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const events = serverSent(response, wire);
  const first = (await events.next()).value;
  assert.equal(first.data, '{"type":"open"}');
  assert.deepEqual(first.id, first.token, 'the id is the token');
  await write(row('a', 'sent'));
  assert.equal(told({ data: JSON.parse((await events.next()).value.data) }), 'insert a sent');

  assert.equal((await fetch(url)).status, 401, 'a replay');
  const wrong = async (path) => (await fetch(`${server.url}/stream${path}`)).status;
  const call = wire.call('write', JSON.stringify([row('z', 'by GET')]));
  const text = (bytes) => bytes.toString('base64url');
  for (const path of [
    '',
    '?s=x&f=y',
    `?s=${wire.id}`,
    `?s=${wire.id}&f=${text(call)}`,
    `?s=${wire.id}&f=${text(wire.unsubscribe(9n))}`,
    `?s=0198f3c0-a1b2-7fff-bfff-ffffffffffff&f=${text(wire.subscribe('table:notes').frame)}`,
  ])
    assert.equal(await wrong(path), 401, path);
  await write(row('b', 'only this'));
  assert.equal(told({ data: JSON.parse((await events.next()).value.data) }), 'insert b only this');

  const refused = wire.subscribe('table:vault');
  const denied = serverSent(await fetch(`${server.url}/stream?s=${wire.id}&f=${text(refused.frame)}`), wire);
  assert.equal((await denied.next()).value.code, 'PERMISSION_DENIED');
  assert.equal((await denied.next()).done, true);
});

test('draining ends subscriptions at once', async (t) => {
  const { server } = await world(t, { drainMs: 60_000 });
  const notes = await follow(t, server, 'table:notes');
  await notes.next();
  const wire = await open(server);
  const { frame } = wire.subscribe('table:notes');
  const streaming = await post(server, `s/${wire.id}`, list([frame]), 'application/raystream-frames');
  const stream = frames(streaming);
  await stream.next();
  // Draining waits for calls, for a minute here: not for those who only listen.
  const started = performance.now();
  await server.gateway.close();
  assert.ok(performance.now() - started < 30_000);
  assert.equal((await notes.reply()).kind, 'close');
  assert.equal(await notes.socket.closed, 1001);
  assert.equal((await stream.next()).done, true);
});

test('nothing is missing and nothing doubled while sockets break', async (t) => {
  const { server, write } = await world(t);
  const seen = new Map();
  let resume = '';
  const writing = (async () => {
    for (let i = 0; i < 120; i++) await write(row(`${i}`, 'x'), row(`${i}+`, 'y'));
  })();
  let rounds = 0;
  while (seen.size < 240) {
    const one = await follow(t, server, 'table:notes', { resume, events: 1_000, bytes: 1 << 24 });
    for (let n = 0; n < 15 && seen.size < 240; n++) {
      const { data, token, txid } = await one.next();
      if (data.id !== undefined) seen.set(data.id, [...(seen.get(data.id) ?? []), txid]);
      if (token.length > 0) resume = token;
    }
    one.socket.end();
    rounds++;
    if (rounds === 1) assert.ok(resume.length > 0);
  }
  await writing;
  assert.ok(rounds > 5);
  for (let i = 0; i < 120; i++) {
    const [one, other] = [seen.get(`${i}`), seen.get(`${i}+`)];
    assert.equal(one[0], other[0], 'one commit');
    assert.equal(new Set([...one, ...other]).size, 1, 'told again is told the same');
  }
});

test('calls commit although nobody reads their replies', async (t) => {
  const { server, adminUrl } = await world(t);
  const { socket, wire, reply } = await connect(t, server);
  const calls = 48;
  socket.pause();
  for (let i = 0; i < calls; i++) socket.send(wire.call('large', `${i}`));
  const committed = async () => Number((await query(adminUrl, 'SELECT count(*) FROM kontract.tbl_notes_1'))[0].count);
  await until(async () => (await committed()) === calls, `${calls} commits`, 60_000);
  socket.resume();
  for (let i = 0; i < calls; i++) assert.equal((await reply()).data.length, LARGE.length);
});

async function body(response) {
  return Buffer.from(await response.arrayBuffer());
}

async function* serverSent(response, wire) {
  let rest = '';
  for await (const chunk of response.body) {
    rest += Buffer.from(chunk).toString();
    for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
      const fields = Object.fromEntries(
        rest
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(': ', 2)),
      );
      if (!fields.data) continue;
      const opened = wire.open(Buffer.from(fields.data, 'base64url'));
      yield { ...opened, id: fields.id && Buffer.from(fields.id, 'base64url') };
    }
  }
}
