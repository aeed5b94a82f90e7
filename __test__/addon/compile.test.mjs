// compileProject over folders on disk: what is written, what the cache spares, what damage does.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { project, write } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(import.meta.dirname, '../../lib/dist/native/index.js')).href);

const OUT = 'node_modules/.kontract/build';
const CACHE = 'node_modules/.kontract/cache.json';
const compile = (folder, options = {}) =>
  native.compileProject(folder, { mode: 'development', outDir: OUT, ...options });

const FILES = {
  'src/types.ts': `export interface Note {\n  @primkey id: string;\n  text: string;\n}\n`,
  'src/notes.ts': `import type { Note } from './types';

@backend(perm=perms.R__)
export async function getNote(id: string): Promise<Note | null> {
  return await env.storage.notes.get(id);
}
`,
};

test('unchanged sources are not compiled again, changed ones are', (t) => {
  const folder = project(t, FILES);
  const first = compile(folder);
  assert.equal(first.ok, true, first.diagnostics.map((one) => one.frame).join('\n'));
  assert.equal(first.changed, true);
  assert.deepEqual(
    first.routes.map((route) => [route.id, route.file, route.perm]),
    [['getNote', 'src/notes.ts', 4]],
  );
  assert.deepEqual(first.tables, ['notes']);

  const cache = JSON.parse(readFileSync(join(folder, CACHE), 'utf8'));
  assert.match(cache.files['src/notes.ts'].hash, /^sha256:[0-9a-f]{64}$/);
  assert.equal(cache.files['src/notes.ts'].outputs.client, 'client/src/notes.js');

  const stub = join(folder, OUT, 'client/src/notes.js');
  const written = statSync(stub).mtimeMs;
  const second = compile(folder);
  assert.equal(second.changed, false);
  assert.equal(second.manifest, first.manifest);
  assert.deepEqual(second.routes, first.routes);
  assert.equal(statSync(stub).mtimeMs, written);

  write(folder, { 'src/notes.ts': FILES['src/notes.ts'].replaceAll('getNote', 'readNote') });
  const third = compile(folder);
  assert.equal(third.changed, true);
  assert.deepEqual(
    third.routes.map((route) => route.id),
    ['readNote'],
  );
  assert.match(readFileSync(stub, 'utf8'), /readNote/);

  rmSync(join(folder, 'src/notes.ts'));
  compile(folder);
  assert.equal(existsSync(stub), false, 'what a removed source left behind is removed');
});

test('a damaged cache or output is rebuilt, never trusted', (t) => {
  const folder = project(t, FILES);
  const first = compile(folder);
  for (const damage of [
    '{',
    '[]',
    '{"version":"0"}',
    '\0'.repeat(100),
    JSON.stringify({ ...JSON.parse(readFileSync(join(folder, CACHE), 'utf8')), files: {} }),
  ]) {
    writeFileSync(join(folder, CACHE), damage);
    const again = compile(folder);
    assert.equal(again.changed, true, damage.slice(0, 40));
    assert.equal(again.manifest, first.manifest);
  }
  const server = join(folder, OUT, 'server/src/notes.js');
  const good = readFileSync(server, 'utf8');
  writeFileSync(server, 'throw new Error("tampered")');
  assert.equal(compile(folder).changed, true);
  assert.equal(readFileSync(server, 'utf8'), good);
});

test('a path in a damaged cache does not lead out of the output folder', (t) => {
  const folder = project(t, FILES);
  compile(folder);
  const cache = JSON.parse(readFileSync(join(folder, CACHE), 'utf8'));
  cache.outputs['../../../package.json'] = Object.values(cache.outputs)[0];
  writeFileSync(join(folder, CACHE), JSON.stringify(cache));
  assert.equal(compile(folder).changed, true);
});

test('errors leave the last good output alone', (t) => {
  const folder = project(t, FILES);
  compile(folder);
  const stub = readFileSync(join(folder, OUT, 'client/src/notes.js'), 'utf8');
  write(folder, { 'src/notes.ts': 'export const = 1;\n' });
  const broken = compile(folder);
  assert.equal(broken.ok, false);
  assert.match(broken.diagnostics[0].code, /^KT1\d{3}$/);
  assert.equal(broken.diagnostics[0].file, 'src/notes.ts');
  assert.equal(broken.diagnostics[0].line, 1);
  assert.match(broken.diagnostics[0].frame, /export const = 1;/);
  assert.equal(readFileSync(join(folder, OUT, 'client/src/notes.js'), 'utf8'), stub);
});

test('what is not in the sources is thrown, with what to do', (t) => {
  const folder = project(t, {});
  assert.throws(() => compile(folder), /has no src folder/);
  write(folder, FILES);
  assert.throws(() => compile(folder, { outDir: '../elsewhere' }), /must be a path inside the project/);
  assert.throws(() => compile(folder, { mode: 'fast' }), /neither 'development' nor 'production'/);
});

test('two folders, the same bytes', (t) => {
  const [one, two] = [project(t, FILES), project(t, FILES)];
  const files = compile(one).files;
  assert.deepEqual(compile(two).files, files);
  for (const file of files) {
    const text = readFileSync(join(one, OUT, file), 'utf8');
    assert.equal(readFileSync(join(two, OUT, file), 'utf8'), text, file);
    assert.ok(!text.includes(one), `${file} names the folder it was built in`);
  }
});

test('the suite decides which client the build stands on', (t) => {
  const folder = project(t, FILES);
  const lead = (options) => {
    assert.equal(compile(folder, options).changed, true);
    const read = (name) => readFileSync(join(folder, OUT, 'client', name), 'utf8').split('\n')[0];
    return [read('rpc.js'), read('index.js')];
  };
  for (const [suite, name] of [
    [undefined, 'kontract/client'],
    ['aes-256-gcm', 'kontract/client/webcrypto'],
    ['chacha20-poly1305', 'kontract/client'],
  ]) {
    assert.deepEqual(lead({ suite }), [`import { createRpc } from "${name}";`, `export * from "${name}";`]);
  }
  assert.throws(() => compile(folder, { suite: 'rot13' }), /suite 'rot13' is neither/);
});
