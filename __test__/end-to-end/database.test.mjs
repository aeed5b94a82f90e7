// The database goes away and comes back: typed errors, nothing half-written, and the next call works.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { query } from '../support/database.mjs';
import { start } from '../support/process.mjs';
import { cli, copyOfExample, repository, temporaryFolder, write } from '../support/project.mjs';
import { startTodo } from '../support/todo.mjs';

const { startPostgres } = await import(pathToFileURL(join(repository, 'lib/dist/dev/postgres.js')).href);

/** A function that writes a row, takes its time, and writes another one. */
const SLOW = `import type { Todo } from '../types';

@backend(perm=perms.RW_)
export async function addPair(first: string, second: string, pauseMs: number): Promise<void> {
  for (const text of [first, second]) {
    await env.storage.todos.push({ id: crypto.randomUUID(), text, done: false, tags: [], createdAt: new Date() });
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}
`;

test('the database is killed in the middle of a call', async (t) => {
  const dataDir = join(temporaryFolder(t), 'postgres');
  let postgres = await startPostgres({ dataDir });
  cleanup(t, () => postgres.stop());
  const folder = copyOfExample(t, 'todo');
  write(folder, { 'src/api/slow.ts': SLOW });
  const app = await startTodo(t, { folder, databaseUrl: postgres.url });
  const { api, rows } = app;
  const { ServiceUnavailableError } = app.client;
  await api.addTodo('before');

  // Connections killed while the handler runs: the call is retried or refused, never half done.
  const killed = api.addPair('a', 'b', 150);
  await new Promise((done) => setTimeout(done, 200));
  await query(
    postgres.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kontract_gateway'`,
  );
  await killed;
  assert.deepEqual(
    (await rows('todos')).map((row) => row.data.text),
    ['before', 'a', 'b'],
  );

  // The whole server gone.
  const during = assert.rejects(api.addPair('c', 'd', 3_000), ServiceUnavailableError);
  await new Promise((done) => setTimeout(done, 100));
  const { port } = postgres;
  await postgres.stop();
  await during;
  await assert.rejects(api.listTodos(), ServiceUnavailableError);

  postgres = await startPostgres({ dataDir, port });
  assert.deepEqual(
    (await api.listTodos()).map((todo) => todo.text),
    ['before', 'a', 'b'],
  );
  await api.addTodo('after');
  assert.deepEqual(
    (await rows('todos')).map((row) => row.data.text),
    ['before', 'a', 'b', 'after'],
  );
});

test('the database is not there yet when dev starts', async (t) => {
  const dataDir = join(temporaryFolder(t), 'postgres');
  const first = await startPostgres({ dataDir });
  const { port, url } = first;
  await first.stop();

  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: copyOfExample(t, 'todo'),
    env: { DATABASE_URL: url },
    ready: new RegExp(`127\\.0\\.0\\.1:${port} does not answer`),
  });
  cleanup(t, dev.stop);
  const ready = dev.waitFor(/ready: (http\S+)/);
  const postgres = await startPostgres({ dataDir, port });
  cleanup(t, () => postgres.stop());
  const [, address] = await ready;
  assert.equal((await fetch(`${address}/healthz`)).status, 200);
});
