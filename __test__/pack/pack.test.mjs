// What npm would publish, installed into an empty project elsewhere: the loader, the CLI and the types work there
// without this repository.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { platformId } from '../../lib/dist/native/platform.js';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { repository, temporaryFolder, write } from '../support/project.mjs';

const FILES = {
  'package.json': '{ "name": "stranger", "private": true, "type": "module" }\n',
  'src/types.ts': `export interface Todo {
  @primkey id: string;
  text: string;
  done: boolean;
  due?: Date;
}
`,
  'src/api/todos.ts': `import type { Todo } from '../types';

@backend(perm=perms.RW_)
export async function addTodo(text: string, due?: Date): Promise<Todo> {
  const todo: Todo = { id: crypto.randomUUID(), text, done: false, due };
  await env.storage.todos.push(todo);
  return todo;
}

@backend(perm=perms.R__)
export async function listTodos(): Promise<Todo[]> {
  const todos: Todo[] = [];
  for await (const todo of env.storage.todos) todos.push(todo);
  return todos;
}
`,
  'app.mjs': `import { api } from 'kontract';

const todo = await api.addTodo('buy milk', new Date(0));
const all = await api.listTodos();
console.log(JSON.stringify({ text: todo.text, due: todo.due.getTime(), count: all.length }));
`,
  'check.ts': `import { api } from 'kontract';

const todo = await api.addTodo('buy milk', new Date());
const text: string = todo.text;
const due: Date | undefined = todo.due;
const all: { id: string; done: boolean }[] = await api.listTodos();
// @ts-expect-error a number is no text
await api.addTodo(42);
// @ts-expect-error there is no such function
await api.addTood('buy milk');
export { all, due, text };
`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'dom'],
      types: [],
      noEmit: true,
    },
    files: ['check.ts', 'src/.kontract/types.d.ts'],
  }),
};

test('an installed package works without the repository', async (t) => {
  const folder = temporaryFolder(t, 'stranger-');
  const tarballs = [];
  for (const source of [repository, join(repository, 'npm', platformId())]) {
    const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder, source], {
      cwd: folder,
    });
    assert.equal(packed.code, 0, packed.stderr);
    tarballs.push(join(folder, packed.stdout.trim().split('\n').at(-1)));
  }
  write(folder, FILES);
  const install = await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs, 'typescript@7'],
    {
      cwd: folder,
    },
  );
  assert.equal(install.code, 0, install.stderr);
  assert.ok(!existsSync(join(folder, 'node_modules/kontract/crates')), 'no Rust sources in the package');
  assert.deepEqual(
    readdirSync(join(folder, 'node_modules/kontract')).filter(
      (name) => name.startsWith('__test__') || name === 'examples',
    ),
    [],
  );

  const bin = join(folder, 'node_modules/.bin/kontract');
  const dev = await start(bin, ['dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t) },
    ready: /https?:\/\/127\.0\.0\.1:\d+/,
  });
  cleanup(t, dev.stop);
  const [url] = dev.match;

  for (const [index, flag] of ['--loader', '--import'].entries()) {
    const app = await run(process.execPath, [flag, 'kontract/loader.mjs', 'app.mjs'], {
      cwd: folder,
      env: { KONTRACT_URL: url },
    });
    assert.equal(app.code, 0, app.stderr);
    assert.deepEqual(JSON.parse(app.stdout), { text: 'buy milk', due: 0, count: index + 1 });
  }

  const types = await run(join(folder, 'node_modules/.bin/tsc'), ['--noEmit'], { cwd: folder });
  assert.equal(types.code, 0, types.stdout);
});
