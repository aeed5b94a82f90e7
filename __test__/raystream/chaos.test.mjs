// The client in worlds that a seed decides: requests, replies and sockets lost, cut, garbled and
// delayed, gateways that restart, networks that come and go. Whatever happens, every call ends once
// and with sense, no nonce is used twice, and nothing is left behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from 'kontract/client';
import { seeded } from './scripted/clock.mjs';
import { scriptedWorld } from './scripted/world.mjs';

const WORLDS = Number(process.env.KONTRACT_CHAOS_WORLDS ?? 120);
const CALLS = 60;
const CODES = ['SERVICE_UNAVAILABLE', 'TIMEOUT', 'SESSION_EXPIRED', 'DECRYPTION_FAILED', 'OFFLINE', 'INTERNAL_ERROR'];

const total = {
  calls: 0,
  answered: 0,
  refused: {},
  aborted: 0,
  effects: 0,
  asked: 0,
  nonces: 0,
  handshakes: 0,
  resumes: 0,
  subscriptions: 0,
};

async function live(seed) {
  const random = seeded(seed);
  const pick = (...values) => values[Math.floor(random() * values.length)];
  const transport = pick('auto', 'websocket', 'http');
  const world = scriptedWorld({
    seed,
    transport,
    page: true,
    slow: random() < 0.4,
    heartbeatMs: 1_000 + random() * 20_000,
  });
  const { clock, gateway, engine, network, call, finish } = world;
  const trouble = random() * 0.25;
  engine.keyLimit = pick(Infinity, Infinity, 30);
  gateway.maxInflight = pick(256, 4);
  gateway.takesBatches = random() < 0.8;
  gateway.takesSockets = random() < 0.9;
  gateway.fault = () => (random() < trouble ? pick('lose', 'refuse', 'garble', 'proxy') : undefined);
  gateway.thinkMs = () => random() ** 8 * 20_000;
  gateway.handler = ({ args }) => (random() < 0.05 ? { code: 'INTERNAL_ERROR', status: 500 } : `re: ${args}`);
  const events = [
    () => gateway.restart(),
    () => gateway.forget(),
    () => gateway.drain(),
    () => pick(...gateway.sockets)?.cut(),
    () => pick(...gateway.sockets)?.mute(),
    () => {
      network.set(false);
      clock.after(random() * 20_000, () => network.set(true));
    },
    () => {
      gateway.down();
      clock.after(random() * 5_000, () => (gateway.isUp = true));
    },
  ];

  const opened = [];
  const stops = Array.from({ length: pick(0, 1, 3) }, (_, i) => {
    opened[i] = 0;
    return world.client.subscribe(`t${i}`, ({ type }) => (opened[i] += type === 'open' ? 1 : 0));
  });
  const ends = [];
  const endings = [];
  for (let i = 0; i < CALLS; i++) {
    if (random() < 0.3) await clock.pass(random() ** 3 * 60_000);
    if (random() < 0.1) pick(...events)();
    if (random() < 0.02) await clock.until(world.client.close());
    if (random() < 0.01) stops.pop()?.();
    const aborter = random() < 0.05 ? new AbortController() : undefined;
    if (aborter) clock.after(random() * 2_000, () => aborter.abort(new Error('enough')));
    ends[i] = 0;
    const end = (what) => {
      ends[i]++;
      return what;
    };
    const timeoutMs = random() < 0.3 ? 500 + random() * 5_000 : 30_000;
    endings.push(
      call(`${i}`, { signal: aborter?.signal, timeoutMs }).then(
        (value) => end({ value }),
        (error) => end({ error }),
      ),
    );
  }
  network.set(true);
  const results = await clock.until(Promise.all(endings));
  assert.ok(ends.every((times) => times === 1));
  for (const [i, { value, error }] of results.entries()) {
    total.calls++;
    if (value !== undefined) {
      total.answered++;
      assert.equal(value, `re: ${i}`);
    } else if (error.message === 'enough') total.aborted++;
    else {
      total.refused[error.code] = (total.refused[error.code] ?? 0) + 1;
      assert.ok(error instanceof HttpError && CODES.includes(error.code), error.stack);
    }
  }
  const done = new Set([...gateway.effects.values()].map(({ reply }) => reply.data));
  for (const { value } of results) if (value !== undefined) assert.ok(done.has(value), 'answered and not done');
  // One key each: what was asked twice was done once.
  assert.equal(done.size, gateway.effects.size);
  for (const { asked } of gateway.effects.values()) total.asked += asked;
  total.effects += gateway.effects.size;
  total.nonces += engine.nonces.size;
  total.handshakes += gateway.counts.handshakes;
  total.resumes += gateway.counts.resumes;
  gateway.fault = () => undefined;
  total.subscriptions += opened.reduce((sum, times) => sum + times, 0);
  await finish();
}

test(`${WORLDS} worlds`, async (t) => {
  for (let seed = 1; seed <= WORLDS; seed++) {
    await live(seed).catch((error) => {
      error.message = `in the world of seed ${seed}: ${error.message}`;
      throw error;
    });
  }
  t.diagnostic(JSON.stringify(total));
  assert.ok(total.answered > total.calls / 2, 'most calls are answered');
  assert.ok(total.asked > total.effects, 'some were asked twice');
  assert.ok(Object.keys(total.refused).length > 3 && total.aborted > 0 && total.resumes > 0);
});
