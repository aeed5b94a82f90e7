// `kontract sync`: what TypeScript alone knows is asked once, recorded, and noticed when it is out of date.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run } from '../support/process.mjs';
import { cli, project, repository, write } from '../support/project.mjs';

const TYPES = `export interface Todo { @primkey id: string; text: string; @int32 rank: number; parent?: Todo }
export enum Colour { Red = 'red', Blue = 'blue' }
`;
const API = `import { HttpResp } from 'kontract';
import { Colour, type Todo } from './types';

type Page<T> = { items: T[]; next?: string };
const page = <T,>(items: T[]): Page<T> => ({ items });

@backend(perm=perms.R__) export async function row(id: string) { return await env.storage.todos.get(id); }
@backend(perm=perms.R__) export async function text(id: string) { return (await env.storage.todos.get(id))?.text; }
@backend() export async function many(id: string) {
  return { n: id.length, when: new Date(), bytes: new Uint8Array(2), list: [id], maybe: id ? 1 : null, c: Colour.Red as Colour, lit: 'a' as 'a' | 'b' };
}
@backend() export async function pages(todo: Todo) { return page([todo]); }
@backend() export async function reply(todo: Todo) { return todo.text ? HttpResp.created(todo) : todo; }
@backend() export async function dictionary(key: string) { const r: Record<string, number> = { [key]: 1 }; return r; }
`;
const FILES = { 'src/types.ts': TYPES, 'src/api.ts': API };

function withTypeScript(t, name, files) {
  const folder = project(t, files);
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules/typescript'), 'dir');
  return folder;
}

const kontract = (folder, args, env = {}) => run(process.execPath, [cli, ...args], { cwd: folder, env });
const lockOf = (folder) => JSON.parse(readFileSync(join(folder, 'kontract.lock.json'), 'utf8'));
const built = async (folder, args = [], env = {}) => {
  const { code, stdout, stderr } = await kontract(folder, ['build', '--json', ...args], env);
  assert.equal(stderr, '');
  return { ...JSON.parse(stdout), code };
};

describe('kontract sync', () => {
  it('records what each TypeScript says, and all of them say the same', async (t) => {
    const locks = [];
    for (const name of ['typescript', 'typescript-6', 'typescript-5.9']) {
      const folder = withTypeScript(t, name, FILES);
      const { code, stderr } = await kontract(folder, ['sync']);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /6 return types asked for/);
      locks.push(readFileSync(join(folder, 'kontract.lock.json'), 'utf8'));
    }
    assert.equal(locks[1], locks[0]);
    assert.equal(locks[2], locks[0]);
    const { types } = JSON.parse(locks[0]);
    const recorded = Object.fromEntries(Object.entries(types).map(([id, { returns }]) => [id, returns]));
    assert.deepEqual(recorded, {
      dictionary: 'Record<string, number>',
      many: '{ n: number; when: Date; bytes: Uint8Array; list: (string)[]; maybe: null | number; c: Colour; lit: "a" | "b" }',
      pages: '{ items: (Todo)[]; next?: undefined | string }',
      reply: 'Todo',
      row: 'null | Todo',
      text: 'undefined | string',
    });
    // The user's own type, though it came out of the storage proxy: its narrow numbers are kept.
    assert.deepEqual(types.row.names, { Todo: 'src/types.ts' });
  });

  it('makes the types of the API, and is quiet when nothing is to be asked', async (t) => {
    const folder = withTypeScript(t, 'typescript', FILES);
    await kontract(folder, ['sync']);
    const types = readFileSync(join(folder, 'src/.kontract/types.d.ts'), 'utf8');
    assert.match(types, /row\(id: string\): Promise<src_types\.Todo \| null>;/);
    assert.match(types, /text\(id: string\): Promise<string \| undefined>;/);
    const before = readFileSync(join(folder, 'kontract.lock.json'), 'utf8');
    const again = await kontract(folder, ['sync']);
    assert.match(again.stderr, /was up to date/);
    assert.doesNotMatch(again.stderr, /asked/);
    assert.equal(readFileSync(join(folder, 'kontract.lock.json'), 'utf8'), before);
  });

  it('notices that a record is out of date, by code and not by comments', async (t) => {
    const folder = withTypeScript(t, 'typescript', FILES);
    await kontract(folder, ['sync']);
    write(folder, { 'src/api.ts': `// a comment\n${API.replaceAll('  return', '\n    return')}` });
    assert.deepEqual((await built(folder)).diagnostics, []);
    write(folder, { 'src/types.ts': TYPES.replace('text: string', 'text: number') });
    const stale = await built(folder);
    assert.deepEqual([...new Set(stale.diagnostics.map((one) => `${one.severity} ${one.code}`))], ['warning KT2020']);
    assert.equal(stale.ok, true);
    await kontract(folder, ['sync']);
    assert.deepEqual((await built(folder)).diagnostics, []);
    assert.equal(lockOf(folder).types.text.returns, 'undefined | number');
  });

  it('says which functions have no type that can be sent', async (t) => {
    const folder = withTypeScript(t, 'typescript', {
      'src/api.ts': `@backend() export async function work(x: string) { return () => x; }
@backend() export async function parse(x: string) { return JSON.parse(x); }
@backend() export async function size(x: string) { return x.length; }
`,
    });
    const { stderr } = await kontract(folder, ['sync']);
    assert.match(stderr, /work has no return type to record: `\(\) => string` is a function/);
    assert.match(stderr, /parse has no return type to record: TypeScript knows it as `any` only/);
    assert.deepEqual(Object.keys(lockOf(folder).types), ['size']);
  });
});

