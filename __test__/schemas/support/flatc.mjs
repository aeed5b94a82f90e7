// flatc: what the gate installed, or what a test run by hand finds.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { findFlatc } from '../../../scripts/lib/flatc.mjs';
import { repository } from '../../support/project.mjs';

export const flatc = findFlatc();

/** Why a test that needs flatc cannot run, or false. */
export const skip = flatc ? false : (process.env.KONTRACT_NO_FLATC ?? 'no flatc: `npm test -- schemas` installs it');

/** Runs flatc; its complaints are the error. */
export function run(args, cwd) {
  try {
    execFileSync(flatc, args, { cwd, stdio: 'pipe' });
  } catch (error) {
    throw new Error(`flatc ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** The module flatc makes of a schema in `folder`, with the builder and the reader of npm's `flatbuffers`. */
export async function generated(folder, schema) {
  const out = join(folder, 'flatc');
  rmSync(out, { recursive: true, force: true });
  run(['--ts', '--gen-object-api', '-o', out, schema], folder);
  const files = readdirSync(join(out, 'kontract')).map(
    (file) => `export * from './kontract/${file.replace(/\.ts$/, '.js')}';`,
  );
  const bundle = join(out, 'bundle.mjs');
  await build({
    stdin: {
      contents: `export { Builder, ByteBuffer } from 'flatbuffers';\n${files.join('\n')}`,
      resolveDir: out,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: bundle,
    logLevel: 'error',
    nodePaths: [join(repository, 'node_modules')],
  });
  return await import(pathToFileURL(bundle).href);
}

export const text = (path) => readFileSync(path, 'utf8');
