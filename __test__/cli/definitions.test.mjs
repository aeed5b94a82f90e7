// The generated types lead back to the sources: "go to definition" through TypeScript's language service.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { project, repository } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(repository, 'lib/dist/native/index.js')).href);
const require = createRequire(import.meta.url);

const FILES = {
  'src/types.ts': `/* é😀 */ export interface Todo {
  @primkey id: string;
  @index text: string;
}
@table("people") export interface Person { name: string }
`,
  'src/api/todos.ts': `import type { Todo } from '../types';
@backend() export async function addTodo(text: string): Promise<Todo> {
  const todo = { id: crypto.randomUUID(), text };
  await env.storage.todos.push(todo);
  await env.storage.notes.push({ text, at: new Date() });
  return todo;
}
`,
  'src/main.ts': `import { api } from 'kontract';
export async function main() {
  const todo = await api.addTodo('milk');
  return todo.text;
}
`,
  'src/use.server.ts': `export async function use() {
  await env.storage.people.get('a');
  const todo = await env.storage.todos.get('a');
  await env.storage.notes.get('n');
  return todo?.text;
}
`,
};

function compiled(t) {
  const folder = project(t, FILES);
  const result = native.compileProject(folder, { mode: 'development', outDir: 'dist', cache: false });
  assert.equal(result.ok, true, result.diagnostics.map((one) => one.frame).join('\n'));
  return folder;
}

/** Where a text, of which there is one, stands in a source. */
function find(folder, file, text) {
  const path = join(folder, file);
  const start = readFileSync(path, 'utf8').indexOf(text);
  assert.ok(start >= 0, text);
  return { path, start };
}

test('definitions are the user’s, not the generated ones', (t) => {
  const folder = compiled(t);
  const ts = require('typescript-5.9');
  const files = [...Object.keys(FILES), 'src/.kontract/types.d.ts'].map((file) => join(folder, file));
  const read = (file) => {
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, 'utf8');
    return file.startsWith(join(folder, 'src')) && /(?<!\.d)\.ts$/.test(file) ? native.blank(file, text) : text;
  };
  const service = ts.createLanguageService({
    getCompilationSettings: () => ({
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      skipLibCheck: true,
      types: [],
    }),
    getScriptFileNames: () => files,
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = read(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: existsSync,
    readFile: read,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: ts.sys.realpath,
  });
  const leadsTo = (file, from, offset, target, text) => {
    const { path, start } = find(folder, file, from);
    const [{ fileName, textSpan }] = service.getDefinitionAtPosition(path, start + offset);
    // What tsserver does with each definition before an editor sees it.
    const mapped = service.getSourceMapper().tryGetSourcePosition({ fileName, pos: textSpan.start });
    const wanted = find(folder, target, text);
    assert.deepEqual(
      { file: mapped?.fileName, at: mapped?.pos },
      { file: wanted.path, at: wanted.start },
      `${from} of ${file}`,
    );
  };
  leadsTo('src/main.ts', 'api.addTodo', 'api.'.length, 'src/api/todos.ts', 'addTodo(text');
  leadsTo('src/main.ts', 'todo.text', 'todo.'.length, 'src/types.ts', 'text: string');
  leadsTo('src/use.server.ts', 'storage.people', 'storage.'.length, 'src/types.ts', 'Person {');
  leadsTo('src/use.server.ts', 'storage.todos', 'storage.'.length, 'src/types.ts', 'Todo {');
  // A table nobody declared begins where it is first written to.
  leadsTo('src/use.server.ts', 'storage.notes', 'storage.'.length, 'src/api/todos.ts', 'notes.push');
  leadsTo('src/use.server.ts', 'todo?.text', 'todo?.'.length, 'src/types.ts', 'text: string');
});

test('every place of the map holds the same name on both sides', (t) => {
  const folder = compiled(t);
  const at = join(folder, 'src/.kontract');
  assert.deepEqual(readdirSync(at).toSorted(), ['types.d.ts', 'types.d.ts.map']);
  for (const place of [at, join(folder, 'dist/types')]) {
    const lines = readFileSync(join(place, 'types.d.ts'), 'utf8').split('\n');
    const map = JSON.parse(readFileSync(join(place, 'types.d.ts.map'), 'utf8'));
    assert.match(lines.at(-2), /^\/\/# sourceMappingURL=types\.d\.ts\.map$/);
    const sources = map.sources.map((source) => readFileSync(join(place, map.sourceRoot, source), 'utf8').split('\n'));
    const names = { todos: 'Todo', people: 'Person', notes: 'notes' };
    const seen = [];
    for (const { line, column, source, row, place: from } of decode(map.mappings)) {
      const name = lines[line].slice(column).match(/^"?[\w$]+/)[0];
      assert.ok(sources[source][row].slice(from).startsWith(names[name] ?? name), `${name} at ${row}:${from}`);
      seen.push(name);
    }
    assert.deepEqual(seen, ['Person', 'name', 'Todo', 'id', 'text', 'addTodo', 'notes', 'people', 'todos']);
  }
});

/** The mappings of a source map, revision 3. */
function decode(mappings) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const all = [];
  let [source, row, place] = [0, 0, 0];
  mappings.split(';').forEach((segments, line) => {
    let column = 0;
    for (const segment of segments.split(',').filter(Boolean)) {
      const numbers = [];
      let [value, shift] = [0, 0];
      for (const digit of segment) {
        const bits = digits.indexOf(digit);
        value += (bits & 31) << shift;
        if (bits & 32) shift += 5;
        else {
          numbers.push(value & 1 ? -(value >> 1) : value >> 1);
          [value, shift] = [0, 0];
        }
      }
      column += numbers[0];
      source += numbers[1];
      row += numbers[2];
      place += numbers[3];
      all.push({ line, column, source, row, place });
    }
  });
  return all;
}
