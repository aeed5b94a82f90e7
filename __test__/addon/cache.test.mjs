// What the cache may never do: answer wrongly. Whatever it holds, however it was damaged, whoever
// wrote it at the same time, the output is that of a project that was never compiled before.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from '../../bench/compile/project.mjs';
import { cleanup } from '../support/cleanup.mjs';
import { project, write } from '../support/project.mjs';

const ADDON = pathToFileURL(join(import.meta.dirname, '../../lib/dist/native/index.js')).href;
const { native } = await import(ADDON);

const OUT = 'node_modules/.kontract/build';
const CACHE = 'node_modules/.kontract/cache.json';
const TYPES = 'src/.kontract/types.d.ts';
const compile = (folder, options = {}) =>
  native.compileProject(folder, { mode: 'development', outDir: OUT, ...options });

const FILES = {
  'src/types.ts': `export interface Note {\n  @primkey id: string;\n  text: string;\n}\n`,
  'src/text.ts': `export const trim = (text: string) => text.trim();\n`,
  'src/notes.ts': `import type { Note } from './types';
import { trim } from './text';

@backend(perm=perms.R__)
export async function getNote(id: string): Promise<Note | null> {
  return await env.storage.notes.get(trim(id));
}
`,
  'src/view.tsx': `import { trim } from './text';\nexport const View = () => <p>{trim(' a ')}</p>;\n`,
};

/** Every file below a folder with its bytes. */
function bytes(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).toSorted();
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, 'latin1')]));
}

/** What a project with these files compiles to when nothing is remembered. */
function fresh(t, files) {
  const folder = project(t, files);
  assert.equal(compile(folder, { cache: false }).ok, true);
  return { ...bytes(join(folder, OUT)), [TYPES]: readFileSync(join(folder, TYPES), 'latin1') };
}

const present = (folder) => ({ ...bytes(join(folder, OUT)), [TYPES]: readFileSync(join(folder, TYPES), 'latin1') });

test('the generated types come back when they alone are deleted or changed', (t) => {
  const folder = project(t, FILES);
  compile(folder);
  const good = readFileSync(join(folder, TYPES), 'utf8');
  assert.equal(compile(folder).changed, false);
  rmSync(join(folder, TYPES));
  compile(folder);
  assert.equal(readFileSync(join(folder, TYPES), 'utf8'), good);
  writeFileSync(join(folder, TYPES), 'declare const ctx: any;\n');
  compile(folder);
  assert.equal(readFileSync(join(folder, TYPES), 'utf8'), good);
  assert.equal(compile(folder).changed, false);
});

test('writing the lock file that a compile gave is no change', (t) => {
  const folder = project(t, FILES);
  const { lock } = compile(folder);
  write(folder, { 'kontract.lock.json': lock });
  assert.equal(compile(folder).changed, false);
  write(folder, { 'kontract.lock.json': lock.replace(/tbl_notes_\w+/, 'tbl_notes_other') });
  const again = compile(folder);
  assert.equal(again.changed, true);
  assert.match(again.manifest, /tbl_notes_other/);
});

test('a mutated cache, thousands of times, never changes what is built', { timeout: 300_000 }, (t) => {
  const folder = project(t, FILES);
  compile(folder);
  const good = present(folder);
  const cache = readFileSync(join(folder, CACHE));
  const random = generator(1);
  let answered = 0;
  for (let round = 0; round < 2000; round++) {
    writeFileSync(join(folder, CACHE), mutated(cache, random));
    const result = compile(folder);
    assert.equal(result.ok, true);
    if (!result.changed) answered++;
    // Looking at every file each time would only make this slow.
    if (round % 20 === 0) assert.deepEqual(present(folder), good, `round ${round}`);
  }
  assert.deepEqual(present(folder), good);
  assert.ok(answered < 20, `${answered} damaged caches were believed`);
});

