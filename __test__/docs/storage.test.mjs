// docs/storage.md: its functions, served, and every filter it lists.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, repository } from '../support/project.mjs';

const page = readFileSync(join(repository, 'docs/storage.md'), 'utf8');
const source = page.match(/```ts\n(\/\/ src\/people\.ts[\s\S]*?)```/)[1];
// The first column of the table: one filter, or two beside each other.
const rows = page.slice(page.indexOf('| filter |'), page.indexOf('Values compare')).split('\n').slice(2);
const filters = rows.flatMap((row) => [...row.split(' | ')[0].matchAll(/`(\{.*?\})`/g)].map(([, filter]) => filter));

const CALLS = filters.map(
  (filter, i) => `@backend() export async function filter${i}(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of env.storage.people.query(${filter}, { orderBy: 'id' })) ids.push(id);
  return ids;
}`,
);

const APP = `import { api } from 'kontract';
await api.join('ada', 'Ada', 36, 'Rome', ['new', 'old']);
await api.join('eve', 'Eve', 17, 'Rome', ['new']);
await api.join('bob', 'Bob', 70, 'Oslo', []);
await api.joinSimply('zoe');
const again = await api.join('eve', 'Eve', 18, 'Rome', ['new']).then(() => 'written');
const taken = await api.takeEmail('bob', 'ada@example.org').catch((error) => [error.name, error.message]);
const wrong = await api.writeNul('bob').catch((error) => [error.name, error.message]);
const filters = [];
for (let i = 0; i < ${filters.length}; i++) filters.push(await api['filter' + i]());
const since = await api.joinedSince(new Date(Date.UTC(2026, 0, 10)));
console.log(JSON.stringify({ again, taken, wrong, filters, adults: await api.adults('Rome'), since, behind: await api.behind('bob') }));
`;

const MORE = `
@backend() export async function joinSimply(id: string): Promise<void> {
  await env.storage.people.set(id, { id, name: id, email: id, age: 40, tags: ['new'], joined: new Date(0) });
}
@backend() export async function takeEmail(id: string, email: string): Promise<void> {
  await env.storage.people.update(id, { email });
}
@backend() export async function writeNul(id: string): Promise<void> {
  await env.storage.people.update(id, { name: 'a\\0' });
}
@backend() export async function behind(id: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const one of env.storage.people.query({}, { orderBy: 'age', after: id, direction: 'desc' })) ids.push(one.id);
  return ids;
}
`;

test('what docs/storage.md says of tables and filters', async (t) => {
  const folder = project(t, { 'src/people.ts': source + MORE + CALLS.join('\n'), 'app.mjs': APP });
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
  const { again, taken, wrong, filters: found, adults, since, behind } = JSON.parse(app.stdout);
  assert.equal(again, 'written');
  assert.deepEqual(taken, ['AlreadyExistsError', 'another row of people has this email']);
  assert.deepEqual(wrong, ['InvalidRequestError', 'people.name: a string with a NUL character']);
  assert.deepEqual(Object.fromEntries(filters.map((filter, i) => [filter, found[i].join(' ')])), {
    "{ name: 'Ada' }": 'ada',
    '{ age: { gte: 18, lt: 65 } }': 'ada eve zoe',
    "{ name: { in: ['Ada', 'Eve'] } }": 'ada eve',
    "{ name: { ne: 'Ada' } }": 'bob eve zoe',
    '{ address: null }': 'zoe',
    "{ address: { city: 'Rome' } }": 'ada eve',
    "{ tags: ['new'] }": 'ada eve zoe',
  });
  assert.deepEqual(adults, ['Ada', 'Eve']);
  assert.deepEqual(since, ['Ada', 'Eve']);
  assert.deepEqual(behind, ['zoe', 'ada', 'eve']);
});
