// Compiles one project in two ways and runs both.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { project } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(import.meta.dirname, '../../lib/dist/native/index.js')).href);

/** What is seen of every route under each of `flags`, once spliced and once called. */
export async function bothWays(t, files, flags) {
  const folder = project(t, files);
  return {
    spliced: await compileAndRun(folder, 'spliced', {}, flags),
    called: await compileAndRun(folder, 'called', { closures: true }, flags),
  };
}

/** Compiles the project in `folder` into one of its folders; what is seen of each of its routes, and its files. */
export async function compileAndRun(folder, outDir, options, flags) {
  const result = native.compileProject(folder, { mode: 'development', outDir, cache: false, ...options });
  assert.ok(result.ok, result.diagnostics.map((one) => one.frame).join('\n'));
  const server = (path) => join(folder, outDir, 'server', path);
  const observe = join(import.meta.dirname, 'observe.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [observe, server('index.js'), ...flags.map(String)], {
    maxBuffer: 1 << 28,
  });
  return {
    seen: JSON.parse(stdout),
    file: (path) => readFileSync(server(path), 'utf8'),
    diagnostics: result.diagnostics,
  };
}
