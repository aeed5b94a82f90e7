// Style sheets and pictures lie beside the sources; the client half, in a folder of its own, leads
// every bundler to them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import * as esbuild from 'esbuild';
import { build as vite } from 'vite';
import { project, repository } from '../support/project.mjs';

const lib = (path) => import(pathToFileURL(join(repository, 'lib/dist', path)).href);
const { native } = await lib('native/index.js');
const { buildPage } = await lib('dev/page.js');

const FILES = {
  'index.html':
    '<!doctype html><html><head></head><body><script type="module" src="/src/main.ts"></script></body></html>',
  'src/main.ts': `import './style.css';
import logo from './parts/logo.svg';
import { part } from './parts/part';
document.body.append(logo, part);
`,
  'src/parts/part.ts': `import '../style.css';
import './part.css';
export const part = 'part';
`,
  'src/style.css': `@import './base.css';\n.main { background: url(./parts/logo.svg); }\n`,
  'src/base.css': '.base { color: red; }\n',
  'src/parts/part.css': '.part { color: blue; }\n',
  'src/parts/logo.svg': `<svg xmlns="http://www.w3.org/2000/svg"><!--${'x'.repeat(5000)}--></svg>\n`,
};

/** The style sheets below a folder in one text, and whether the picture is there as a file. */
function found(folder) {
  const paths = readdirSync(folder, { recursive: true }).map(String);
  const styles = paths.filter((path) => path.endsWith('.css')).map((path) => readFileSync(join(folder, path), 'utf8'));
  return { styles: styles.join('\n'), logo: paths.some((path) => /logo.*\.svg$/.test(path)) };
}

function check(folder) {
  const { styles, logo } = found(folder);
  for (const name of ['.main', '.base', '.part']) assert.ok(styles.includes(name), `${name} in ${styles}`);
  assert.ok(logo, 'the picture');
}

for (const outDir of ['dist', 'build/deep/inside']) {
  test(`assets of a client half in ${outDir}`, async (t) => {
    const folder = project(t, FILES);
    const result = native.compileProject(folder, { mode: 'production', outDir });
    assert.equal(result.ok, true, result.diagnostics.map(({ frame }) => frame).join('\n'));
    const entry = join(folder, outDir, 'client/src/main.js');

    await t.test("Kontract's page", async () => {
      await buildPage({ root: folder, build: join(folder, outDir), outDir: join(folder, 'page'), mode: 'production' });
      check(join(folder, 'page'));
    });

    await t.test('esbuild', async () => {
      const options = { bundle: true, format: 'esm', loader: { '.svg': 'file' }, logLevel: 'silent' };
      await esbuild.build({ ...options, entryPoints: [entry], outdir: join(folder, 'esbuild') });
      check(join(folder, 'esbuild'));
    });

    await t.test('Vite', async () => {
      const build = { rollupOptions: { input: entry }, outDir: join(folder, 'vite') };
      await vite({ root: folder, configFile: false, logLevel: 'silent', build });
      check(join(folder, 'vite'));
    });
  });
}

test('an asset that is not there is an error', (t) => {
  const folder = project(t, { 'src/main.ts': `import './gone.css';\n` });
  const result = native.compileProject(folder, { mode: 'development', outDir: 'dist' });
  assert.deepEqual(
    result.diagnostics.map(({ code }) => code),
    ['KT3007'],
  );
  assert.ok(!existsSync(join(folder, 'dist')));
});
