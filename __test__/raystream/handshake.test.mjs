// Handshakes on networks that swallow packets and say nothing: another is sent beside the first, and of the two
// exactly one is left. The test is the clock; the last test has the real engine, and looks at what is sent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from 'kontract/client';
import { route, startEcho } from './echo.mjs';
import { scriptedWorld } from './scripted/world.mjs';

/** A fault for the first handshake only. */
const first = (kind, fault) => {
  let times = 0;
  return (what, url) => (what === kind && (!url || url.endsWith('/hs')) && times++ === 0 ? fault : undefined);
};

test('http: a handshake that gets lost is sent again beside it, and the call goes on', async () => {
  for (const lost of ['request', 'reply']) {
    const { clock, gateway, states, call, finish } = scriptedWorld({ transport: 'http' });
    gateway.fault = first(lost, 'lose');
    assert.equal(await clock.until(call('a')), 'a');
    // 2.5 s of patience, four trips of 5 ms, a moment's thought.
    assert.equal(clock.now(), 2_521, lost);
    assert.equal(gateway.counts.handshakes, lost === 'request' ? 1 : 2);
    assert.equal(gateway.fetches, 0, 'the lost one is called off');
    assert.deepEqual(states, ['connecting', 'open']);
    await finish();
  }
});

test('websocket: so is one on a socket where nothing moves, and nothing is resumed twice', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket' });
  await clock.until(call('a'));
  for (const socket of gateway.sockets) socket.cut();
  gateway.fault = first('message', 'lose');
  const from = clock.now();
  assert.equal(await clock.until(call('b')), 'b');
  assert.ok(clock.now() - from < 2_700, `${clock.now() - from} ms`);
  // The INIT that would have resumed the session never arrived; the next one is a session of its own.
  assert.deepEqual([gateway.counts.handshakes, gateway.counts.resumes], [2, 0]);
  assert.equal(gateway.sockets.size, 1);
  await finish();
});

test('websocket: a socket that does not open is not waited for alone', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'websocket' });
  gateway.latencyMs = 50_000;
  const answer = call('a');
  await clock.pass(2_499);
  assert.equal(gateway.counts.sockets, 1);
  gateway.latencyMs = 5;
  assert.equal(await clock.until(answer), 'a');
  assert.ok(clock.now() < 2_600, `${clock.now()} ms`);
  assert.deepEqual([gateway.counts.sockets, gateway.sockets.size], [2, 1]);
  await finish();
});

test('on a slow network the first handshake still counts', async () => {
  for (const transport of ['http', 'websocket']) {
    const { clock, gateway, engine, client, call, finish } = scriptedWorld({ transport });
    gateway.latencyMs = 2_000;
    const answer = call('a');
    await clock.pass(transport === 'http' ? 4_001 : 6_001);
    assert.equal(client.state, 'open', transport);
    assert.equal(await clock.until(answer), 'a');
    await clock.pass(5_000);
    assert.equal(engine.live, 1);
    await finish();
  }
});

test('of two that are answered in the same moment one is taken', async () => {
  for (const openMs of [0, 50]) {
    for (const transport of ['http', 'websocket']) {
      const { clock, gateway, engine, call, finish } = scriptedWorld({ transport });
      const { finish: open } = engine;
      engine.finish = async (...answer) => {
        const hello = open.apply(engine, answer);
        if (openMs > 0) await clock.sleep(openMs);
        return hello;
      };
      // Later ones travel faster, so that both arrive together and are answered together.
      const trips = transport === 'http' ? 1 : 2;
      gateway.latencyMs = 2_600 / trips;
      const answer = call('a');
      await clock.pass(2_499);
      gateway.latencyMs = 100 / trips;
      assert.equal(await clock.until(answer), 'a');
      await clock.pass(100);
      assert.equal(engine.live, 1, `${transport}, opened within ${openMs} ms`);
      await finish();
    }
  }
});

test('where nothing comes back at all it is over after ten seconds', async () => {
  for (const transport of ['http', 'websocket']) {
    const { clock, gateway, engine, call, finish } = scriptedWorld({ transport });
    gateway.fault = () => 'lose';
    await assert.rejects(clock.until(call('a', { timeoutMs: 9_999 })), /No reply within 9999 ms/);
    assert.equal(transport === 'http' ? gateway.counts.posts : gateway.counts.sockets, 2);
    await clock.until(assert.rejects(call('b', { timeoutMs: 9_000 }), /No connection within .* within 10 s/));
    gateway.fault = () => undefined;
    await clock.pass(60_000);
    assert.ok(engine.live <= 1);
    await finish();
  }
});

test('a heartbeat that gets lost is sent again after three seconds', async () => {
  const { clock, gateway, call, finish } = scriptedWorld({ transport: 'http' });
  await clock.until(call('a'));
  let faults = 0;
  // Two that break make the session doubtful; then its heartbeat gets lost.
  gateway.fault = (what) => (what === 'request' && faults < 3 ? ['refuse', 'refuse', 'lose'][faults++] : undefined);
  const from = clock.now();
  assert.equal(await clock.until(call('b')), 'b');
  assert.equal(faults, 3);
  assert.ok(clock.now() - from < 4_500, `${clock.now() - from} ms`);
  assert.deepEqual([gateway.counts.handshakes, gateway.counts.heartbeats], [1, 1]);
  await finish();
});

let echo;
before(async () => {
  echo = await startEcho();
});
after(() => echo.stop());

test('the second INIT has a key pair of its own, and no call goes to the session nobody took', async () => {
  const inits = [];
  const sessions = new Set();
  const fetch = async (url, init) => {
    if (!url.endsWith('/hs')) {
      sessions.add(url);
      return await globalThis.fetch(url, init);
    }
    inits.push(new Uint8Array(init.body));
    const response = await globalThis.fetch(url, init);
    if (inits.length > 1) return response;
    // The gateway has answered, and the answer does not come.
    return await new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));
  };
  const client = createClient({ url: echo.url, pins: [echo.pin], fetch });
  assert.equal(await client.call(route('echo'), ['a']), 'a');
  assert.equal(await client.call(route('echo'), ['b']), 'b');
  await client.close();
  assert.equal(inits.length, 2);
  assert.equal(sessions.size, 1);
  const publicKey = (frame) => Buffer.from(frame.subarray(28, 60)).toString('hex');
  assert.notEqual(publicKey(inits[0]), publicKey(inits[1]));
});
