// "routes": "by-module": two modules with functions of one name, called by a program, by stubs and late.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project } from '../support/project.mjs';

test('functions are called by their module', async (t) => {
  const folder = project(t, {
    'kontract.config.json': '{ "routes": "by-module" }',
    'src/api/users.ts': `@backend() export async function get(id: string): Promise<string> { return 'user ' + id; }\n`,
    'src/shop/carts.ts': `import { get as user } from '../api/users';
@backend() export async function get(id: string): Promise<string> { return 'cart of ' + (await user(id)); }\n`,
    'src/index.ts': `@backend() export async function hello(): Promise<string> { return ctx.path; }\n`,
    'app.mjs': `import { api } from 'kontract';
import { get } from './src/shop/carts.ts';
console.log(JSON.stringify([await api.users.get('1'), await api.shop.carts.get('2'), await get('3'), await api.hello(), (await api.users.get.raw('4')).status]));
`,
    'late.mjs': `import { api } from 'kontract';
import 'kontract/loader.mjs';
const problem = await api.users.nothing().catch((error) => error.message);
console.log(JSON.stringify([await api.users.get('1'), await api.shop.carts.get('2'), (await api.hello.raw()).data, problem]));
`,
  });
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t) },
    ready: /ready: (http\S+)/,
  });
  cleanup(t, dev.stop);
  const env = { KONTRACT_URL: dev.match[1] };
  const app = await run(process.execPath, ['--import', 'kontract/loader.mjs', 'app.mjs'], { cwd: folder, env });
  assert.equal(app.stderr, '');
  assert.deepEqual(JSON.parse(app.stdout), ['user 1', 'cart of user 2', 'cart of user 3', '/hello', 200]);
  const late = await run(process.execPath, ['late.mjs'], { cwd: folder, env });
  assert.equal(late.stderr, '');
  assert.deepEqual(JSON.parse(late.stdout), [
    'user 1',
    'cart of user 2',
    '/hello',
    "There is no backend function 'users.nothing' in this build",
  ]);
  const types = readFileSync(join(folder, 'src/.kontract/types.d.ts'), 'utf8');
  assert.match(types, /users: \{\n\s+get\(id: string\): Promise<string>;\n/);
});
