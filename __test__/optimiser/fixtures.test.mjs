// Every project of the compiler's own cases loads the same, as written and optimised.
import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { project, repository } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(repository, 'lib/dist/native/index.js')).href);
const cases = join(repository, 'crates/compiler/tests/fixtures');

test('every case loads the same in both modes', async (t) => {
  let loaded = 0;
  for (const name of readdirSync(cases)) {
    const folder = project(t, {});
    cpSync(join(cases, name), folder, { recursive: true, filter: (path) => !path.endsWith('output.snap') });
    const load = async (optimise) => {
      const outDir = optimise ? 'optimised' : 'written';
      const { ok } = native.compileProject(folder, { mode: 'development', outDir, cache: false, optimise });
      if (!ok) return 'does not compile';
      const index = pathToFileURL(join(folder, outDir, 'server/index.js')).href;
      const { routes } = await import(index).catch((error) => ({ routes: new Map([[failure(error), {}]]) }));
      return [...routes].map(([id, { meta }]) => [id, meta]);
    };
    const written = await load(false);
    assert.deepEqual(await load(true), written, name);
    if (Array.isArray(written) && written.every(([, meta]) => meta?.perm !== undefined)) loaded++;
  }
  assert.ok(loaded > 40, `${loaded} servers load`);
});

/** What went wrong, wherever the folder is: a case may import what is installed nowhere. */
const failure = (error) => String(error.message).replaceAll(/\/\S*\/(written|optimised)\//g, '');
