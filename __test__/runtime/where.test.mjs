// What a filter becomes on its way to the gateway: the type of a field decides what an object means.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { row, where } from '../../lib/dist/codec/index.js';

const text = where.scalar((x) => row.text(x));
const number = where.scalar((x) => row.number(x));
// As the compiler writes a type that contains itself.
const node = where.fields(() => ({ gt: number, next: node }));
const toFilter = where.filter(() => ({
  name: text,
  age: number,
  born: where.scalar((x) => row.date(x)),
  photo: where.scalar((x) => row.bytes(x), false),
  tags: where.whole((x) => row.list(x, (y) => row.text(y))),
  node,
  counts: where.entries(number),
}));
const conditions = (filter) => JSON.parse(toFilter(filter));

test('values, comparisons, objects', () => {
  assert.deepEqual(conditions({}), []);
  assert.deepEqual(conditions({ name: 'a', age: undefined, tags: ['x'] }), [
    [['name'], 'eq', 'a'],
    [['tags'], 'has', ['x']],
  ]);
  assert.deepEqual(conditions({ age: { gt: 1, lte: undefined, ne: null, in: [2, null] }, born: { lt: new Date(5) } }), [
    [['age'], 'gt', 1],
    [['age'], 'ne', null],
    [['age'], 'in', [2, null]],
    [['born'], 'lt', 5],
  ]);
  assert.deepEqual(conditions({ born: new Date(7), photo: new Uint8Array([1]) }), [
    [['born'], 'eq', 7],
    [['photo'], 'eq', 'AQ=='],
  ]);
  // A field called `gt` is a field.
  assert.deepEqual(conditions({ node: { gt: { gt: 1 }, next: { next: { gt: 2 } } } }), [
    [['node', 'gt'], 'gt', 1],
    [['node', 'next', 'next', 'gt'], 'eq', 2],
  ]);
  assert.deepEqual(conditions({ counts: { '"': 1, gt: { gt: 2 } } }), [
    [['counts', '"'], 'eq', 1],
    [['counts', 'gt'], 'gt', 2],
  ]);
  assert.deepEqual(conditions({ node: {}, name: null, tags: null, counts: null }), [
    [['node'], 'has', {}],
    [['name'], 'eq', null],
    [['tags'], 'eq', null],
    [['counts'], 'eq', null],
  ]);
  assert.deepEqual(conditions({ node: { next: null } }), [[['node', 'next'], 'eq', null]]);
});

test('what is no filter says where', () => {
  for (const [filter, message] of [
    [{ nam: 'a' }, 'nam: there is no such field'],
    [{ toString: 'a' }, 'toString: there is no such field'],
    [{ node: { next: { more: 1 } } }, 'node.next.more: there is no such field'],
    [{ age: 'a' }, 'age: expected number, got string'],
    [{ age: { gt: 'a' } }, 'age.gt: expected number, got string'],
    [{ age: { gt: null } }, 'age.gt: expected number, got null'],
    [{ age: { gt: NaN } }, 'age.gt: a number that is not finite'],
    [{ age: { above: 1 } }, 'age.above: there is no such operator: gt, gte, lt, lte, ne and in are'],
    [{ age: { in: 1 } }, 'age.in: expected an array, got number'],
    [{ photo: { gt: new Uint8Array() } }, 'photo.gt: values of this field have no order'],
    [{ name: 'a\0' }, 'name: a string with a NUL character'],
    [{ name: [] }, 'name: expected string, got an array'],
    [null, 'expected an object, got null'],
    [[], 'expected an object, got an array'],
  ]) {
    assert.throws(
      () => toFilter(filter),
      (error) => error.name === 'CodecError' && error.message === message,
      message,
    );
  }
});
