// `node --test bench`
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idleRatios, measureIdle } from './idle.mjs';

/** A server whose connections take `kib` each. */
function server(name, cases, kib) {
  let connections = 0;
  return {
    name,
    cases,
    load: () => ({ open: (count) => (connections = count) }),
    rssKb: () => 50_000 + connections * kib,
  };
}

const hold = async (count, load, look) => {
  load.open(count);
  const seen = await look();
  load.open(0);
  return seen;
};

test('idle connections are compared with those of their kind', async () => {
  const systems = [server('kontract', ['echo', 'read', 'ws_echo'], 10), server('trpc_ws', ['ws_echo'], 30)];
  const rows = await measureIdle({ hold, systems, clients: 100, settleMs: 0 });
  assert.deepEqual(
    rows.map(({ system, connection, kibPerConnection }) => [system, connection, kibPerConnection]),
    [
      ['kontract', 'http', 10],
      ['kontract', 'ws', 10],
      ['trpc_ws', 'ws', 30],
    ],
  );
  assert.deepEqual(idleRatios(rows), { idle_ws_vs_trpc_ws: { median: 3, min: 3, max: 3 } });
});

test('where the system does not say what a process uses there are no rows', async () => {
  const blind = { ...server('kontract', ['echo'], 1), rssKb: () => NaN };
  assert.deepEqual(await measureIdle({ hold, systems: [blind], clients: 10 }), []);
});