test('hostile values in a cache whose digest is right lead nowhere', (t) => {
  const folder = project(t, FILES);
  const good = present((compile(folder), folder));
  const outside = join(folder, 'outside.js');
  writeFileSync(outside, 'stays');
  const { digest: _, ...cache } = JSON.parse(readFileSync(join(folder, CACHE), 'utf8'));
  const source = cache.files['src/text.ts'];
  for (const bad of [
    { outputs: { ...cache.outputs, '../../../outside.js': cache.outputs['manifest.json'] } },
    { outputs: { ...cache.outputs, '/etc/passwd': cache.outputs['manifest.json'] } },
    { outputs: { ...cache.outputs, 'a\0b': 'sha256:' } },
    { outputs: {} },
    { files: { ...cache.files, 'src/text.ts': { ...source, outputs: { client: '../../../outside.js' } } } },
    { files: { ...cache.files, 'src/text.ts': { ...source, key: 'é'.repeat(32) } } },
    { files: { ...cache.files, 'src/text.ts': { ...source, key: 'f'.repeat(1 << 20) } } },
    { files: {} },
    { inputs: [{ path: '../'.repeat(5000), state: null }] },
    { lock: 7 },
  ]) {
    writeFileSync(join(folder, CACHE), sealed({ ...cache, ...bad }));
    // A change, so that what can be used again is used.
    write(folder, { 'src/view.tsx': `${FILES['src/view.tsx']}// ${Object.keys(bad)}\n` });
    assert.equal(compile(folder).ok, true);
    write(folder, { 'src/view.tsx': FILES['src/view.tsx'] });
    assert.equal(compile(folder).ok, true);
    assert.deepEqual(present(folder), good, JSON.stringify(bad).slice(0, 200));
    assert.equal(readFileSync(outside, 'utf8'), 'stays');
  }
});

for (const watch of [false, true]) {
  const kept = watch ? 'in memory' : 'on disk';
  test(`after any edits the output is that of a fresh folder (cache ${kept})`, { timeout: 300_000 }, (t) => {
    const files = Object.fromEntries(generate(40));
    const folder = project(t, files);
    assert.equal(compile(folder, { watch }).ok, true);
    const random = generator(watch ? 2 : 3);
    for (let step = 0; step < 25; step++) {
      const path = pick(Object.keys(files), random);
      const edit = random(6);
      if (edit === 0) files[path] = `// moved ${step}\n${files[path]}`;
      else if (edit === 1) files[path] = files[path].replace(/STEP = \d+/, `STEP = ${step}`);
      else if (edit === 2) files[path] = files[path].replace(/revision\d*: number;/, `revision${step}: number;`);
      else if (edit === 3) files[`src/lib/new${step}.ts`] = `export const added${step} = ${step};\n`;
      else if (edit === 4) {
        for (const added of Object.keys(files).filter((name) => name.includes('/new'))) {
          delete files[added];
          rmSync(join(folder, added));
        }
      } else rmSync(join(folder, OUT, pick(Object.keys(bytes(join(folder, OUT))), random)));
      write(folder, files);
      const result = compile(folder, { watch });
      if (!result.ok) {
        files[path] = generate(40).get(path) ?? files[path];
        write(folder, files);
        assert.equal(compile(folder, { watch }).ok, true);
      }
      if (step % 6 === 5) assert.deepEqual(present(folder), fresh(t, files), `step ${step}`);
    }
  });
}

test('one changed file writes that file and nothing else', (t) => {
  const files = Object.fromEntries(generate(60));
  const folder = project(t, files);
  compile(folder);
  const before = stamps(folder);
  write(folder, { 'src/api/api2.ts': files['src/api/api2.ts'].replace('STEP = 1', 'STEP = 2') });
  compile(folder);
  const after = stamps(folder);
  const written = Object.keys(after).filter((path) => after[path] !== before[path]);
  // The client half shows nothing of a body.
  assert.deepEqual(written, ['server/src/api/api2.js', 'server/src/api/api2.js.map']);
});

