// Runs the whole application without a screen: a fresh database, the dev server, every kind of call
// through the real client over a tapped wire. Part of the repository, not of the application.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startDev } from '../../lib/dist/dev/server.js';
import { tapWire } from './check/wire.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'kontract-check-'));
// The database server may run as another user, who has to pass through.
chmodSync(scratch, 0o711);

// The application's middleware logs every call; here the steps are what matters.
const print = console.log;
console.log = () => {};

const step = async (what, work) => {
  const started = performance.now();
  const result = await work().catch((error) => {
    print(`✗ ${what}`);
    throw error;
  });
  print(`✓ ${what} (${Math.round(performance.now() - started)} ms)`);
  return result;
};

const said = {
  text: 'Water the 37 window plants — ünïcödé 🪴',
  tags: ['balcony-garden', 'before-the-holidays'],
  title: 'Fetch the long watering can',
  due: new Date('2031-05-06T07:08:09.123Z'),
  missing: 'no-todo-has-this-identifier',
};
const closing = [];
const report = {
  step() {},
  note() {},
  warn: console.warn,
  error: console.error,
  diagnostics: (list) => list.forEach((d) => console.error(`${d.code} ${d.message}\n${d.frame}`)),
};

try {
  const server = await step('dev server up: compiled, migrated, serving', () =>
    startDev({ root, port: 0, dataDir: join(scratch, 'postgres'), watch: false, announce: false, report }),
  );
  closing.push(() => server.stop());
  const wire = await tapWire(server.port);
  closing.push(() => wire.close());

  await import('../../loader.mjs');
  const { api, kontract, HttpError, NotFoundError } = await import('kontract');
  kontract.configure({ url: wire.url });

  const { data: first } = await step('addTodo.raw: 201, nested values, dates and optionals come back', async () => {
    const reply = await api.addTodo.raw(said.text, said.tags, [{ title: said.title, minutes: 12.5 }], said.due);
    assert.equal(reply.status, 201);
    assert.equal(reply.data.text, said.text);
    assert.deepEqual(reply.data.tags, said.tags);
    assert.deepEqual(reply.data.checklist, [{ title: said.title, minutes: 12.5 }]);
    assert.deepEqual(reply.data.due, said.due);
    assert.ok(reply.data.createdAt instanceof Date);
    assert.equal(reply.data.done, false);
    return reply;
  });

  const second = await step('addTodo: defaults apply, absent stays absent', async () => {
    const todo = await api.addTodo('Second thing on the list');
    assert.deepEqual(todo.tags, []);
    assert.equal(todo.due, undefined);
    assert.equal(todo.checklist, undefined);
    return todo;
  });

  await step('getTodo and listTodos agree with what was added, in order', async () => {
    assert.deepEqual(await api.getTodo(first.id), first);
    assert.deepEqual(await api.listTodos(), [first, second]);
    assert.deepEqual(await api.listTodos({ done: true }), []);
  });

  await step('toggleTodo: a backend function that calls another', async () => {
    assert.equal((await api.toggleTodo(second.id)).done, true);
    assert.deepEqual(
      (await api.listTodos({ done: true })).map(({ id }) => id),
      [second.id],
    );
    assert.deepEqual(
      (await api.listTodos({ done: false })).map(({ id }) => id),
      [first.id],
    );
  });

  await step('getTodo of nothing: NotFoundError with its message', async () => {
    const error = await api.getTodo(said.missing).then(
      () => undefined,
      (reason) => reason,
    );
    assert.ok(error instanceof NotFoundError && error instanceof HttpError, `not a NotFoundError: ${error}`);
    assert.equal(error.status, 404);
    assert.equal(error.code, 'NOT_FOUND');
    assert.ok(error.message.includes(said.missing));
  });

  await step('activity: a shared table, bigints', async () => {
    const days = await api.activity();
    assert.equal(days.at(-1)?.day, new Date().toISOString().slice(0, 10));
    assert.equal(
      days.reduce((sum, { added }) => sum + added, 0n),
      2n,
    );
  });

  await step('20 calls at once: each is one transaction, none is lost', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => api.addTodo(`One of many: number ${index}`)));
    assert.equal((await api.listTodos()).length, 22);
    assert.equal((await api.activity()).at(-1)?.added, 22n);
  });

  await step('clearDone and removeTodo: what they say is what happened', async () => {
    assert.equal(await api.clearDone(), 1);
    assert.equal(await api.clearDone(), 0);
    const many = (await api.listTodos()).filter(({ id }) => id !== first.id);
    assert.equal(await api.removeTodo(many[0].id), true);
    assert.equal(await api.removeTodo(many[0].id), false);
    assert.equal((await api.listTodos()).length, 20);
  });

  await step('arguments of the wrong type never run the function', async () => {
    await assert.rejects(async () => await api.addTodo(42));
    assert.equal((await api.listTodos()).length, 20);
  });

  await step('the rows are in Postgres, seen from a connection of our own', async () => {
    const rows = await liveRows(server.databaseUrl, 'todos');
    assert.equal(rows.length, 20);
    const row = rows.find(({ id }) => id === first.id);
    assert.equal(row.data.text, said.text);
    assert.equal(row.data.due, said.due.getTime());
    assert.deepEqual(row.data.checklist, [{ title: said.title, minutes: 12.5 }]);
    const [day] = await liveRows(server.databaseUrl, 'activity');
    assert.equal(Number(day.data.added), 22);
  });

  await step('the page is served, and holds nothing of the server', async () => {
    const page = await (await fetch(server.url)).text();
    assert.match(page, /data-testid="add-text"/);
    const scripts = [...page.matchAll(/src="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => path);
    assert.equal(scripts.length, 1, 'one bundle');
    const bundle = await (await fetch(new URL(scripts[0], server.url))).text();
    assert.ok(bundle.includes('addTodo'), 'the bundle calls addTodo');
    for (const secret of ['countAdded', 'randomUUID().', 'env.storage'])
      assert.ok(!bundle.includes(secret), `the bundle holds ${secret}`);
  });

  await step('nothing of it can be read on the wire', async () => {
    assert.ok(wire.bytes() > 10_000, `only ${wire.bytes()} bytes went through the tap`);
    const secrets = [
      said.text,
      ...said.tags,
      said.title,
      said.missing,
      first.id,
      'Second thing on the list',
      'One of many: number',
      'addTodo',
      'NOT_FOUND',
    ];
    assert.deepEqual(wire.find(secrets), []);
  });

  await step('and the tap would have noticed', async () => {
    const canary = `canary ${crypto.randomUUID()}`;
    const bytes = Buffer.from(canary);
    const bodies = {
      utf8: bytes,
      utf16le: Buffer.from(canary, 'utf16le'),
      base64: Buffer.from(Buffer.concat([Buffer.from('x'), bytes]).toString('base64')),
      hex: Buffer.from(bytes.toString('hex')),
    };
    for (const [encoding, body] of Object.entries(bodies)) {
      const before = wire.mark();
      await fetch(`${wire.url}/canary`, { method: 'POST', body });
      assert.match(wire.find([canary], before).join(), new RegExp(encoding), `a canary as ${encoding} went unnoticed`);
    }
  });
} finally {
  for (const close of closing.toReversed()) await close();
  rmSync(scratch, { recursive: true, force: true });
}
print('The todo application works, end to end.');
process.exit(0);

/** The current version of every row of a table, by the physical name the manifest gives. */
async function liveRows(url, table) {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules/.kontract/build/manifest.json'), 'utf8'));
  const { ptr } = manifest.tables.find(({ id }) => id === table);
  const database = new pg.Client(url);
  await database.connect();
  try {
    const {
      rows: [{ schema }],
    } = await database.query(
      'SELECT nspname AS schema FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = $1',
      [ptr],
    );
    const { rows } = await database.query(
      `SELECT id, data FROM ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(ptr)} WHERE _deleted_txid IS NULL ORDER BY _order`,
    );
    return rows;
  } finally {
    await database.end();
  }
}
