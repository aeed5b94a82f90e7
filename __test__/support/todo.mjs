// The todo example, running in a copy with a database of its own, and its compiled client.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { database, query } from './database.mjs';
import { start } from './process.mjs';
import { cli, copyOfExample } from './project.mjs';
import { cleanup } from './cleanup.mjs';

/** Starts `kontract dev` on a copy of the example. `rows(table)` are a table's live rows, read past Kontract. */
export async function startTodo(t, { databaseUrl, folder = copyOfExample(t, 'todo') } = {}) {
  const url = databaseUrl ?? (await database(t));
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: url },
    ready: /ready: (https?:\/\/127\.0\.0\.1:\d+)/,
  });
  cleanup(t, dev.stop);
  const build = join(folder, 'node_modules/.kontract/build');
  const client = await import(pathToFileURL(join(build, 'client/index.js')).href);
  const { routes } = await import(pathToFileURL(join(build, 'client/routes.js')).href);
  const { config } = await import(pathToFileURL(join(build, 'client/config.js')).href);
  client.kontract.configure({ url: dev.match[1] });
  const manifest = JSON.parse(readFileSync(join(build, 'manifest.json'), 'utf8'));
  const rows = (id) => {
    const { ptr } = manifest.tables.find((table) => table.id === id);
    return query(url, `SELECT id, data FROM kontract.${ptr} WHERE _deleted_txid IS NULL ORDER BY _order`);
  };
  return { ...client, client, routes, pins: config.pins, url: dev.match[1], dev, folder, databaseUrl: url, rows };
}
