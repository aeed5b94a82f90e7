// `node --test bench`
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure, ratiosOf } from './measure.mjs';
import { COUNT, users } from './users.mjs';

const system = (name) => ({
  name,
  load: (kind) => ({ mode: 'http-json', kind, name }),
  rssMb: () => 50,
  cpuSeconds: () => 1,
});

/** A generator that remembers whom it loaded and answers with made-up speeds. */
function recorder(speeds) {
  const order = [];
  const generate = async (plan, { name }) => {
    order.push(name);
    return { opsPerSec: speeds[name].shift(), calls: 500, p50Ms: 1, p99Ms: 2 };
  };
  return { order, generate };
}

test('systems take turns after a warm-up that does not count', async () => {
  const { order, generate } = recorder({ kontract: [1, 300, 330, 270], fastify: [1, 100, 110, 90] });
  const systems = [system('kontract'), system('fastify')];
  const measured = await measure({ generate, systems, kind: 'read', clients: 64, rounds: 3, seconds: 1 });
  assert.deepEqual(order, Array(4).fill(['kontract', 'fastify']).flat());
  assert.equal(measured.rows[0].opsPerSec, 300);
  assert.deepEqual([measured.rows[1].system, measured.rows[1].minOpsPerSec], ['fastify_pg', 90]);
  assert.deepEqual(ratiosOf({ kind: 'read', clients: 64, rounds: measured.rounds }), {
    read_64_vs_fastify_pg: { median: 3, min: 3, max: 3 },
  });
});

test('without Kontract there is nothing to compare', () => {
  assert.deepEqual(ratiosOf({ kind: 'echo', clients: 1, rounds: { fastify: [1], trpc: [1] } }), {});
});

test('the users are all different and each comes once', () => {
  assert.equal(new Set(users.map(({ id }) => id)).size, COUNT);
  assert.equal(new Set(users.map(({ email }) => email)).size, COUNT);
});
