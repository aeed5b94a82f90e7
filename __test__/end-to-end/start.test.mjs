// Production: `kontract build`, `kontract start`, tokens. Two users, their own rows, what they share, and who may do what.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, copyOfExample, write } from '../support/project.mjs';

const SECRET = 'a secret only this test and its gateway know';
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as any HS256 library makes it. */
function token(claims, secret = SECRET) {
  const body = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ exp: Math.floor(Date.now() / 1000) + 600, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const ADMIN = `@backend(ugroup="admin", perm=perms.R__)
export async function whoami(): Promise<string> {
  return \`\${ctx.sub} of \${ctx.owner}\`;
}
`;

test('build and start serve the same in production', async (t) => {
  const folder = copyOfExample(t, 'todo');
  write(folder, { 'src/api/admin.ts': ADMIN });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  write(folder, { 'kontract.config.json': JSON.stringify({ pins: [keys.publicKey] }) });

  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
  assert.equal(built.code, 0, built.stderr);
  const report = JSON.parse(built.stdout);
  assert.equal(report.ok, true);
  assert.deepEqual(Object.keys(report.outputs).toSorted(), ['client', 'schemas', 'server', 'types']);
  assert.deepEqual(report.routes.find((route) => route.id === 'clearDone').middleware, [
    'src/middleware.ts#0',
    'src/middleware.ts#1',
  ]);
  assert.ok(existsSync(join(folder, 'kontract.lock.json')), 'tables are recorded in the lock file');

  const databaseUrl = await database(t);
  const server = await start(process.execPath, [cli, 'start', '--port', '0'], {
    cwd: folder,
    env: { DATABASE_URL: databaseUrl, KONTRACT_KEY: keys.privateKey, KONTRACT_JWT_SECRET: SECRET },
    ready: /serving on (http\S+)/,
  });
  cleanup(t, server.stop);
  const url = server.match[1];
  assert.match(await (await fetch(url)).text(), /data-testid="add-text"/, 'the page is served');

  const client = await import(pathToFileURL(join(folder, 'dist/client/index.js')).href);
  const { routes } = await import(pathToFileURL(join(folder, 'dist/client/routes.js')).href);
  const { createClient, ForbiddenError, UnauthorizedError } = client;
  const as = (claims, secret) => {
    const one = createClient({ url, pins: [keys.publicKey], ...(claims && { token: token(claims, secret) }) });
    cleanup(t, () => one.close());
    return (id, ...args) => one.call(routes[id], args);
  };

  const ada = as({ sub: 'ada' });
  const bob = as({ sub: 'bob' });
  const colleague = as({ sub: 'grace', owner: 'ada', groups: ['admin'] });
  const { id } = await ada('addTodo', 'mine');
  assert.deepEqual(
    (await ada('listTodos')).map((todo) => todo.text),
    ['mine'],
  );
  assert.deepEqual(await bob('listTodos'), [], "another owner's rows are not there");
  assert.equal(await bob('removeTodo', id), false);
  assert.deepEqual(
    (await colleague('listTodos')).map((todo) => todo.text),
    ['mine'],
    'users of one owner share rows',
  );
  assert.equal((await bob('activity'))[0].added, 1n, 'shared tables are shared');

  assert.equal(await colleague('whoami'), 'grace of ada');
  await assert.rejects(ada('whoami'), ForbiddenError);
  await assert.rejects(as({ sub: 'ada', perm: 4 })('removeTodo', id), ForbiddenError);
  await assert.rejects(as()('listTodos'), UnauthorizedError);
  await assert.rejects(as({ sub: 'ada' }, 'another secret')('listTodos'), UnauthorizedError);
  await assert.rejects(as({ sub: 'ada', exp: 1 })('listTodos'), UnauthorizedError);

  const privileges = await query(
    databaseUrl,
    `SELECT table_name, privilege_type FROM information_schema.role_table_grants
     WHERE grantee = 'kontract_gateway' ORDER BY 1, 2`,
  );
  assert.deepEqual(
    privileges.map((row) => `${row.table_name} ${row.privilege_type}`),
    ['storage SELECT', 'trxs DELETE', 'trxs INSERT', 'trxs SELECT'],
  );

  server.child.kill('SIGTERM');
  await server.exited;
  assert.equal(server.child.exitCode, 0, server.output());
  assert.ok(!server.output().includes(SECRET) && !server.output().includes(keys.privateKey), 'no secret in the output');
});
