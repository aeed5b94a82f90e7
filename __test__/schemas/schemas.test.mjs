// Every schema of the fixture corpus is one flatc takes.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository, temporaryFolder, write } from '../support/project.mjs';
import { run, skip, text } from './support/flatc.mjs';

const fixtures = join(repository, 'crates/compiler/tests/fixtures');

/** The snapshots are what the compiler emits: its own tests say so. */
function schemas() {
  return readdirSync(fixtures).flatMap((name) => {
    const parts = text(join(fixtures, name, 'output.snap'))
      .split(/^── (\S+) ──\n/m)
      .slice(1);
    const named = parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1]]] : []));
    return named
      .filter(([path]) => path.startsWith('schemas/'))
      .map(([path, schema]) => [`${name}_${path.replaceAll('/', '_')}`, schema.replace(/^══[\s\S]*/m, '')]);
  });
}

test('flatc compiles every schema of the fixtures', { skip }, (t) => {
  const all = schemas();
  assert.ok(all.length >= 30, `only ${all.length} schemas`);
  const folder = temporaryFolder(t);
  write(folder, Object.fromEntries(all));
  const failures = all.flatMap(([name]) => {
    try {
      run(['--binary', '--schema', '-o', 'out', name], folder);
      return [];
    } catch (error) {
      return [error.message];
    }
  });
  assert.deepEqual(failures, []);
});

test('flatc refuses what is no schema: the test above can fail', { skip }, (t) => {
  const folder = temporaryFolder(t);
  write(folder, { 'bad.fbs': 'table A { a:string (id: 1); }' });
  assert.throws(() => run(['--binary', '--schema', '-o', 'out', 'bad.fbs'], folder), /field id/);
});
