// Every kind of value through the codecs and the rows and back, and values that are none of their type.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/project.mjs';
import { compiled } from './support/compiled.mjs';
import { plain } from './support/random-values.mjs';

const fixture = (name) => readFileSync(join(repository, 'crates/compiler/tests/fixtures', name, 'src/api.ts'), 'utf8');
const same = (actual, expected) => assert.deepStrictEqual(plain(actual), plain(expected));

const least = {
  id: 'a',
  tiny: -128,
  ratio: null,
  big: 2n ** 64n - 1n,
  exact: -1,
  flag: false,
  amount: -(2n ** 63n),
  at: new Date(-1),
  raw: new Uint8Array(),
  color: null,
  level: 1,
  names: [],
  flags: [],
  times: [],
  bytes: [],
  gaps: [],
  grid: [],
  scores: {},
  inner: { a: '' },
  children: [],
  'odd-name': '',
  table: '',
};
const most = {
  ...least,
  id: 'é€😀'.repeat(100),
  tiny: 127,
  count: 0xffffffff,
  ratio: 0.5,
  exact: 2 ** 31 - 1,
  flag: true,
  amount: 2n ** 63n - 1n,
  at: new Date(8.64e15),
  raw: Uint8Array.of(0, 255, 10),
  color: 'green',
  level: 3,
  maybe: null,
  names: ['', 'ü', 'plain'],
  flags: [true, false, true],
  times: [new Date(0), new Date(1.7e12)],
  bytes: [Uint8Array.of(1), new Uint8Array(3)],
  gaps: ['x', null, ''],
  grid: [[1.5, -0], [], [1e300]],
  scores: { a: 1, 'b c': -2.25 },
  inner: { a: 'in', b: { c: 9007199254740993n } },
  children: [least, least],
  'odd-name': '@',
  table: 't',
};

test('every type of a field', async (t) => {
  const { codecs, tables } = await compiled(t, fixture('every-type'));
  for (const value of [least, most, { ...most, maybe: 'there' }]) {
    same(codecs.decodeReply_echo(codecs.encodeReply_echo(value)), value);
    same(codecs.decodeArgs_echo(codecs.encodeArgs_echo([value]))[0], value);
    // JSON has no negative zero.
    const stored = { ...value, grid: value.grid.map((row) => row.map((n) => n + 0)) };
    same(tables.everythings.fromRow(tables.everythings.toRow(value)), stored);
  }
  const { encodeArgs_scalars: encode, decodeArgs_scalars: decode } = codecs;
  same(decode(encode([1, undefined, null])), [1, undefined, null, undefined]);
  same(decode(encode([1, 'b', 2n, 4, 'r', 's'])), [1, 'b', 2n, 4, 'r', 's']);
  for (const reply of ['x', null, undefined])
    same(codecs.decodeReply_scalars(codecs.encodeReply_scalars(reply)), reply);
  same(codecs.decodeReply_nothing(codecs.encodeReply_nothing(undefined)), undefined);
  // An earlier message is not touched by later ones, and nothing of it is in them.
  const first = codecs.encodeReply_echo(most);
  const copy = first.slice();
  codecs.encodeReply_echo(least);
  assert.deepStrictEqual(first, copy);
  // A getter may encode while it is read.
  const nested = {
    ...most,
    get id() {
      codecs.encodeReply_echo(least);
      return 'outer';
    },
  };
  same(codecs.decodeReply_echo(codecs.encodeReply_echo(nested)).id, 'outer');
});

test('what is none of its type says where', async (t) => {
  const { codecs, tables } = await compiled(t, fixture('every-type'));
  const refused = [
    [{ tiny: 128 }, 'reply.tiny: expected a whole number from -128 to 127'],
    [{ big: -1n }, 'reply.big: does not fit into 64 bits without a sign'],
    [{ amount: 2n ** 63n }, 'reply.amount: does not fit into 64 bits'],
    [{ at: new Date(Number.NaN) }, 'reply.at: an invalid date'],
    [{ color: 'blue' }, 'reply.color: expected "red" or "green"'],
    [{ color: undefined }, 'reply.color: expected "red" or "green", got undefined'],
    [{ names: ['ok', 5] }, 'reply.names[1]: expected string, got number'],
    [{ names: ['ok', 'half \udc00'] }, 'reply.names[1]: half of a surrogate pair'],
    [{ grid: [[1], [2, '3']] }, 'reply.grid[1][1]: expected number, got string'],
    [{ inner: { a: 1 } }, 'reply.inner.a: expected string, got number'],
    [{ inner: () => 1 }, 'reply.inner: expected an object, got function'],
    [{ id: Symbol('x') }, 'reply.id: expected string, got symbol'],
    [{ scores: new Map([['a', 1]]) }, 'reply.scores: expected a plain object, got Map'],
    [{ names: new Set(['a']) }, 'reply.names: expected an array, got Set'],
    [{ children: [most, { ...least, id: null }] }, 'reply.children[1].id: expected string, got null'],
    [{ id: '\ud800' }, 'reply.id: half of a surrogate pair'],
    [{ 'odd-name': 1 }, 'reply["odd-name"]: expected string, got number'],
    [{ scores: JSON.parse('{"__proto__":1}') }, 'reply.scores: a key called __proto__'],
  ];
  for (const [change, message] of refused) {
    assert.throws(() => codecs.encodeReply_echo({ ...most, ...change }), { name: 'CodecError', message });
  }
  const cycle = { ...least };
  cycle.children = [cycle];
  assert.throws(() => codecs.encodeReply_echo(cycle), { name: 'CodecError', message: /nested deeper/ });
  for (const [row, message] of [
    [{ ...least, at: new Date(Number.NaN) }, /at: an invalid date/],
    [{ ...least, exact: Infinity }, /exact: a number that is not finite/],
    [{ ...least, id: 'a\0b' }, /id: a string with a NUL/],
    [{ id: 'only' }, /tiny: expected number, got undefined/],
  ]) {
    assert.throws(() => tables.everythings.toRow(row), { name: 'CodecError', message });
  }
  assert.equal(tables.everythings.toRow({ flag: true }, true), '{"flag":true}');
  // After a refusal the next message is as if nothing had happened.
  same(codecs.decodeReply_echo(codecs.encodeReply_echo(most)), most);
});

