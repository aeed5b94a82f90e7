// The client's states, transports, heartbeats and retries, in a world where the test is the clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError, OfflineError, ServiceUnavailableError, SessionExpiredError, TimeoutError } from 'kontract/client';
import { scriptedWorld } from './scripted/world.mjs';

const all = (call, count, from = 0) => Promise.all(Array.from({ length: count }, (_, i) => call(`${from + i}`)));
const numbers = (count, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`);

test('in a page the first call goes over HTTP, the next over a WebSocket, and HTTP rests', async () => {
  const { clock, gateway, client, states, call, finish } = scriptedWorld();
  assert.equal(client.state, 'idle');
  assert.equal(await clock.until(call('a')), 'a');
  assert.deepEqual([gateway.counts.posts, gateway.counts.sockets], [2, 1]);
  // Four trips of 5 ms and a moment's thought: nothing waited for the socket.
  assert.equal(clock.now(), 21);
  await clock.pass(100);
  const { posts } = gateway.counts;
  assert.deepEqual(await clock.until(all(call, 50)), numbers(50));
  assert.equal(gateway.counts.posts, posts);
  assert.equal(gateway.counts.closes, 1, 'the session of HTTP has been closed');
  assert.deepEqual(states, ['connecting', 'open']);
  await finish();
  assert.deepEqual(states, ['connecting', 'open', 'closed']);
});

test('elsewhere auto is HTTP: a socket would keep a program from ending', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ page: false });
  await clock.until(call('a'));
  await clock.pass(100_000);
  assert.equal(gateway.counts.sockets, 0);
  await finish();
});

test('where sockets are not let through, HTTP goes on, and a socket is tried again later', async () => {
  const { clock, gateway, call, states, finish } = scriptedWorld();
  gateway.takesSockets = false;
  await clock.until(call('a'));
  await clock.pass(10_000);
  const tries = gateway.counts.sockets;
  assert.ok(tries >= 1 && tries <= 4, `${tries} tries`);
  await clock.until(all(call, 10));
  assert.equal(gateway.counts.sockets, tries, 'not at every call');
  await clock.pass(30_000);
  gateway.takesSockets = true;
  await clock.until(call('b'));
  await clock.pass(1_000);
  const { posts } = gateway.counts;
  assert.equal(await clock.until(call('c')), 'c');
  assert.equal(gateway.counts.posts, posts, 'now by the socket');
  assert.deepEqual(states, ['connecting', 'open']);
  await finish();
});

test('transport: websocket uses nothing else, and says so where there is none', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket', page: false });
  await clock.until(all(call, 10));
  assert.deepEqual([gateway.counts.posts, gateway.counts.sockets, gateway.counts.handshakes], [0, 1, 1]);
  await finish();

  const without = scriptedWorld({ transport: 'websocket', WebSocket: undefined, page: false });
  if (globalThis.WebSocket === undefined) {
    await assert.rejects(
      without.clock.until(without.call('a')),
      /no WebSocket in this runtime: give one as the option/,
    );
  }
  await without.finish();
});

test('what is called in one tick goes in one POST', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'http' });
  assert.deepEqual(await clock.until(all(call, 300)), numbers(300));
  // As many as the gateway takes at a time, then the rest as places become free.
  assert.ok(gateway.counts.posts <= 4, `${gateway.counts.posts} posts`);
  const { posts } = gateway.counts;
  await clock.until(all(call, 100));
  assert.equal(gateway.counts.posts, posts + 1);
  await finish();
});

test('a gateway that takes one frame at a time gets them so', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'http' });
  gateway.takesBatches = false;
  assert.deepEqual(await clock.until(all(call, 20)), numbers(20));
  const { handshakes, posts } = gateway.counts;
  assert.deepEqual(await clock.until(all(call, 20)), numbers(20));
  assert.deepEqual([gateway.counts.handshakes, gateway.counts.posts], [handshakes, posts + 20]);
  await finish();
});

for (const transport of ['websocket', 'http']) {
  test(`${transport}: calls under way live through a restart of the gateway`, async () => {
    const { clock, gateway, client, states, call, finish } = scriptedWorld({ transport });
    await clock.until(call('before'));
    gateway.thinkMs = () => 1_000;
    const calls = all(call, 20);
    await clock.pass(200);
    gateway.down();
    await clock.pass(4_000);
    gateway.thinkMs = () => 1;
    assert.equal(client.state, 'reconnecting');
    gateway.isUp = true;
    assert.deepEqual(await clock.until(calls), numbers(20));
    assert.equal(gateway.effects.size, 21);
    assert.deepEqual(states, ['connecting', 'open', 'reconnecting', 'open']);
    await finish();
  });
}

test('a lost socket is resumed; a gateway that has forgotten it gets a full handshake', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket' });
  await clock.until(call('a'));
  for (const socket of gateway.sockets) socket.cut();
  assert.equal(await clock.until(call('b')), 'b');
  assert.deepEqual([gateway.counts.handshakes, gateway.counts.resumes], [2, 1]);
  gateway.restart();
  assert.equal(await clock.until(call('c')), 'c');
  assert.deepEqual([gateway.counts.handshakes, gateway.counts.resumes], [3, 2]);
  await finish();
});

test('another token is another user: nothing is resumed', async () => {
  let token = 'ada';
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket', token: () => token });
  await clock.until(call('a'));
  token = 'bob';
  for (const socket of gateway.sockets) socket.cut();
  await clock.until(call('b'));
  assert.deepEqual([gateway.counts.handshakes, gateway.counts.resumes], [2, 0]);
  await finish();
});

test('an idle socket comes back by itself, HTTP only when it is wanted', async () => {
  const socket = scriptedWorld({ transport: 'websocket' });
  await socket.clock.until(socket.call('a'));
  socket.gateway.restart();
  assert.equal(socket.client.state, 'reconnecting');
  await socket.clock.pass(5_000);
  assert.equal(socket.client.state, 'open');
  await socket.finish();

  const http = scriptedWorld({ transport: 'http' });
  await http.clock.until(http.call('a'));
  const { posts } = http.gateway.counts;
  http.gateway.restart();
  await http.clock.pass(3_600_000);
  assert.equal(http.gateway.counts.posts, posts);
  assert.equal(await http.clock.until(http.call('b')), 'b');
  await http.finish();
});

test('a call does not wait for the pace of a socket nobody waited for', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket', seed: 3 });
  await clock.until(call('a'));
  gateway.down();
  await clock.pass(300_000);
  const tries = gateway.counts.sockets;
  assert.ok(tries < 40, `${tries} tries in five minutes`);
  gateway.isUp = true;
  for (const socket of gateway.sockets) socket.cut();
  const from = clock.now();
  assert.equal(await clock.until(call('b')), 'b');
  assert.ok(clock.now() - from < 200, `${clock.now() - from} ms`);
  await finish();
});

test('the heartbeat keeps a session that nobody uses', async () => {
  const { clock, gateway, client, states, call, finish } = scriptedWorld({ transport: 'websocket' });
  await clock.until(call('a'));
  await clock.pass(3_600_000);
  assert.equal(client.state, 'open');
  assert.deepEqual(states, ['connecting', 'open']);
  // Sealed at least every half of five minutes, text in between, one of them every minute.
  const { heartbeats, pings } = gateway.counts;
  assert.ok(heartbeats >= 24 && heartbeats <= 32, `${heartbeats} sealed`);
  assert.ok(heartbeats + pings >= 59 && heartbeats + pings <= 62, `${heartbeats + pings} in all`);
  assert.equal(await clock.until(call('b')), 'b');
  assert.equal(gateway.counts.handshakes, 1);
  await finish();
});

test('missed heartbeats: a warning, another connection, the end', async () => {
  const { clock, gateway, warnings, call, finish } = scriptedWorld({ transport: 'websocket', heartbeatMs: 1_000 });
  await clock.until(call('a'));
  await clock.pass(2_500);
  assert.deepEqual(warnings, []);
  const [first] = gateway.sockets;
  first.mute();
  await clock.pass(2_000);
  assert.deepEqual(warnings, ['kontract: https://example.test did not answer a heartbeat']);
  assert.equal(gateway.counts.sockets, 1);
  await clock.pass(1_000);
  assert.equal(gateway.counts.sockets, 2, 'the second miss opens another');
  assert.equal(await clock.until(call('b')), 'b');

  // Without another to be had, the third miss ends it.
  const alone = scriptedWorld({ transport: 'websocket', heartbeatMs: 1_000 });
  await alone.clock.until(alone.call('a'));
  alone.gateway.takesSockets = false;
  for (const socket of alone.gateway.sockets) socket.mute();
  await alone.clock.pass(4_500);
  assert.equal(alone.client.state, 'reconnecting');
  await alone.finish();
  await finish();
});

test('a page that is looked at again asks at once whether its socket lives', async () => {
  const { clock, gateway, client, network, call, finish } = scriptedWorld({ transport: 'websocket' });
  await clock.until(call('a'));
  for (const socket of gateway.sockets) socket.mute();
  network.set(true);
  await clock.pass(5_100);
  // The first miss after five seconds instead of sixty; the next ones follow the interval.
  assert.equal(gateway.counts.sockets, 1);
  await clock.pass(120_000);
  assert.equal(client.state, 'open');
  assert.equal(await clock.until(call('b')), 'b');
  await finish();
});

test('without a network calls wait for one, and say so when it does not come', async () => {
  const { clock, client, network, states, call, finish } = scriptedWorld();
  await clock.until(call('a'));
  network.set(false);
  assert.equal(client.state, 'offline');
  const waiting = call('b');
  await clock.pass(10_000);
  network.set(true);
  assert.equal(await clock.until(waiting), 'b');
  network.set(false);
  await assert.rejects(clock.until(call('c', { timeoutMs: 1_000 })), (error) => {
    assert.ok(error instanceof OfflineError && error instanceof ServiceUnavailableError && error instanceof HttpError);
    assert.equal(error.code, 'OFFLINE');
    assert.match(error.message, /No network for 1000 ms/);
    return true;
  });
  network.set(true);
  assert.deepEqual(states.slice(0, 4), ['connecting', 'open', 'offline', 'open']);
  await finish();
});

test('half of the key used up: a new session, and no call notices', async () => {
  for (const transport of ['websocket', 'http']) {
    const { clock, gateway, engine, states, call, finish } = scriptedWorld({ transport });
    engine.keyLimit = 40;
    for (let i = 0; i < 30; i++) assert.deepEqual(await clock.until(all(call, 5, i * 5)), numbers(5, i * 5));
    assert.ok(gateway.counts.handshakes > 3 && gateway.counts.handshakes < 15, `${gateway.counts.handshakes}`);
    assert.deepEqual(states, ['connecting', 'open'], transport);
    assert.equal(gateway.effects.size, 150);
    await finish();
  }
});

test('a session of HTTP near its end is not used any more', async () => {
  const { clock, gateway, states, call, finish } = scriptedWorld({ transport: 'http' });
  await clock.until(call('a'));
  await clock.pass(200_000);
  await clock.until(call('b'));
  assert.equal(gateway.counts.handshakes, 1);
  await clock.pass(299_000);
  await clock.until(call('c'));
  assert.equal(gateway.counts.handshakes, 2);
  assert.ok(!states.includes('reconnecting'));
  await finish();
});

test('a gateway that stops says so: calls under way are answered, new ones go elsewhere', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket' });
  await clock.until(call('a'));
  gateway.thinkMs = () => 500;
  const slow = all(call, 5);
  await clock.pass(50);
  gateway.drain();
  await clock.pass(20);
  gateway.thinkMs = () => 1;
  assert.equal(await clock.until(call('new')), 'new');
  assert.equal(gateway.counts.handshakes, 2);
  const { frames } = gateway.counts;
  assert.deepEqual(await clock.until(slow), numbers(5));
  assert.ok(gateway.counts.frames - frames <= 1, 'nothing was asked twice');
  await finish();
});

test('no gateway at first is told after four tries; one that goes away is waited for', async () => {
  const missing = scriptedWorld({ transport: 'http' });
  missing.gateway.isUp = false;
  await assert.rejects(missing.clock.until(missing.call('a')), (error) => {
    assert.ok(error instanceof ServiceUnavailableError);
    assert.equal(error.message, 'no gateway answers at https://example.test: check the network and the address');
    return true;
  });
  assert.equal(missing.gateway.counts.posts, 4);
  assert.ok(missing.clock.now() < 1_000);
  await missing.finish();

  const gone = scriptedWorld({ transport: 'http' });
  await gone.clock.until(gone.call('a'));
  gone.gateway.down();
  await assert.rejects(gone.clock.until(gone.call('b')), (error) => {
    assert.ok(error instanceof TimeoutError);
    assert.match(error.message, /^No connection within 30000 ms: no gateway answers at https:/);
    return true;
  });
  assert.ok(gone.gateway.counts.posts < 20, `${gone.gateway.counts.posts} tries in 30 s`);
  await gone.finish();
});

test('a forgotten session costs at most three handshakes more', async () => {
  for (const transport of ['http', 'websocket']) {
    const { clock, gateway, call, finish } = scriptedWorld({ transport });
    const answer = gateway.answer.bind(gateway);
    gateway.answer = async (...args) => (await answer(...args)) && { clear: 'clear-expired' };
    await assert.rejects(clock.until(call('a')), SessionExpiredError);
    assert.equal(gateway.counts.handshakes, 4, transport);
    await finish();
  }
});

test('5xx is tried three times more, 4xx not', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket' });
  await clock.until(call('a'));
  let asked = 0;
  gateway.handler = () => ({ code: ++asked && 'INTERNAL_ERROR', status: 500 });
  await assert.rejects(clock.until(call('b')), { code: 'INTERNAL_ERROR' });
  assert.equal(asked, 4);
  gateway.handler = () => ({ code: ++asked && 'NOT_FOUND', status: 404 });
  await assert.rejects(clock.until(call('c')), { code: 'NOT_FOUND' });
  assert.equal(asked, 5);
  await finish();
});

test('a reply that gets lost is asked for once more, and the first answer counts', async () => {
  for (const transport of ['http', 'websocket']) {
    const { clock, gateway, call, finish } = scriptedWorld({ transport });
    await clock.until(call('a'));
    let asked = 0;
    // The first attempt thinks for 12 s of 30; the second is asked after 10 and thinks as long.
    gateway.thinkMs = () => (asked++, 12_000);
    const from = clock.now();
    assert.equal(await clock.until(call('slow')), 'slow');
    assert.equal(asked, 2, transport);
    assert.ok(clock.now() - from < 12_100, 'the first answer counted');
    gateway.thinkMs = () => 1;
    await finish();
  }
});

test('who stops waiting gets the reason, and a place for the next call', async () => {
  for (const transport of ['http', 'websocket']) {
    const { clock, gateway, call, finish } = scriptedWorld({ transport });
    gateway.maxInflight = 4;
    await clock.until(call('a'));
    gateway.thinkMs = ({ args }) => (args === 'never' ? 20_000 : 1);
    const aborter = new AbortController();
    const reason = new Error('enough');
    const calls = Array.from({ length: 6 }, () => call('never', { signal: aborter.signal }));
    const ended = Promise.allSettled(calls);
    await clock.pass(100);
    aborter.abort(reason);
    for (const { reason: thrown } of await clock.until(ended)) assert.equal(thrown, reason);
    assert.equal(await clock.until(call('b')), 'b', transport);
    await finish();
  }
});

test('a cipher that answers later changes nothing', async () => {
  for (const transport of ['http', 'websocket', 'auto']) {
    const { clock, gateway, call, finish } = scriptedWorld({ transport, slow: true });
    assert.deepEqual(await clock.until(all(call, 40)), numbers(40));
    await clock.pass(100);
    const { posts } = gateway.counts;
    assert.deepEqual(await clock.until(all(call, 40, 100)), numbers(40, 100));
    assert.ok(gateway.counts.handshakes <= 2);
    assert.equal(gateway.counts.posts - posts, transport === 'http' ? 1 : 0, 'one POST for them all');
    await finish();
  }
});

test('a subscription goes where calls go, keeps its session of HTTP, and ends with the client', async () => {
  const page = scriptedWorld();
  const heard = [];
  page.client.subscribe('notes', ({ type }) => heard.push(type));
  await page.clock.pass(1_000);
  assert.deepEqual(heard, ['open', 'open'], 'once over HTTP, then by the socket');
  assert.deepEqual([page.gateway.streams.size, page.gateway.sockets.size], [0, 1]);
  await page.finish();

  const http = scriptedWorld({ transport: 'http' });
  const stop = http.client.subscribe('notes', ({ type }) => heard.push(type));
  await http.clock.pass(1_000_000);
  assert.equal(http.gateway.counts.handshakes, 1);
  assert.equal(http.gateway.streams.size, 1);
  http.gateway.restart();
  await http.clock.pass(1_000);
  assert.equal(http.gateway.streams.size, 1);
  assert.equal(heard.length, 4);
  stop();
  await http.clock.pass(1_000);
  assert.equal(http.gateway.streams.size, 0);
  await http.finish();
});

test('listeners hear every change until they are taken off', async () => {
  const { clock, client, call, finish } = scriptedWorld({ transport: 'http' });
  const heard = [];
  const stop = client.onState((state) => heard.push([state, client.state]));
  await clock.until(call('a'));
  stop();
  await finish();
  assert.deepEqual(heard, [
    ['connecting', 'connecting'],
    ['open', 'open'],
  ]);
});
