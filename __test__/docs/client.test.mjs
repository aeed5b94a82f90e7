// docs/client.md, word by word: served, run, and what it prints.
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, repository } from '../support/project.mjs';

test('what docs/client.md shows is what happens', async (t) => {
  const text = readFileSync(join(repository, 'docs/client.md'), 'utf8');
  const blocks = [...text.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language, code]) => ({ language, code }));
  const files = {};
  for (const { code } of blocks) {
    const path = code.match(/^\/\/ (\S+\.(?:ts|mjs))\n/)?.[1];
    if (path) files[path] = code;
  }
  assert.deepEqual(Object.keys(files), ['src/notes.ts', 'app.mjs', 'changes.mjs']);
  const printed = blocks.find(({ language }) => language === '').code;
  const sockets = blocks.find(({ code }) => code.includes("from 'ws'")).code;
  files['socket.mjs'] = `import { api, kontract } from 'kontract';\n${sockets}
console.log((await api.getNote(await api.addNote('by socket'))).text, kontract.state);
await kontract.close();
`;
  const folder = project(t, files);
  symlinkSync(join(repository, 'node_modules/ws'), join(folder, 'node_modules/ws'), 'dir');
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t) },
    ready: /ready: (http\S+)/,
  });
  cleanup(t, dev.stop);
  const node = (file) =>
    run(process.execPath, ['--import', 'kontract/loader.mjs', file], {
      cwd: folder,
      env: { KONTRACT_URL: dev.match[1] },
    });
  const app = await node('app.mjs');
  assert.equal(app.code, 0, app.stderr);
  assert.equal(app.stdout, printed);
  const changes = await node('changes.mjs');
  assert.equal(changes.code, 0, changes.stderr);
  assert.ok(text.includes(`prints \`${changes.stdout.trim()}\`.`), changes.stdout);
  const socket = await node('socket.mjs');
  assert.equal(socket.code, 0, socket.stderr);
  assert.equal(socket.stdout.trim(), 'by socket open');
});
