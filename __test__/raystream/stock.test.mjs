// What a host holds for its clients, counted: all of it ends by itself, however clients behave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native } from '../../lib/dist/native/index.js';
import { database } from '../support/database.mjs';
import { functions, gate, startGateway, until } from './support/gateway.mjs';
import { frames, list, open, post, postFrames } from './support/http.mjs';
import { Socket, connect } from './support/socket.mjs';

const field = { name: 'id', kind: 'string', perm: 6, optional: false };
const notes = { id: 'notes', ptr: 'tbl_notes_1', tenancy: 'own', primkey: 'id', permissions: 7, fields: [field] };

async function world(t, handlers) {
  const adminUrl = await database(t);
  const manifest = JSON.stringify({ version: 1, routes: [], tables: [notes] });
  const { gatewayUrl: databaseUrl } = await native.migrate({ adminUrl, manifest, gatewayPassword: 'stock' });
  const server = await startGateway(t, handlers, { databaseUrl }, [notes]);
  return { server, stock: () => server.gateway.stock };
}

test('sessions, sockets, subscriptions, calls and bodies are let go of', { timeout: 120_000 }, async (t) => {
  const held = gate();
  const { server, stock } = await world(t, { ...functions, held: held.handler });
  const { tasks, ...idle } = stock();
  assert.deepEqual(idle, { sessions: 0, sockets: 0, resumable: 0, listened: 0, addresses: 0, bodyBytes: 0 });

  // Closed, forgotten after use, never used.
  const sessions = [];
  for (let i = 0; i < 30; i++) sessions.push(await open(server));
  for (const wire of sessions.slice(0, 20)) await post(server, `s/${wire.id}`, wire.call('echo', 'a'));
  for (const wire of sessions.slice(0, 10)) await post(server, `s/${wire.id}`, wire.close());
  assert.equal(stock().sessions, 20);

  // Sockets: closed, broken, with a call under way, with a subscription; and one that never shook hands.
  const sockets = [];
  for (let i = 0; i < 12; i++) sockets.push(await connect(t, server));
  const mute = new Socket(server.host);
  await mute.opened;
  for (const { socket, wire } of sockets.slice(0, 4)) socket.send(wire.subscribe('table:notes').frame);
  for (const { socket, wire } of sockets.slice(4, 8)) socket.send(wire.call('held', 'x'.repeat(10_000)));
  for (const { socket, wire } of sockets.slice(8)) socket.send(wire.heartbeat());
  for (const { reply } of sockets.slice(0, 4)) assert.equal((await reply()).kind, 'event');
  await held.entered(4);
  assert.deepEqual([stock().sockets, stock().listened], [13, 1]);

  // Requests that go away: with a call, and with a subscription.
  const [caller, listener] = sessions.slice(10);
  const aborter = new AbortController();
  const request = {
    method: 'POST',
    signal: aborter.signal,
    headers: { 'content-type': 'application/raystream-frames' },
  };
  const call = list([caller.call('held', 'y'.repeat(10_000)), caller.heartbeat()]);
  const calling = await fetch(`${server.url}/raystream/v1/s/${caller.id}`, { ...request, body: call });
  const streaming = await postFrames(server, listener.id, [listener.subscribe('table:notes').frame]);
  const stream = frames(streaming);
  assert.equal(listener.open((await stream.next()).value).kind, 'event');
  await held.entered(5);
  assert.ok(stock().bodyBytes > 10_000, `${stock().bodyBytes} bytes`);
  aborter.abort();
  await calling.body.cancel().catch(() => undefined);
  await stream.return();

  // Every other socket breaks.
  for (const [i, { socket, wire }] of sockets.entries()) {
    if (i % 2 === 0) socket.end();
    else socket.send(wire.close());
  }
  mute.end();
  const left = () => {
    const { addresses: _, tasks: running, ...counts } = stock();
    // Those of the server itself may have become fewer since it started.
    return JSON.stringify({ ...counts, tasks: Math.max(running, tasks) });
  };
  // Sessions of HTTP that were used and not closed live for their TTL, five minutes; they and the
  // sockets that broke can be resumed, for an hour. Nobody holds anything else.
  const end = { sessions: 10, sockets: 0, resumable: 10 + 6, listened: 0, bodyBytes: 0, tasks };
  await until(() => left() === JSON.stringify(end), 'nothing is left', 90_000).catch(() => undefined);
  assert.equal(left(), JSON.stringify(end));
});