test('rows of tuples, unions and trees', async (t) => {
  const { codecs, tables } = await compiled(t, fixture('rows-of-every-kind'));
  const shop = {
    id: 'a',
    place: [1.5, -2],
    hours: [undefined, 18, 12, 13],
    state: { is: 'open', until: new Date(5) },
    price: 2n ** 62n,
    flag: true,
    tree: { left: 1, right: { left: 2, right: 3 } },
    maybe: [null, Uint8Array.of(1, 2)],
  };
  const other = {
    ...shop,
    place: [0, 0, 'here'],
    hours: [9, 17],
    state: { is: 'closed' },
    price: '12345678901234567890',
    flag: 'maybe',
    tree: 1e20,
  };
  for (const value of [shop, other]) {
    same(tables.shops.fromRow(tables.shops.toRow(value)), value);
    same(codecs.decodeArgs_save(codecs.encodeArgs_save([value])), [value]);
  }
  for (const [change, message] of [
    [{ place: [1] }, /place: expected 2 to 3 elements, got 1/],
    [{ state: { is: 'gone' } }, /state: expected is: "open" or "closed"/],
    [{ price: 5 }, /price: expected bigint or string, got number/],
    [{ tree: { left: 1, right: 'x' } }, /tree.right: expected number or an object/],
  ]) {
    assert.throws(() => tables.shops.toRow({ ...shop, ...change }), { name: 'CodecError', message });
    assert.throws(() => codecs.encodeArgs_save([{ ...shop, ...change }]), { name: 'CodecError', message });
  }
});

test('Json takes what JSON can say, and nothing else', async (t) => {
  const { codecs, tables } = await compiled(t, fixture('type-json'));
  const { encodeReply_echo: encode, decodeReply_echo: decode } = codecs;
  for (const value of [null, 1, 'ü', [], {}, { a: [1, { b: null }], c: true }, '\0', 'a "quoted" \\ one'])
    same(decode(encode(value)), value);
  same(decode(encode({ left: undefined, there: 1 })), { there: 1 });
  const event = { id: 'x', payload: { big: 1e20, deep: [{ a: '12345678901234567890' }] }, list: [1, 'two', null] };
  same(tables.events.fromRow(tables.events.toRow(event)), event);
  const deep = (levels) => Array.from({ length: levels }).reduce((inner) => [inner], 1);
  same(decode(encode(deep(64))), deep(64));
  const cycle = {};
  cycle.self = [cycle];
  for (const [value, message] of [
    [undefined, /reply: expected JSON, got undefined/],
    [{ a: [1, () => 1] }, /reply\["a"\]\[1\]: expected JSON, got function/],
    [{ when: new Date(0) }, /reply\["when"\]: expected JSON, got Date/],
    [[1n], /reply\[0\]: expected JSON, got bigint/],
    [[Number.NaN], /not finite/],
    [new Map(), /got Map/],
    [{ s: '\ud800' }, /surrogate/],
    [JSON.parse('{"__proto__": 1}'), /__proto__/],
    [deep(65), /nested deeper/],
    [cycle, /nested deeper/],
    ['x'.repeat(4 * 1024 * 1024), /longer than/],
  ]) {
    assert.throws(() => encode(value), { name: 'CodecError', message });
  }
  assert.throws(() => tables.events.toRow({ ...event, payload: ['a\0b'] }), { name: 'CodecError', message: /NUL/ });
});

test('what a newer schema adds and an older one had keep their numbers', async (t) => {
  const source = (fields) => `
export interface User { ${fields} }
@backend() export async function save(user: User): Promise<User> { return user; }`;
  const old = await compiled(t, source("id: string; role: 'a' | 'b' | 'c'; gone?: number; value: string | number"));
  const fields = "extra?: string; value: Date | number | string; role: 'c' | 'd' | 'a'; id: string";
  const now = await compiled(t, source(fields), old.lock);
  const unlocked = await compiled(t, source(fields));
  const user = { id: 'x', role: 'c', value: 'text' };
  const bytes = old.codecs.encodeReply_save({ ...user, gone: 5 });
  same(now.codecs.decodeReply_save(bytes), user);
  same(old.codecs.decodeReply_save(now.codecs.encodeReply_save(user)), user);
  // Without the lock file the same source reads something else, or nothing at all.
  assert.throws(() => assert.deepStrictEqual(plain(unlocked.codecs.decodeReply_save(bytes)), user));
  // A lock file that knows everything stays as it is, whatever the order in the source.
  const again = await compiled(t, source(fields.split('; ').toReversed().join('; ')), now.lock);
  assert.equal(again.lock, now.lock);
  assert.deepEqual(JSON.parse(now.lock).wire['src/api.ts#User'], [
    'id',
    'role',
    'gone',
    'value/type',
    'value',
    'extra',
  ]);
});
