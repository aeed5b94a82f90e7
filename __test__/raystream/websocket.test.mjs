// A WebSocket on the Node host: many calls on one session, and what becomes of those who misbehave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions, gate, startGateway } from './support/gateway.mjs';
import { Socket, connect } from './support/socket.mjs';
import { Wire, refused, refusedHandshake } from './support/wire.mjs';

test('calls share a socket, and a fast one overtakes a slow one', async (t) => {
  const held = gate();
  const server = await startGateway(t, { ...functions, held: held.handler });
  const { socket, wire, reply } = await connect(t, server);
  socket.send(wire.call('held', 'all'));
  socket.send(wire.call('echo', 'grüße'));
  assert.equal((await reply()).data, 'grüße');
  held.open();
  assert.equal((await reply()).data, 'after all');
  const texts = Array.from({ length: 200 }, (_, i) => `${i}`.repeat(i));
  for (const text of texts) socket.send(wire.call('echo', text));
  const replies = [];
  for (let i = 0; i < texts.length; i++) replies.push((await reply()).data);
  assert.deepEqual(replies.toSorted(), texts.toSorted());
});

test('handlers see the headers of the upgrade', async (t) => {
  const server = await startGateway(t, { agent: (_, call) => new Map(call.headers).get('x-agent') });
  const { socket, wire, reply } = await connect(t, server, { headers: { 'x-agent': 'socket' } });
  socket.send(wire.call('agent'));
  assert.equal((await reply()).data, 'socket');
});

test('heartbeats and pings are answered, anything else in text closes', async (t) => {
  const server = await startGateway(t, functions);
  const { socket, wire, reply } = await connect(t, server);
  socket.send(wire.heartbeat());
  const beat = await reply();
  assert.ok(Math.abs(beat.serverTime - Date.now()) < 10_000, `${beat.serverTime}`);
  socket.send('rs1:ping');
  assert.equal(await socket.next(), 'rs1:pong');
  socket.send('hello');
  assert.equal(await socket.closed, 1003);
});

test('CLOSE ends the session for good', async (t) => {
  const server = await startGateway(t, functions);
  const { socket, wire, reply } = await connect(t, server);
  socket.send(wire.call('echo', 'a'));
  await reply();
  socket.send(wire.close());
  assert.equal(await socket.closed, 1000);
  const next = new Wire({ pin: server.pin, websocket: true, resumes: wire });
  const again = new Socket(server.host);
  await again.opened;
  again.send(next.init);
  assert.equal(refusedHandshake(server.pin, await again.next()), refused.expired);
  assert.equal(await again.closed, 4401);
});

test('a lost session is resumed once', async (t) => {
  const server = await startGateway(t, { who: (_, call) => call.ctx.sub });
  const first = await connect(t, server);
  first.socket.send(first.wire.call('who'));
  assert.equal((await first.reply()).data, 'alice');
  first.socket.end();
  const second = new Wire({ pin: server.pin, websocket: true, resumes: first.wire });
  const replayed = Buffer.from(second.init);
  const socket = new Socket(server.host);
  t.after(() => socket.end());
  await socket.opened;
  socket.send(second.init);
  second.finish(await socket.next());
  assert.ok(second.resumed);
  assert.notEqual(second.id, first.wire.id);
  socket.send(second.call('who'));
  assert.equal(second.open(await socket.next()).data, 'alice');

  const copy = new Socket(server.host);
  await copy.opened;
  copy.send(replayed);
  assert.equal(refusedHandshake(server.pin, await copy.next()), refused.expired);
  assert.equal(await copy.closed, 4401);
});

test('who does not ask for the subprotocol is refused', async (t) => {
  const server = await startGateway(t, functions);
  for (const protocol of [undefined, 'raystream.v2']) {
    const socket = new Socket(server.host, { protocol: protocol ?? '' });
    await assert.rejects(socket.opened);
    assert.equal(socket.status, 400);
  }
});

test('garbage instead of a handshake, and a handshake for HTTP', async (t) => {
  const server = await startGateway(t, functions);
  for (const first of [Buffer.from('garbage'), Buffer.alloc(44), new Wire({ pin: server.pin }).init]) {
    const socket = new Socket(server.host);
    await socket.opened;
    socket.send(first);
    assert.equal(refusedHandshake(server.pin, await socket.next()), refused.unavailable);
    assert.equal(await socket.closed, 1013);
  }
});

test('the first frame that does not open ends the session', async (t) => {
  const server = await startGateway(t, functions);
  const flipped = (wire) => {
    const frame = wire.call('echo', 'a');
    frame[frame.length - 1] ^= 1;
    return [frame];
  };
  const replayed = (wire) => {
    const frame = wire.call('echo', 'a');
    return [frame, frame];
  };
  const skipped = (wire) => (wire.heartbeat(), [wire.heartbeat()]);
  const garbage = () => [Buffer.from('garbage')];
  for (const bad of [flipped, replayed, skipped, garbage]) {
    const { socket, wire } = await connect(t, server);
    for (const frame of bad(wire)) socket.send(frame);
    let last;
    for (let message; (message = await socket.next()); last = message);
    assert.equal(wire.openClear(last), refused.expired, bad.name);
    assert.equal(await socket.closed, 4401, bad.name);
  }
});

test('a frame of another session does not open', async (t) => {
  const server = await startGateway(t, functions);
  const [one, other] = [await connect(t, server), await connect(t, server)];
  one.socket.send(other.wire.call('echo', 'a'));
  assert.equal(one.wire.openClear(await one.socket.next()), refused.expired);
  other.socket.send(other.wire.heartbeat());
  assert.equal(await other.socket.closed, 4401, 'its own sequence has a gap now');
});

test('a message larger than a frame may be closes the socket', async (t) => {
  const server = await startGateway(t, functions, { maxFrame: 65_536 });
  const { socket } = await connect(t, server);
  socket.send(Buffer.alloc(65_537));
  assert.notEqual(await socket.closed, 1000);
});

test('more calls at once than a session may have get an error of their own', async (t) => {
  const held = gate();
  const server = await startGateway(t, { held: held.handler });
  const { socket, wire, reply } = await connect(t, server);
  for (let i = 0; i < 260; i++) socket.send(wire.call('held'));
  for (let i = 0; i < 4; i++) assert.equal((await reply()).code, 'SERVICE_UNAVAILABLE');
  held.open();
  for (let i = 0; i < 256; i++) assert.equal((await reply()).kind, 'response');
});

test('ten seconds for a handshake, and ten for the first frame after it', async (t) => {
  const server = await startGateway(t, functions);
  const started = performance.now();
  const mute = new Socket(server.host);
  await mute.opened;
  const [unused, used] = [await connect(t, server), await connect(t, server)];
  used.socket.send(used.wire.heartbeat());
  // Not a frame: anybody on the path could send it.
  unused.socket.send('rs1:ping');
  assert.equal(await unused.socket.next(), 'rs1:pong');
  const ends = [mute.closed, unused.socket.closed].map(async (closed) => [await closed, performance.now() - started]);
  assert.equal(unused.wire.openClear(await unused.socket.next()), refused.expired);
  for (const [[code, after], expected] of (await Promise.all(ends)).map((end, i) => [end, [1008, 4401][i]])) {
    assert.equal(code, expected);
    assert.ok(after > 9_000, `${code} after ${after} ms`);
  }
  assert.equal((await used.reply()).kind, 'heartbeat');
  used.socket.send(used.wire.call('echo', 'still here'));
  assert.equal((await used.reply()).data, 'still here');
});
