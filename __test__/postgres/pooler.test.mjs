// Behind pgbouncer in transaction mode: one server connection for everybody, and nothing of one call in the next.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { query } from '../support/database.mjs';
import { repository } from '../support/project.mjs';
import { startTodo } from '../support/todo.mjs';
import { noPgbouncer, startPgbouncer, through } from './support/pgbouncer.mjs';
import { noServers, startVersion } from './support/servers.mjs';

const { gatewayPassword } = await import(pathToFileURL(join(repository, 'lib/dist/dev/keys.js')).href);

const skip = noServers || noPgbouncer;

/** What a client finds that gets a server connection after others. */
const LEFT = `SELECT session_user::text AS login, current_user::text AS role,
  coalesce(current_setting('kontract.owner', true), '') AS owner,
  coalesce(current_setting('kontract.mutex', true), '') AS mutex,
  coalesce(current_setting('kontract.txid_own', true), '') AS txid,
  (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
  current_setting('statement_timeout') AS timeout, pg_backend_pid() AS pid`;

const CLEAN = { login: 'kontract_gateway', role: 'kontract_gateway', owner: '', mutex: '', txid: '', prepared: 0 };

/** The todo example behind a pooler that has one server connection for each login. */
async function behindPooler(t) {
  const server = await startVersion(t, '15');
  const pooler = await startPgbouncer(t, server, { connections: 1 });
  // Nobody says that there is a pooler: migration and server find out.
  const app = await startTodo(t, { databaseUrl: through(pooler, server.url) });
  const key = JSON.parse(readFileSync(join(app.folder, '.kontract/dev-key.json'), 'utf8')).privateKey;
  const url = new URL(app.databaseUrl);
  url.username = 'kontract_gateway';
  url.password = gatewayPassword(key);
  return { app, server, gateway: url.href };
}

/** The server connections of the gateway's login. */
async function backends({ url }) {
  const sql = "SELECT pid FROM pg_stat_activity WHERE usename = 'kontract_gateway'";
  return (await query(url, sql)).map(({ pid }) => pid);
}

test('calls share a server connection and leave nothing on it', { skip }, async (t) => {
  const { app, server, gateway } = await behindPooler(t);
  const { api } = app;
  const look = async () => {
    const [{ pid, timeout, ...left }] = await query(gateway, LEFT);
    assert.deepEqual(left, CLEAN);
    assert.equal(timeout, '10s', "the login's own settings");
    assert.deepEqual(await backends(server), [pid], 'there is one connection, and we were on it');
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => api.addTodo(`todo ${i}`)));
  assert.equal((await api.listTodos()).length, 20);
  await look();
  // A call that fails in its transaction.
  await assert.rejects(api.addTodo('NUL \0 is nothing jsonb can hold'));
  await look();
});

test('who goes away in a transaction leaves nothing either', { skip }, async (t) => {
  const { app, gateway } = await behindPooler(t);
  await app.api.addTodo('mine');
  const { ptr } = JSON.parse(
    readFileSync(join(app.folder, 'node_modules/.kontract/build/manifest.json'), 'utf8'),
  ).tables.find(({ id }) => id === 'todos');
  const client = new pg.Client({ connectionString: gateway });
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  await client.query("SELECT set_config('role', 'kt_data', true), set_config('kontract.owner', $1, true)", ['dev']);
  assert.equal((await client.query('SELECT current_user::text AS role')).rows[0].role, 'kt_data');
  client.connection.stream.destroy();
  const [{ pid: _, timeout: __, ...left }] = await query(gateway, LEFT);
  assert.deepEqual(left, CLEAN);
  await assert.rejects(query(gateway, `SELECT * FROM kontract.${ptr}`), { code: '42501' });
  assert.deepEqual(
    (await app.api.listTodos()).map(({ text }) => text),
    ['mine'],
  );
});
