// Nothing of a handler reaches a client: a canary in every backend function and middleware of the
// examples, and none in what esbuild, Vite and Kontract's own page bundler make of the client half.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import * as esbuild from 'esbuild';
import { build as vite } from 'vite';
import { copyOfExample, repository, write } from '../support/project.mjs';

const lib = (path) => import(pathToFileURL(join(repository, 'lib/dist', path)).href);
const { native } = await lib('native/index.js');
const { buildPage } = await lib('dev/page.js');

const OUT = 'dist';
const EXAMPLES = readdirSync(join(repository, 'examples')).filter((name) =>
  existsSync(join(repository, 'examples', name, 'index.html')),
);

/** Where a function of the server starts: behind the opening brace of its body. */
const STARTS = /^(?:export async function .*|\s*async \(ctx, next\) => )\{$/gm;

/** The example with `canary-N` in each of its server's functions; how many there are. */
function plant(folder) {
  let count = 0;
  for (const path of readdirSync(join(folder, 'src'), { recursive: true })) {
    if (!/\.tsx?$/.test(path)) continue;
    const text = readFileSync(join(folder, 'src', path), 'utf8');
    if (!/@backend|defineMiddleware/.test(text)) continue;
    write(folder, { [`src/${path}`]: text.replace(STARTS, (start) => `${start} String('canary-${count++}');`) });
  }
  return count;
}

/** Every canary below `folder`, with the files they are in. */
function canaries(folder) {
  const found = new Map();
  for (const path of readdirSync(folder, { recursive: true })) {
    const file = join(folder, path);
    if (!statSync(file).isFile()) continue;
    for (const [canary] of readFileSync(file, 'latin1').matchAll(/canary-\d+/g)) {
      found.set(canary, [...(found.get(canary) ?? []), path]);
    }
  }
  return found;
}

for (const name of EXAMPLES) {
  for (const mode of ['development', 'production']) {
    test(`examples/${name}, ${mode}`, async (t) => {
      const folder = copyOfExample(t, name);
      const planted = plant(folder);
      assert.ok(planted >= 5, `${planted} canaries planted`);
      const result = native.compileProject(folder, { mode, outDir: OUT, optimise: false });
      assert.equal(result.ok, true, result.diagnostics.map(({ frame }) => frame).join('\n'));
      // They are where they belong: the search would find them.
      assert.equal(canaries(join(folder, OUT, 'server')).size, planted);
      const html = readFileSync(join(folder, 'index.html'), 'utf8');
      const scripts = [...html.matchAll(/src="\/(src\/[^"]+)\.tsx?"/g)];
      const entries = scripts.map(([, path]) => join(folder, OUT, 'client', `${path}.js`));
      assert.ok(entries.length > 0);
      const clean = (path) => assert.deepEqual([...canaries(join(folder, path))], []);

      await t.test('client half, codecs, schemas and types', () => {
        for (const part of ['client', 'codecs', 'schemas', 'types']) clean(`${OUT}/${part}`);
      });

      await t.test("Kontract's page", async () => {
        await buildPage({ root: folder, build: join(folder, OUT), outDir: join(folder, 'page'), mode });
        clean('page');
      });

      await t.test('esbuild, with source maps and their contents', async () => {
        const options = { bundle: true, format: 'esm', sourcemap: true, sourcesContent: true, logLevel: 'silent' };
        await esbuild.build({ ...options, entryPoints: entries, outdir: join(folder, 'esbuild') });
        assert.ok(readdirSync(join(folder, 'esbuild')).some((path) => path.endsWith('.map')));
        clean('esbuild');
      });

      await t.test('Vite, with source maps', async () => {
        const output = {
          sourcemap: true,
          minify: false,
          rollupOptions: { input: entries },
          outDir: join(folder, 'vite'),
        };
        await vite({ root: folder, configFile: false, logLevel: 'silent', build: output });
        assert.ok(readdirSync(join(folder, 'vite/assets')).some((path) => path.endsWith('.map')));
        clean('vite');
      });
    });
  }
}

test('the examples were found', () => assert.ok(EXAMPLES.includes('todo')));
