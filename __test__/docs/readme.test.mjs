// The README's code, word by word: compiled, served, called.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, repository } from '../support/project.mjs';

test('what the README shows is what happens', async (t) => {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8');
  const [server, client] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  const path = server.match(/^\/\/ (src\/\S+)/)[1];
  const folder = project(t, { [path]: server, 'app.mjs': client });
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t) },
    ready: /ready: (http\S+)/,
  });
  cleanup(t, dev.stop);
  const app = await run(process.execPath, ['--import', 'kontract/loader.mjs', 'app.mjs'], {
    cwd: folder,
    env: { KONTRACT_URL: dev.match[1] },
  });
  assert.equal(app.code, 0, app.stderr);
  assert.equal(app.stdout.trim(), 'true true');
});
