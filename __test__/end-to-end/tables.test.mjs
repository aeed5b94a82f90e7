// Tables as the compiler makes them, over a real database: inferred rows, and what fields allow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project } from '../support/project.mjs';

const FILES = {
  // No type describes visits: rows are what is written, the key is made.
  'src/visits.ts': `@backend() export async function visit(page: string, from?: string): Promise<string> {
  if (from) return await env.storage.visits.push({ page, at: new Date(0), from });
  return await env.storage.visits.push({ page, at: new Date(0) });
}
@backend() export async function visited(id: string): Promise<string> {
  const row = await env.storage.visits.get(id);
  await env.storage.visits.update(id, { page: 'seen' });
  const again = await env.storage.visits.get(id);
  return [row?._id === id, row?.page, row?.from ?? 'nowhere', row?.at.getTime(), again?.page].join(' ');
}
`,
  'src/accounts.ts': `export interface Account {
  @primkey id: string;
  name: string;
  @perm(perms.R__) email: string;
  @perm(perms._W_) password: string;
  @perm(perms.___) note?: string;
}
@backend() export async function open(id: string): Promise<void> {
  await env.storage.accounts.set(id, { id, name: 'Ada', email: 'a@x', password: 'one', note: 'n' });
}
@backend() export async function keepEmail(id: string): Promise<void> {
  await env.storage.accounts.set(id, { id, name: 'Eve', email: 'a@x', password: 'two' });
}
@backend() export async function replaceEmail(id: string): Promise<void> {
  await env.storage.accounts.set(id, { id, name: 'Eve', email: 'b@x', password: 'two' });
}
@backend() export async function changeEmail(id: string): Promise<void> {
  await env.storage.accounts.update(id, { email: 'c@x' } as object);
}
// May write and not read: the gateway alone compares.
@backend(perm=perms._W_) export async function changeBlindly(id: string): Promise<void> {
  await env.storage.accounts.update(id, { email: 'd@x' } as object);
}
@backend() export async function fields(id: string): Promise<string> {
  const row = await env.storage.accounts.get(id);
  return Object.keys(row ?? {}).join(' ') + ' ' + row?.email + ' ' + row?.name;
}
`,
  'app.mjs': `import { api } from 'kontract';
const tried = (promise) => promise.then((value) => value ?? 'done', ({ code, message }) => code + ': ' + message);
const [plain, told] = [await api.visit('/'), await api.visit('/a', 'b')];
const visits = [await api.visited(plain), await api.visited(told)];
await api.open('1');
const accounts = [];
for (const call of ['fields', 'changeEmail', 'replaceEmail', 'changeBlindly', 'keepEmail', 'fields']) accounts.push(await tried(api[call]('1')));
console.log(JSON.stringify({ visits, accounts }));
`,
};

test('inferred tables and permissions of fields', async (t) => {
  const folder = project(t, FILES);
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t) },
    ready: /ready: (http\S+)/,
  });
  cleanup(t, dev.stop);
  assert.match(dev.output(), /info\[KT5008\]: the rows of `env\.storage\.visits` are taken to be/);
  const app = await run(process.execPath, ['--import', 'kontract/loader.mjs', 'app.mjs'], {
    cwd: folder,
    env: { KONTRACT_URL: dev.match[1] },
  });
  assert.equal(app.code, 0, app.stderr);
  const { visits, accounts } = JSON.parse(app.stdout);
  assert.deepEqual(visits, ['true / nowhere 0 seen', 'true /a b 0 seen']);
  const refused = /^PERMISSION_DENIED: .*email/;
  assert.equal(accounts[0], 'id name email a@x Ada');
  for (const answer of accounts.slice(1, 4)) assert.match(answer, refused);
  assert.equal(accounts[4], 'done');
  assert.equal(accounts[5], 'id name email a@x Eve');
});
