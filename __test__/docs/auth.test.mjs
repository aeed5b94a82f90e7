// docs/auth.md, word by word: people sign up, log in, and may do what their groups allow.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, repository, write } from '../support/project.mjs';

test('the log-in of docs/auth.md', async (t) => {
  const page = readFileSync(join(repository, 'docs/auth.md'), 'utf8');
  const [server, client] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  const config = JSON.parse(page.match(/```json\n(\{ "auth": \{ "public"[\s\S]*?)```/)[1]);
  const folder = project(t, { [server.match(/^\/\/ (src\/\S+)/)[1]]: server, 'app.mjs': client });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  write(folder, { 'kontract.config.json': JSON.stringify({ ...config, pins: [keys.publicKey] }) });
  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
  assert.equal(built.code, 0, built.stdout);
  const secret = 'thirty-two bytes of a secret, or a few more';
  const serving = await start(process.execPath, [cli, 'start', '--port', '0'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t), KONTRACT_KEY: keys.privateKey, KONTRACT_JWT_SECRET: secret },
    ready: /serving on (http\S+)/,
  });
  cleanup(t, serving.stop);
  const env = { KONTRACT_URL: serving.match[1] };
  const app = await run(process.execPath, ['--import', 'kontract/loader.mjs', 'app.mjs'], { cwd: folder, env });
  assert.equal(app.code, 0, app.stderr);
  assert.equal(app.stdout.trim(), 'Hello ada');

  write(folder, {
    'stranger.mjs': `import { api } from 'kontract';
const tried = (promise) => promise.then(() => 'fine', ({ code }) => code);
console.log([await tried(api.greeting()), await tried(api.logIn('ada', 'wrong')), await tried(api.logIn('bob', ''))].join(' '));
`,
  });
  const stranger = await run(process.execPath, ['--import', 'kontract/loader.mjs', 'stranger.mjs'], {
    cwd: folder,
    env,
  });
  assert.equal(stranger.stdout.trim(), 'UNAUTHORIZED UNAUTHORIZED UNAUTHORIZED', stranger.stderr);
});
