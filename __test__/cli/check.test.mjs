// `kontract check` under every TypeScript a project may have: the same findings, at the user's positions.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, repository, write } from '../support/project.mjs';

const TYPESCRIPTS = { 'typescript-5.9': '5.9', 'typescript-6': '6.0', typescript: '7.0' };

const CLEAN = {
  'src/types.ts': `export interface Todo {
  @primkey id: string;
  text: string;
  @perm(perms.R__) owner: string;
  @perm(perms._W_) secret?: string;
  @int32 rank: number;
}
`,
  'src/api.ts': `import { perms } from 'kontract';
import type { Todo } from './types';

/* é😀 */ @backend(perm=perms.RW_, egroup="v1") export async function addTodo(text: string, rank = 1): Promise<string> {
  return await env.storage.todos.push({ id: crypto.randomUUID(), text, owner: ctx.sub, rank });
}

@backend(perm=perms.R__)
export async function getTodo(id: string): Promise<Todo | null> {
  return await env.storage.todos.get(id) as Todo | null;
}
`,
  'src/page/main.tsx': `import { api } from 'kontract';
import { addTodo } from '../api';
declare global { namespace JSX { interface IntrinsicElements { b: { id?: string } } } }
export const shown = <b id="a">text @backend() here</b>;
export async function main() {
  const id: string = await addTodo('milk');
  return (await api.getTodo(id))?.text.length;
}
`,
};
const CONFIG = {
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      target: 'es2022',
      module: 'esnext',
      moduleResolution: 'bundler',
      jsx: 'preserve',
      noUnusedLocals: true,
      skipLibCheck: true,
      types: [],
    },
    include: ['src'],
  }),
};

function withTypeScript(t, name, files) {
  const folder = project(t, files);
  symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules/typescript'), 'dir');
  return folder;
}

async function check(folder, args = ['--json']) {
  const { code, stdout, stderr } = await run(process.execPath, [cli, 'check', ...args], { cwd: folder });
  return { code, stderr, stdout, ...(args.includes('--json') && JSON.parse(stdout)) };
}

/** Where a text stands in the file as the user wrote it; columns count UTF-16 units. */
function placeOf(folder, file, marked) {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  const line = lines.findIndex((one) => one.includes(marked));
  return `${file}:${line + 1}:${lines[line].indexOf(marked) + 1}`;
}

/** `file:line:column code`, in order. */
const places = ({ diagnostics }) => diagnostics.map((one) => `${one.file}:${one.line}:${one.column} ${one.code}`);

