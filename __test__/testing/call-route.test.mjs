// docs/testing.md, word by word: built, and its tests run by Node's own runner.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../support/process.mjs';
import { cli, project, repository } from '../support/project.mjs';

function documented() {
  const text = readFileSync(join(repository, 'docs/testing.md'), 'utf8');
  const blocks = [...text.matchAll(/```[tj]s\n\/\/ (\S+)\n([\s\S]*?)```/g)];
  return Object.fromEntries(blocks.map(([, path, code]) => [path, code]));
}

test('the documented test passes, and fails when the function is wrong', async (t) => {
  const files = documented();
  assert.deepEqual(Object.keys(files), ['src/math.ts', 'test/math.test.mjs']);
  const folder = project(t, files);
  const built = await run(process.execPath, [cli, 'build'], { cwd: folder });
  assert.equal(built.code, 0, built.stderr);
  // The runner refuses to run inside another one unless it does not know.
  const tests = await run(process.execPath, ['--test', '--test-reporter=tap', 'test/math.test.mjs'], {
    cwd: folder,
    env: { NODE_TEST_CONTEXT: undefined },
  });
  assert.equal(tests.code, 0, tests.stdout + tests.stderr);
  assert.match(tests.stdout, /^# pass 2$/m);

  const wrong = project(t, { ...files, 'src/math.ts': files['src/math.ts'].replace('a + b', 'a - b') });
  await run(process.execPath, [cli, 'build'], { cwd: wrong });
  const failing = await run(process.execPath, ['--test', '--test-reporter=tap', 'test/math.test.mjs'], {
    cwd: wrong,
    env: { NODE_TEST_CONTEXT: undefined },
  });
  assert.equal(failing.code, 1);
  assert.match(failing.stdout, /^# fail 1$/m);
});

test('a function runs with its middleware, an env of the test, and what it throws comes out', async (t) => {
  const folder = project(t, {
    'src/middleware.ts': `import { defineMiddleware } from 'kontract';
export default defineMiddleware([
  @mwfilter(egroup="v1")
  async (ctx, next) => { const reply = await next(); return \`\${ctx.path} \${ctx.headers.get('x-tone')} \${reply}\`; }
]);
`,
    'src/api.ts': `import { HttpResp, NotFoundError } from 'kontract';
export interface Note { @primkey id: string; text: string }
@backend(perm=perms.R__, egroup="v1") export async function read(id: string): Promise<string> {
  const note = await env.storage.notes.get(id);
  if (!note) throw new NotFoundError('no ' + id);
  return note.text;
}
@backend() export async function make(): Promise<string> { return HttpResp.created('made', { 'x-a': '1' }) as never; }
`,
    'run.mjs': `import { callRoute, callRouteRaw } from 'kontract/testing';
import { routes } from './dist/server/index.js';
const env = { storage: { notes: { get: async (id) => (id === 'a' ? { id, text: 'milk' } : null) } } };
const tried = (promise) => promise.then(String, (error) => error.code ?? error.message);
console.log(JSON.stringify([
  await callRoute(routes, 'read', ['a'], { env, headers: { 'x-tone': 'kind' } }),
  await tried(callRoute(routes, 'read', ['b'], { env })),
  await tried(callRoute(routes, 'read', ['a'])),
  await tried(callRoute(routes, 'read', ['a'], { env, perm: 2 })),
  await tried(callRoute(routes, 'raed', [])),
  await callRouteRaw(routes, 'make', []),
  await routes.get('make').handler({}, [], {}),
]));
`,
  });
  const built = await run(process.execPath, [cli, 'build'], { cwd: folder });
  assert.equal(built.code, 0, built.stderr);
  const { stdout, stderr } = await run(process.execPath, ['run.mjs'], { cwd: folder });
  assert.equal(stderr, '');
  const [read, missing, bare, forbidden, unknown, made, direct] = JSON.parse(stdout);
  assert.equal(read, '/v1/read kind milk');
  assert.equal(missing, 'NOT_FOUND');
  assert.match(bare, /env\.storage is not there without a server/);
  assert.equal(forbidden, 'FORBIDDEN');
  assert.equal(unknown, 'NOT_FOUND');
  assert.deepEqual(made, { data: 'made', status: 201, headers: { 'x-a': '1' } });
  assert.equal(direct.status, 201);
});
