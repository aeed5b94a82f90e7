// One PostgreSQL for everybody: a database for Kontract, one for the peers.
import { mkdtempSync, rmSync, rmdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../scripts/lib/steps.mjs';
import { onCleanup } from '../lib/cleanup.mjs';
import { users } from './users.mjs';

const pg = createRequire(join(root, 'package.json'))('pg');

/**
 * Starts the server and fills the peers' table. Resolves to the databases' URLs and the version.
 * A table that has just been filled has no statistics: `settle` does at once what autovacuum would in
 * its time.
 */
export async function startDatabase() {
  const { startPostgres } = await import(pathToFileURL(join(root, 'lib/dist/dev/postgres.js')).href);
  const folder = mkdtempSync(join(tmpdir(), 'kontract-bench-'));
  onCleanup(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startPostgres({ dataDir: join(folder, 'postgres') });
  onCleanup(async () => {
    await server.stop();
    for (const path of [server.dataDir, `${server.dataDir}.json`, `${server.dataDir}.log`]) {
      rmSync(path, { recursive: true, force: true });
    }
    removeIfEmpty(dirname(server.dataDir));
  });
  const version = await withClient(server.url, async (client) => {
    await client.query('create database kontract_bench');
    await client.query('create database peers_bench');
    return (await client.query('show server_version')).rows[0].server_version;
  });
  const urls = { kontract: database(server.url, 'kontract_bench'), peers: database(server.url, 'peers_bench') };
  await withClient(urls.peers, fillPeersTable);
  return { ...urls, version, settle: (url) => withClient(url, (client) => client.query('vacuum analyze')) };
}

function removeIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY') throw error;
  }
}

function database(url, name) {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function withClient(url, body) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}

/** The table as someone who writes SQL by hand has it. */
async function fillPeersTable(client) {
  await client.query(
    'create table users (id text primary key, name text not null, email text not null, age double precision not null, tags text[] not null)',
  );
  await client.query(
    `insert into users select id, name, email, age, array(select jsonb_array_elements_text(tags))
     from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::jsonb[]) as row(id, name, email, age, tags)`,
    [column('id'), column('name'), column('email'), column('age'), column('tags').map((tags) => JSON.stringify(tags))],
  );
}

const column = (key) => users.map((user) => user[key]);