for (const [name, version] of Object.entries(TYPESCRIPTS)) {
  describe(`kontract check with TypeScript ${version}`, () => {
    it('finds nothing in a clean project, with its tsconfig and without one', async (t) => {
      for (const files of [{ ...CLEAN, ...CONFIG }, CLEAN]) {
        const result = await check(withTypeScript(t, name, files));
        assert.deepEqual(result.diagnostics, []);
        assert.equal(result.ok, true);
        assert.equal(result.code, 0, result.stderr);
        assert.ok(result.typescript.startsWith(version), result.typescript);
      }
    });

    it('finds errors where the user made them', async (t) => {
      const folder = withTypeScript(t, name, { ...CLEAN, ...CONFIG });
      write(folder, {
        // Behind a decorator and characters of two and four bytes, in the same line.
        'src/api.ts': CLEAN['src/api.ts'].replace('rank = 1', "rank: number = '1'").replace('ctx.sub', 'ctx.sup'),
        // A caller of a backend function, through the file and through \`api\`.
        'src/page/main.tsx': CLEAN['src/page/main.tsx']
          .replace("addTodo('milk')", 'addTodo(1)')
          .replace('id="a"', 'id={1}')
          .replace('getTodo(id)', 'getTodo(id, 2)'),
      });
      const result = await check(folder);
      const expected = [
        ['src/api.ts', "rank: number = '1'", 'TS2322'],
        ['src/api.ts', 'sup,', 'TS2339'],
        ['src/page/main.tsx', 'id={1}', 'TS2322'],
        ['src/page/main.tsx', '1);', 'TS2345'],
        ['src/page/main.tsx', '2))', 'TS2554'],
      ];
      assert.deepEqual(
        places(result),
        expected.map(([file, marked, code]) => `${placeOf(folder, file, marked)} ${code}`),
      );
      assert.equal(result.ok, false);
      assert.equal(result.code, 1);
    });

    it('knows which fields are read and which are changed', async (t) => {
      const folder = withTypeScript(t, name, {
        ...CLEAN,
        ...CONFIG,
        'src/fields.ts': `export async function fields() {
  const todo = await env.storage.todos.get('1');
  void todo?.secret;
  await env.storage.todos.update('1', { secret: 'ok' });
  await env.storage.todos.update('1', { owner: 'eve' });
}
`,
      });
      // A helper that uses env belongs to the server.
      write(folder, {
        'src/use.ts': `import { fields } from './fields';\n@backend() export async function use(): Promise<void> { await fields(); }\n`,
      });
      assert.deepEqual(places(await check(folder)), ['src/fields.ts:3:14 TS2339', 'src/fields.ts:5:41 TS2353']);
    });

    it('shows what tsc shows, as frames, and Kontract’s own findings with it', async (t) => {
      const folder = withTypeScript(t, name, { ...CLEAN, ...CONFIG });
      await check(folder);
      write(folder, {
        'src/api.ts': CLEAN['src/api.ts'].replace('egroup=', 'egrup=').replace('rank = 1', "rank: number = '1'"),
      });
      const { code, stderr } = await check(folder, []);
      assert.equal(code, 1);
      assert.match(stderr, /error\[KT1005\]: `@backend` has no argument `egrup`/);
      // Kontract could not read the decorator: TypeScript would only say so again, in its own words.
      assert.match(stderr, /1 error in this project/);
      write(folder, { 'src/api.ts': CLEAN['src/api.ts'].replace('rank = 1', "rank: number = '1'") });
      const types = await check(folder, []);
      assert.match(
        types.stderr,
        /error\[TS2322\]: Type 'string' is not assignable to type 'number'\.\n --> src\/api\.ts:4:93\n/,
      );
      assert.match(types.stderr, /\n4 \| \/\* é😀 \*\/ @backend\(perm=perms\.RW_/);
    });
  });
}

it('without TypeScript, src or a readable config, says so in the shape asked for', async (t) => {
  const folder = project(t, CLEAN);
  const none = await check(folder);
  assert.equal(none.code, 1);
  assert.equal(none.ok, false);
  assert.match(none.diagnostics[0].message, /There is no TypeScript/);
  assert.match(none.diagnostics[0].help, /npm install --save-dev typescript/);
  write(folder, { 'kontract.config.json': '{' });
  symlinkSync(join(repository, 'node_modules/typescript'), join(folder, 'node_modules/typescript'), 'dir');
  assert.match((await check(folder)).diagnostics[0].message, /kontract\.config\.json is not JSON/);
  rmSync(join(folder, 'src'), { recursive: true });
  assert.match((await check(folder)).diagnostics[0].message, /has no src\/ folder/);
});

it('reads the projects a tsconfig refers to, and leaves the lock file alone', async (t) => {
  const folder = withTypeScript(t, 'typescript', {
    ...CLEAN,
    'tsconfig.json':
      '{\n  // Vite makes them like this\n  "files": [],\n  "references": [{ "path": "./tsconfig.app.json" }],\n}\n',
    'tsconfig.app.json': CONFIG['tsconfig.json'],
    'src/wrong.ts': 'export const n: number = "1";\n',
  });
  assert.deepEqual(places(await check(folder)), ['src/wrong.ts:1:14 TS2322']);
  assert.throws(() => readFileSync(join(folder, 'kontract.lock.json')), { code: 'ENOENT' });
});

it('checks again when a source changes', async (t) => {
  const folder = withTypeScript(t, 'typescript', { ...CLEAN, ...CONFIG });
  const watching = await start(process.execPath, [cli, 'check', '--watch'], {
    cwd: folder,
    ready: /no errors \(TypeScript 7/,
  });
  cleanup(t, watching.stop);
  const found = watching.waitFor(/error\[TS2322\][\s\S]*src\/api\.ts:4:93[\s\S]*1 error in this project/);
  write(folder, { 'src/api.ts': CLEAN['src/api.ts'].replace('rank = 1', "rank: number = '1'") });
  await found;
  const mended = watching.waitFor(/no errors/);
  write(folder, { 'src/api.ts': CLEAN['src/api.ts'] });
  await mended;
});