describe('kontract build and the lock file', () => {
  const SIMPLE = {
    'src/api.ts':
      'export interface Note { @primkey id: string }\n@backend() export async function f(): Promise<void> {}\n',
  };

  it('follows the sources on a developer’s machine and decides in CI', async (t) => {
    const folder = project(t, SIMPLE);
    const refused = await built(folder, [], { CI: 'true' });
    assert.equal(refused.code, 1);
    assert.equal(refused.ok, false);
    assert.match(refused.diagnostics[0].message, /kontract\.lock\.json is out of date/);
    assert.match(refused.diagnostics[0].help, /kontract sync/);
    assert.equal(existsSync(join(folder, 'kontract.lock.json')), false);
    assert.equal(existsSync(join(folder, 'dist')), false, 'refused before anything is written');
    assert.equal((await built(folder, ['--no-frozen-lock'], { CI: 'true' })).ok, true);
    assert.deepEqual(Object.keys(lockOf(folder).tables), ['notes']);
    assert.equal((await built(folder, [], { CI: 'true' })).ok, true);

    write(folder, { 'src/more.ts': 'export interface Tag { @primkey id: string }\n' });
    const frozen = await built(folder, ['--frozen-lock']);
    assert.equal(frozen.ok, false);
    const followed = await kontract(folder, ['build']);
    assert.match(followed.stderr, /kontract\.lock\.json has changed: commit it/);
    assert.deepEqual(Object.keys(lockOf(folder).tables), ['notes', 'tags']);
  });

  it('prints one object whatever is wrong', async (t) => {
    const folder = project(t, { ...SIMPLE, 'kontract.config.json': '{ "prot": 1 }' });
    const config = await built(folder);
    assert.deepEqual([config.ok, config.routes, config.code], [false, [], 1]);
    assert.equal(config.diagnostics[0].file, 'kontract.config.json');
    assert.match(config.diagnostics[0].message, /prot is not a setting; did you mean port\?/);
    assert.deepEqual(Object.keys(config.diagnostics[0]), [
      'code',
      'severity',
      'file',
      'line',
      'column',
      'message',
      'help',
    ]);

    const empty = project(t, {});
    const { stdout } = await kontract(empty, ['build', '--json']);
    assert.equal(JSON.parse(stdout).ok, false);
    assert.match(JSON.parse(stdout).diagnostics[0].message, /not in a Kontract project/);

    const wrong = await built(
      project(t, { 'src/api.ts': '@backend(egrup="a") export async function f(): Promise<void> {}\n' }),
    );
    assert.deepEqual(Object.keys(wrong), ['ok', 'routes', 'outputs', 'page', 'diagnostics', 'timings', 'code']);
    assert.deepEqual(
      wrong.diagnostics.map(({ code, file, line, column, help }) => ({ code, file, line, column, help })),
      [{ code: 'KT1005', file: 'src/api.ts', line: 1, column: 10, help: 'did you mean `egroup`?' }],
    );
  });

  it('writes where it is told to', async (t) => {
    const folder = project(t, SIMPLE);
    const { outputs, ok } = await built(folder, ['--out', 'build/app']);
    assert.equal(ok, true);
    assert.deepEqual(outputs, {
      client: 'build/app/client',
      server: 'build/app/server',
      schemas: 'build/app/schemas',
      types: 'build/app/types',
    });
    for (const path of Object.values(outputs)) assert.ok(existsSync(join(folder, path)), path);
    const outside = await built(folder, ['--out', '../elsewhere']);
    assert.equal(outside.ok, false);
    assert.match(outside.diagnostics[0].message, /must be a path inside the project/);
  });
});