test('two folders, the same bytes, maps included', (t) => {
  const files = Object.fromEntries(generate(80));
  const [one, two] = [fresh(t, files), fresh(t, files)];
  assert.ok(Object.keys(one).filter((path) => path.endsWith('.map')).length > 80);
  assert.deepEqual(one, two);
});

test('processes that compile the same project at once do each other no harm', { timeout: 120_000 }, async (t) => {
  const files = Object.fromEntries(generate(30));
  const folder = project(t, files);
  const work = `
    import { native } from ${JSON.stringify(ADDON)};
    import { writeFileSync } from 'node:fs';
    for (let round = 0; round < 12; round++) {
      writeFileSync('src/lib/mine' + process.argv[1] + '.ts', 'export const round = ' + round + ';\\n');
      const { ok, diagnostics } = native.compileProject('.', { mode: 'development', outDir: ${JSON.stringify(OUT)} });
      if (!ok) throw new Error(JSON.stringify(diagnostics));
    }`;
  const workers = [1, 2, 3].map((id) => start(t, folder, work, String(id)));
  for (const ended of await Promise.all(workers.map((worker) => once(worker, 'exit'))))
    assert.deepEqual(ended, [0, null]);
  compile(folder);
  for (const id of [1, 2, 3]) files[`src/lib/mine${id}.ts`] = 'export const round = 11;\n';
  assert.deepEqual(present(folder), fresh(t, files));
});

test('a process that is killed leaves nothing that is believed', { timeout: 120_000 }, async (t) => {
  const files = Object.fromEntries(generate(120));
  const good = fresh(t, files);
  const work = `
    import { native } from ${JSON.stringify(ADDON)};
    process.stdout.write('go');
    native.compileProject('.', { mode: 'development', outDir: ${JSON.stringify(OUT)} });`;
  const folder = project(t, files);
  for (const delay of [0, 20, 60, 120, 250]) {
    rmSync(join(folder, 'node_modules/.kontract'), { recursive: true, force: true });
    const worker = start(t, folder, work, '');
    const ended = once(worker, 'exit');
    await once(worker.stdout, 'data');
    await sleep(delay);
    worker.kill('SIGKILL');
    await ended;
    compile(folder);
    const left = present(folder);
    for (const path of Object.keys(left).filter((name) => name.endsWith('.tmp'))) delete left[path];
    assert.deepEqual(left, good, `killed after ${delay} ms`);
  }
});

function start(t, folder, work, argument) {
  const worker = spawn(process.execPath, ['--input-type=module', '-e', work, argument], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup(t, () => worker.kill('SIGKILL'));
  return worker;
}

function stamps(folder) {
  const out = join(folder, OUT);
  return Object.fromEntries(Object.keys(bytes(out)).map((path) => [path, statSync(join(out, path)).ino]));
}

const pick = (list, random) => list[random(list.length)];

/** A seeded generator of whole numbers below its argument (xorshift32). */
function generator(seed) {
  let state = seed * 2_654_435_761;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Flips bits, cuts, repeats, puts other bytes in. */
function mutated(good, random) {
  const bad = Buffer.from(good);
  const at = random(bad.length);
  switch (random(6)) {
    case 0:
      return bad.subarray(0, at);
    case 1:
      return Buffer.concat([bad.subarray(0, at), bad.subarray(random(at + 1))]);
    case 2:
      return Buffer.concat([bad.subarray(0, at), Buffer.alloc(random(64), random(256)), bad.subarray(at)]);
    case 3:
      bad.fill(random(256), at, Math.min(bad.length, at + 1 + random(40)));
      return bad;
    default:
      for (let flips = 1 + random(3); flips > 0; flips--) bad[random(bad.length)] ^= 1 << random(8);
      return bad;
  }
}

/** As the addon writes it: the digest of everything before it is the last member. */
function sealed(cache) {
  const head = JSON.stringify(cache).slice(0, -1);
  return `${head},\n"digest":"sha256:${createHash('sha256').update(head).digest('hex')}"}\n`;
}
