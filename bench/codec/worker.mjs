// One system in a process of its own: encodes and decodes for as long as it is told, and says how long one takes.
import assert from 'node:assert/strict';
import { user } from '../rpc/users.mjs';
import { systems } from './systems.mjs';

const [name, modules] = process.argv.slice(2);
const system = await systems[name](JSON.parse(modules));
const values = { id: { id: user(42).id }, list100: Array.from({ length: 100 }, (_, i) => user((i * 7919) % 10_000)) };

const bytes = {};
const operations = {};
for (const [what, value] of Object.entries(values)) {
  const { encode, decode } = system[what];
  const encoded = Uint8Array.from(encode(value));
  assert.deepEqual(decode(encoded), value, `${name} gives back something else`);
  bytes[what] = encoded.length;
  operations[`${what}_encode`] = () => encode(value);
  operations[`${what}_decode`] = () => decode(encoded);
}

/** Keeps results from being optimised away. */
let kept;

process.on('message', ({ kind, ms }) => process.send(measure(operations[kind], ms)));
process.send({ bytes });

/**
 * Runs of about a millisecond each. `micros` is the processor's time for one operation, over all runs:
 * it is all these operations cost, and what else the machine does is not in it. The rest is by the clock.
 */
function measure(operation, ms) {
  let batch = 1;
  while (timed(operation, batch) < 1 && batch < 1e6) batch *= 2;
  const runs = [];
  let [spent, count] = [0, 0];
  const before = process.cpuUsage();
  while (spent < ms) {
    const took = timed(operation, batch);
    runs.push((took * 1000) / batch);
    spent += took;
    count += batch;
  }
  const { user, system } = process.cpuUsage(before);
  runs.sort((a, b) => a - b);
  const at = (share) => runs[Math.min(runs.length - 1, Math.floor(runs.length * share))];
  return { micros: (user + system) / count, p50: at(0.5), p99: at(0.99), kept: kept === undefined };
}

function timed(operation, times) {
  const started = performance.now();
  for (let i = 0; i < times; i++) kept = operation();
  return performance.now() - started;
}
