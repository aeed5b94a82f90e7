// A project compiled by the addon, and what its codecs are.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { project, repository } from '../../support/project.mjs';

const native = await import(pathToFileURL(join(repository, 'lib/dist/native/index.js')).href);

/** Compiles `source` as `src/api.ts`: the folder of the output, its codecs, its tables, its manifest and its lock. */
export async function compiled(t, source, lock) {
  const root = project(t, { 'src/api.ts': source, ...(lock && { 'kontract.lock.json': lock }) });
  const result = await native.compileProject(root, { mode: 'development', outDir: 'out', cache: false });
  assert.ok(result.ok, `${result.diagnostics.map((d) => d.frame).join('\n')}\n${source}`);
  const load = (path) => import(pathToFileURL(join(root, 'out', path)).href);
  return {
    out: join(root, 'out'),
    manifest: JSON.parse(result.manifest),
    lock: result.lock,
    codecs: await load('codecs/src/api.js'),
    ...(await load('server/tables.js')),
  };
}
