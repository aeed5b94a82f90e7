// `node --test bench`
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES, SYSTEMS, inCase, pairsOf } from './cases.mjs';
import { laps } from './laps.mjs';
import { ratiosOf, row } from './ratios.mjs';

const reports = (...micros) => micros.map((value) => ({ micros: value, p50: value, p99: 2 * value }));

/** Every case of these systems, each taking as long as its system is slow. */
const timesOf = (slowness) =>
  Object.fromEntries(
    CASES.map((it) => [
      it.name,
      Object.fromEntries(inCase(Object.keys(slowness), it).map((name) => [name, reports(...slowness[name])])),
    ]),
  );

test('every pair has one suite', () => {
  const pairs = pairsOf(Object.keys(SYSTEMS));
  assert.equal(pairs.length, 4);
  for (const [ours, peer] of pairs) assert.equal(SYSTEMS[ours].suite, SYSTEMS[peer].suite);
});

test('a ratio is how many times as fast ours is, round by round', () => {
  const names = ['native', 'openssl'];
  const out = ratiosOf({ names, times: timesOf({ native: [2, 4], openssl: [6, 12] }), bundles: [] });
  assert.deepEqual(out.native_seal_16k_vs_openssl, { median: 3, min: 3, max: 3 });
  assert.equal(out.handshakes_per_sec.max, 500_000);
  assert.equal(out.native_call_1k_vs_openssl, undefined, 'OpenSSL makes no calls');
});

test('bytes are quoted as they are, and without WebAssembly none is', () => {
  const bundles = [
    { entry: 'kontract/client', js: 100, wasm: 200, whole: 350 },
    { entry: 'kontract/client/webcrypto', js: 120, wasm: 0, whole: 120 },
  ];
  const out = ratiosOf({ names: [], times: {}, bundles });
  assert.deepEqual(Object.keys(out), [
    'client_js_brotli_bytes',
    'client_wasm_brotli_bytes',
    'client_whole_brotli_bytes',
    'webcrypto_js_brotli_bytes',
  ]);
  assert.equal(out.client_wasm_brotli_bytes.median, 200);
});

test('a row has the median round, and its latency in milliseconds', () => {
  const { opsPerSec, p50Ms, micros } = row('seal_64', 'native', reports(10, 30, 20));
  assert.deepEqual([opsPerSec, p50Ms, micros.max], [50_000, 0.02, 30]);
});

test('only what is timed counts', async () => {
  let now = 0;
  const clocks = { now: () => now, processor: () => now * 100 };
  const spend = (ms) => (now += ms);
  let runs = 0;
  const run = async (_count, timed) => {
    runs++;
    spend(30);
    await timed(() => spend(5));
    spend(70);
    await timed(async () => spend(1));
  };
  assert.deepEqual(await laps(run, { count: 10, ms: 12 }, clocks), { micros: 60, p50: 600, p99: 600 });
  assert.equal(runs, 2);
});
