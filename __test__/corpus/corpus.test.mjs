// Other people's code: seven packages that ship TypeScript go through the compiler with backend
// functions added, and what comes out runs like what @swc/core makes of the same files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { before, describe, it } from 'node:test';
import { project, write } from '../support/project.mjs';
import { javascript, transform } from './reference.mjs';
import { FOLDER, PACKAGES, install, sourcesOf, withBackendFunctions } from './sources.mjs';

const { native } = await import(pathToFileURL(join(FOLDER, '../../lib/dist/native/index.js')).href);
const OUT = 'node_modules/.kontract/build';

/** What is known not to work, by package: it may only shrink. */
const KNOWN = JSON.parse(readFileSync(join(FOLDER, 'failures.json'), 'utf8'));

describe("other people's TypeScript", () => {
  before(install);
  const total = { files: 0, executed: 0, compared: 0 };

  for (const one of PACKAGES) {
    it(one.name, (t) => {
      const known = KNOWN[one.name] ?? { diagnostics: [], different: [] };
      const sources = sourcesOf(one);
      const { files, added } = withBackendFunctions(sources);
      total.files += Object.keys(files).length;
      for (const [path, text] of Object.entries(files)) blanked(path, text);

      const folder = project(t, { ...files, 'tsconfig.json': TSCONFIG });
      linkPackages(folder);
      const result = native.compileProject(folder, { mode: 'development', outDir: OUT });
      const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
      const seen = errors.map(({ file, line, code }) => `${file}:${line} ${code}`);
      assert.deepEqual(seen, known.diagnostics, errors.map(({ frame }) => frame).join('\n'));
      if (!result.ok) return;

      const missing = added.filter(({ id }) => !result.routes.some((route) => route.id === id));
      assert.deepEqual(missing, []);
      noCanary(join(folder, OUT, 'client'));

      transform(sources, join(folder, 'reference'));
      write(folder, {
        'reference/package.json': '{ "type": "module" }',
        [`${OUT}/package.json`]: '{ "type": "module" }',
      });
      // Of a file with backend functions the client has what is asked for, the server all there is.
      const half = (path) => (added.some((each) => each.path === path) ? 'server' : 'client');
      const pairs = Object.keys(sources)
        .map((path) => [join(folder, OUT, half(path), javascript(path)), join(folder, 'reference', javascript(path))])
        .filter(([ours]) => existsSync(ours));
      const ours = shapes(
        folder,
        pairs.map(([file]) => file),
      );
      const reference = shapes(
        folder,
        pairs.map(([, file]) => file),
      );
      const { executed, compared, neither, different } = compare(folder, pairs, ours, reference);
      assert.deepEqual(Object.keys(different), known.different, JSON.stringify(different, null, 2));
      total.executed += executed;
      total.compared += compared;
      t.diagnostic(
        `${Object.keys(files).length} files, ${added.length} functions added, ${executed} executed, ${compared} exports compared, ${neither} run in neither`,
      );
    });
  }

  it('is enough to mean something', (t) => {
    t.diagnostic(`${total.files} files, ${total.executed} executed, ${total.compared} exports compared`);
    assert.ok(total.files >= 900, `${total.files} files`);
    assert.ok(total.executed >= 800, `${total.executed} executed`);
  });
});

/** What each of the files exports, found out in a fresh process: packages keep state in globals. */
function shapes(folder, files) {
  const result = join(folder, 'shapes.json');
  execFileSync(process.execPath, [join(FOLDER, 'shapes.mjs'), result, ...files], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return JSON.parse(readFileSync(result, 'utf8'));
}

/** What differs, by the file's path in the output. */
function compare(folder, pairs, ours, reference) {
  const counts = { executed: 0, compared: 0, neither: 0, different: {} };
  for (const [ourFile, theirFile] of pairs) {
    const [a, b] = [ours[ourFile], reference[theirFile]];
    // File by file nobody can tell that a re-exported name is a type; a project's compiler can.
    if ('fails' in b) {
      if ('fails' in a) counts.neither += 1;
      continue;
    }
    counts.executed += 1;
    counts.compared += Object.keys(b).length;
    const wrong = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
      (name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]),
    );
    const brief = (shape) => JSON.stringify(shape)?.slice(0, 300);
    if (wrong.length > 0) {
      counts.different[ourFile.slice(join(folder, OUT).length + 1)] = wrong
        .slice(0, 3)
        .map((name) => `${name}: ${brief(a[name])}, not ${brief(b[name])}`);
    }
  }
  return counts;
}

const TSCONFIG = JSON.stringify({ compilerOptions: { target: 'esnext', useDefineForClassFields: false } });

/** The law of blanking: same bytes, same UTF-16 units, same lines, and nothing of a decorator left. */
function blanked(path, text) {
  const after = native.blank(path, text);
  assert.equal(after.length, text.length, path);
  assert.equal(Buffer.byteLength(after), Buffer.byteLength(text), path);
  assert.deepEqual(after.match(/\r\n|[\r\n\u2028\u2029]/g), text.match(/\r\n|[\r\n\u2028\u2029]/g), path);
  assert.equal(after.includes('@backend('), false, path);
}

/** No handler's secret in any client file or its map. */
function noCanary(folder) {
  for (const path of readdirSync(folder, { recursive: true })) {
    if (!/\.(js|map)$/.test(path)) continue;
    assert.equal(readFileSync(join(folder, path), 'utf8').includes('canary-'), false, path);
  }
}

/** What the packages' sources import from other packages is found. */
function linkPackages(folder) {
  for (const name of readdirSync(join(FOLDER, 'node_modules'))) {
    if (name.startsWith('.') || existsSync(join(folder, 'node_modules', name))) continue;
    symlinkSync(join(FOLDER, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
  }
}
