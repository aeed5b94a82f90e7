import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  HttpError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  createDispatcher,
} from '../../lib/dist/runtime/index.js';
import { call, project, readReply } from './fixtures.mjs';

/** Runs `handler` with storage backed by `methods`, and returns its reply or throws its failure. */
async function inCall(handler, methods = {}) {
  let thrown;
  const guarded = async (...all) => {
    try {
      return await handler(...all);
    } catch (error) {
      thrown = error;
      throw error;
    }
  };
  const result = await createDispatcher(project({ work: guarded }), { log: () => {} })({
    ...call('work', []),
    ...methods,
  });
  if (thrown) throw thrown;
  assert.ok(result.ok, result.message);
  return readReply(result.reply);
}

const rejecting = (details) => () => Promise.reject(new Error(JSON.stringify(details)));

describe('env.storage', () => {
  it('finds a table by property and by get, the same one', async () => {
    assert.equal(await inCall((_, __, env) => env.storage.todos === env.storage.get('todos')), true);
    assert.equal(await inCall((_, __, env) => 'todos' in env.storage && !('nothing' in env.storage)), true);
  });

  it('names the table that was probably meant', async () => {
    const wrong = (name) => inCall((_, __, env) => env.storage[name].get('1'));
    await assert.rejects(
      wrong('todoes'),
      (error) => error instanceof NotFoundError && /"todoes"; did you mean "todos"\?/.test(error.message),
    );
    await assert.rejects(wrong('invoices'), /this project has "todos"/);
    await assert.rejects(wrong('toString'), NotFoundError);
    await assert.rejects(wrong('__proto__'), NotFoundError);
  });

  it('can be awaited and printed without being taken for something else', async () => {
    assert.equal(await inCall(async (_, __, env) => typeof (await env.storage)), 'object');
  });

  it('is the only part of env that is there yet', async () => {
    await assert.rejects(
      inCall((_, __, env) => env.shared.get('x')),
      /env\.shared comes with a later version/,
    );
    await assert.rejects(
      inCall((_, __, env) => env.defer(() => {})),
      /env\.defer comes with a later version/,
    );
    await assert.rejects(
      inCall((_, __, env) => env.storage.todos.exec('SELECT 1')),
      /exec comes with a later version/,
    );
  });
});

describe('a table', () => {
  it('speaks rows to the gateway and values to the function', async () => {
    const calls = [];
    const record =
      (name, answer) =>
      async (...args) => (calls.push([name, ...args]), answer);
    const row = '{"id":"a","due":1000}';
    const methods = {
      get: record('get', row),
      set: record('set'),
      update: record('update'),
      delete: record('delete', true),
      push: record('push', 'a'),
      pop: record('pop', row),
      shift: record('shift', null),
    };
    const replies = await inCall(async (_, __, { storage: { todos } }) => {
      const got = await todos.get('a');
      await todos.set('a', got);
      await todos.update('a', { due: new Date(5) });
      return [
        got.due instanceof Date,
        await todos.delete('a'),
        await todos.push(got),
        (await todos.pop()).due.getTime(),
        await todos.shift(),
      ];
    }, methods);
    assert.deepEqual(replies, [true, true, 'a', 1000, null]);
    assert.deepEqual(calls, [
      ['get', 'todos', 'a'],
      ['set', 'todos', 'a', row],
      ['update', 'todos', 'a', '{"due":5}'],
      ['delete', 'todos', 'a'],
      ['push', 'todos', row],
      ['pop', 'todos'],
      ['shift', 'todos'],
    ]);
  });

  it('pages through queries and iteration, and stops asking when the loop stops', async () => {
    const asked = [];
    const pages = { null: ['1', '2'], p2: ['3'], p3: ['4'] };
    const next = { null: 'p2', p2: 'p3', p3: null };
    const query = async (table, filter, cursor) => {
      asked.push([table, filter, cursor]);
      return { rows: pages[cursor].map((id) => JSON.stringify({ id })), cursor: next[cursor] };
    };
    const all = await inCall(
      async (_, __, env) => {
        const ids = [];
        for await (const { id } of env.storage.todos) ids.push(id);
        return ids;
      },
      { query },
    );
    assert.deepEqual(all, ['1', '2', '3', '4']);
    assert.deepEqual(asked, [
      ['todos', null, null],
      ['todos', null, 'p2'],
      ['todos', null, 'p3'],
    ]);

    asked.length = 0;
    await inCall(
      async (_, __, env) => {
        for await (const { id } of env.storage.todos.query({ id: undefined, done: false })) if (id === '1') break;
        return null;
      },
      { query },
    );
    assert.deepEqual(asked, [['todos', '{"where":[[["done"],"eq",false]]}', null]]);

    asked.length = 0;
    await inCall(
      async (_, __, env) => {
        const options = { orderBy: 'due', direction: 'desc', limit: 2, offset: undefined };
        for await (const { id } of env.storage.todos.query({}, options)) void id;
        return null;
      },
      { query },
    );
    const text = '{"where":[],"orderBy":"due","direction":"desc","limit":2}';
    assert.deepEqual(
      asked,
      [null, 'p2', 'p3'].map((cursor) => ['todos', text, cursor]),
    );
    for (const limit of [NaN, Infinity]) {
      const endless = (_, __, env) => env.storage.todos.query({}, { limit }).next();
      await assert.rejects(inCall(endless, { query }), InvalidRequestError);
    }
  });

  it('turns the gateway’s refusals into the errors their codes name', async () => {
    const get = (_, __, env) => env.storage.todos.get('a');
    await assert.rejects(
      inCall(get, { get: rejecting({ code: 'NOT_FOUND', status: 404, message: 'gone' }) }),
      (error) => error instanceof NotFoundError && error.message === 'gone',
    );
    await assert.rejects(
      inCall(get, { get: rejecting({ code: 'PERMISSION_DENIED', status: 403, message: 'no' }) }),
      PermissionError,
    );
    await assert.rejects(
      inCall(get, { get: rejecting({ code: 'CONFLICT', status: 409, message: 'again' }) }),
      (error) => error instanceof HttpError && error.code === 'CONFLICT' && error.status === 409,
    );
    await assert.rejects(inCall(get, { get: () => Promise.reject(new Error('{plain')) }), /^Error: \{plain$/);
  });

  it('takes ids that are strings only', async () => {
    await assert.rejects(
      inCall((_, __, env) => env.storage.todos.get(7)),
      /id of a row of "todos" is a string, this is number/,
    );
    await assert.rejects(
      inCall((_, __, env) => env.storage.todos.delete(null)),
      /this is null/,
    );
  });
});
