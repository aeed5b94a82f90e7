// `kontract gc`: what nobody can see goes, and the application is none the wiser.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, write } from '../support/project.mjs';

const SOURCE = `
export interface Note { /** @primkey */ id: string; text: string }
@backend() export async function put(id: string, text: string): Promise<void> {
  await env.storage.notes.set(id, { id, text });
}
@backend() export async function drop(id: string): Promise<void> { await env.storage.notes.delete(id); }
@backend(perm=perms.R__) export async function texts(): Promise<string[]> {
  const all: string[] = [];
  for await (const note of env.storage.notes) all.push(note.text);
  return all;
}
`;

test('kontract gc deletes what is older than it is told, while the server runs', async (t) => {
  const folder = project(t, { 'src/api.ts': SOURCE });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  write(folder, { 'kontract.config.json': JSON.stringify({ pins: [keys.publicKey], retentionHours: 2 }) });
  const gc = (env, ...flags) => run(process.execPath, [cli, 'gc', ...flags], { cwd: folder, env });
  const unbuilt = await gc({});
  assert.equal(unbuilt.code, 1);
  assert.match(unbuilt.stderr, /Run kontract build first/);
  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
  assert.equal(built.code, 0, built.stdout + built.stderr);

  const databaseUrl = await database(t);
  const env = { DATABASE_URL: databaseUrl, KONTRACT_KEY: keys.privateKey };
  const server = await start(process.execPath, [cli, 'start', '--port', '0', '--dev-identity', 'ada'], {
    cwd: folder,
    env,
    ready: /serving on (http\S+)/,
  });
  cleanup(t, server.stop);
  const { createClient } = await import(pathToFileURL(join(folder, 'dist/client/index.js')).href);
  const { config } = await import(pathToFileURL(join(folder, 'dist/client/config.js')).href);
  const { routes } = await import(pathToFileURL(join(folder, 'dist/client/routes.js')).href);
  const client = createClient({ ...config, url: server.match[1] });
  cleanup(t, () => client.close());
  for (let n = 0; n < 5; n++) await client.call(routes.put, ['a', `${n}`]);
  await client.call(routes.put, ['b', 'gone']);
  await client.call(routes.drop, ['b']);

  const young = JSON.parse((await gc(env, '--json')).stdout);
  assert.deepEqual(young, { ok: true, retentionHours: 2, domains: 2, commits: 0, versions: 0 });

  await query(databaseUrl, "UPDATE kontract.trxs SET ts = ts - interval '90 minutes'");
  const kept = JSON.parse((await gc(env, '--json')).stdout);
  assert.deepEqual([kept.commits, kept.versions], [0, 0], 'the config says two hours');
  const told = await gc(env, '--retention', '1');
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stderr, /deleted 5 versions of rows and 6 commits older than 1 hour, in 2 domains/);
  assert.deepEqual(await client.call(routes.texts, []), ['4']);
  await client.call(routes.put, ['c', 'new']);
  assert.deepEqual(await client.call(routes.texts, []), ['4', 'new']);

  const nowhere = await gc({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /The database at 127\.0\.0\.1:1 cannot be cleaned up/);
  assert.equal((await gc({})).code, 1);
  assert.equal((await gc(env, '--retention', '0')).code, 1);
});
