/**
 * Runs what the compiler emits for `tests/fixtures/every-type`: values through the codecs and the
 * rows and back, wrong values, hostile bytes, and with a second argument the real `flatc` both ways.
 *
 *   cargo run -p kontract-compiler --example emit -- crates/compiler/tests/fixtures/every-type out
 *   node crates/compiler/tests/generated.mjs out [path of flatc]
 *
 * `out` must be able to resolve `kontract`: a folder inside the repository will do.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const out = resolve(process.argv[2] ?? 'out');
const flatc = process.argv[3];
const load = (path) => import(pathToFileURL(join(out, path)).href);
const codec = await load('codecs/src/api.js');
const { tables } = await load('server/tables.js');

const least = {
  id: 'a', tiny: -128, ratio: null, big: 2n ** 64n - 1n, exact: -1, flag: false, amount: -(2n ** 63n), at: new Date(-1),
  raw: new Uint8Array(), color: null, level: 1, names: [], flags: [], times: [], bytes: [], gaps: [], grid: [], scores: {},
  inner: { a: '' }, children: [], 'odd-name': '', table: '',
};
const most = {
  ...least, id: 'é€😀'.repeat(100), tiny: 127, count: 0xffffffff, ratio: 0.5, exact: 2 ** 31 - 1, flag: true,
  amount: 2n ** 63n - 1n, at: new Date(8.64e15), raw: Uint8Array.of(0, 255, 10), color: 'green', level: 3, maybe: null,
  names: ['', 'ü', 'plain'], flags: [true, false, true], times: [new Date(0), new Date(1.7e12)],
  bytes: [Uint8Array.of(1), new Uint8Array(3)], gaps: ['x', null, ''], grid: [[1.5, -0], [], [1e300]],
  scores: { a: 1, 'b c': -2.25 }, inner: { a: 'in', b: { c: 9007199254740993n } }, children: [least, least],
  'odd-name': '@', table: 't',
};
/** Records come without a prototype; what they hold is what counts. */
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
};
const same = (actual, expected) => assert.deepStrictEqual(plain(actual), plain(expected));

for (const value of [least, most, { ...most, maybe: 'there' }]) {
  same(codec.decodeReply_echo(codec.encodeReply_echo(value)), value);
  same(codec.decodeArgs_echo(codec.encodeArgs_echo([value]))[0], value);
  // JSON has no negative zero.
  const stored = { ...value, grid: value.grid.map((row) => row.map((n) => n + 0)) };
  same(tables.everythings.fromRow(tables.everythings.toRow(value)), stored);
}
same(codec.decodeArgs_scalars(codec.encodeArgs_scalars([1, undefined, null])), [1, undefined, null, undefined]);
same(codec.decodeArgs_scalars(codec.encodeArgs_scalars([1, 'b', 2n, 4, 'r', 's'])), [1, 'b', 2n, 4, 'r', 's']);
for (const reply of ['x', null, undefined]) same(codec.decodeReply_scalars(codec.encodeReply_scalars(reply)), reply);
same(codec.decodeReply_nothing(codec.encodeReply_nothing(undefined)), undefined);

const refused = [
  [{ tiny: 128 }, 'reply.tiny: expected a whole number from -128 to 127'],
  [{ big: -1n }, 'reply.big: does not fit into 64 bits without a sign'],
  [{ amount: 2n ** 63n }, 'reply.amount: does not fit into 64 bits'],
  [{ at: new Date(NaN) }, 'reply.at: an invalid date'],
  [{ color: 'blue' }, 'reply.color: expected "red" or "green"'],
  [{ names: ['ok', 5] }, 'reply.names[1]: expected string, got number'],
  [{ grid: [[1], [2, '3']] }, 'reply.grid[1][1]: expected number, got string'],
  [{ inner: { a: 1 } }, 'reply.inner.a: expected string, got number'],
  [{ children: [most, { ...least, id: null }] }, 'reply.children[1].id: expected string, got null'],
  [{ id: '\ud800' }, 'reply.id: half of a surrogate pair'],
  [{ 'odd-name': 1 }, 'reply["odd-name"]: expected string, got number'],
  [{ scores: JSON.parse('{"__proto__":1}') }, 'reply.scores: a key called __proto__'],
];
for (const [change, message] of refused) {
  assert.throws(() => codec.encodeReply_echo({ ...most, ...change }), { name: 'CodecError', message });
}
const cycle = { ...least };
cycle.children = [cycle];
assert.throws(() => codec.encodeReply_echo(cycle), { name: 'CodecError', message: /nested deeper/ });
for (const [row, message] of [
  [{ ...least, at: new Date(NaN) }, /at: an invalid date/],
  [{ ...least, exact: Infinity }, /exact: a number that is not finite/],
  [{ ...least, id: 'a\0b' }, /id: a string with a NUL/],
  [{ id: 'only' }, /tiny: expected number, got undefined/],
]) {
  assert.throws(() => tables.everythings.toRow(row), { name: 'CodecError', message });
}
assert.equal(tables.everythings.toRow({ flag: true }, true), '{"flag":true}');

// A seeded generator: a failure can be run again.
let seed = 1;
const random = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
const good = codec.encodeReply_echo(most);
let refusals = 0;
for (let round = 0; round < 50_000; round++) {
  const bytes = good.slice(0, round % 5 === 0 ? random(good.length) : good.length);
  for (let change = 0; change <= round % 4; change++) bytes[random(bytes.length)] = random(256);
  try {
    codec.decodeReply_echo(bytes);
  } catch (error) {
    assert.equal(error.name, 'CodecError', error.stack);
    refusals++;
  }
}
assert.ok(refusals > 10_000, `only ${refusals} refusals`);
for (const bytes of [new Uint8Array(), new Uint8Array(16), new Uint8Array(16).fill(255)]) {
  assert.throws(() => codec.decodeReply_echo(bytes), { name: 'CodecError' });
}

if (flatc) {
  const schema = join(out, 'schemas/src/api.fbs');
  const work = join(out, 'flatc');
  mkdirSync(work, { recursive: true });
  for (const value of [least, most]) {
    writeFileSync(join(work, 'ours.bin'), codec.encodeReply_echo(value));
    execFileSync(flatc, ['--json', '--strict-json', '--raw-binary', '--root-type', 'kontract.echo_reply', '-o', work, schema, '--', join(work, 'ours.bin')]);
    const json = JSON.parse(readFileSync(join(work, 'ours.json'), 'utf8').replace(/-?\d{16,}/g, '0'));
    assert.equal(json.value.id, value.id);
    execFileSync(flatc, ['--binary', '--root-type', 'kontract.echo_reply', '-o', join(work, 'theirs'), schema, join(work, 'ours.json')]);
    same(codec.decodeReply_echo(readFileSync(join(work, 'theirs/ours.bin'))), value);
  }
}
