// Everything between a fresh clone and a working `kontract`: done once, skipped when up to date.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StepError, ask, root, run, step } from './steps.mjs';

const RUST_VERSION = [1, 95];

/** Checks tools, installs packages, builds the addon (unless nobody needs it), the browser's wasm and the JavaScript library. */
export async function setup({ release = false, addon = true } = {}) {
  checkTools();
  await installPackages();
  await buildClientWasm();
  await buildLibrary();
  if (addon) await buildAddon({ release });
  linkSelf();
}

function checkTools() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (!((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22)) {
    throw new StepError(
      `Kontract needs Node 20.19, 22.12 or later; this is ${process.version}. See https://nodejs.org`,
    );
  }
  const rustc = ask('rustc', ['--version']);
  const version = rustc
    ?.match(/^rustc (\d+)\.(\d+)/)
    ?.slice(1)
    .map(Number);
  if (!version) throw new StepError('Rust is not installed: see https://rustup.rs');
  if (version[0] !== RUST_VERSION[0] || version[1] < RUST_VERSION[1]) {
    throw new StepError(
      `Kontract needs Rust ${RUST_VERSION.join('.')} or later; this is ${rustc}. Run: rustup update stable`,
    );
  }
  if (!['cc', 'gcc', 'clang'].some((compiler) => ask(compiler, ['--version']))) {
    throw new StepError('No C compiler found; on Debian or Ubuntu: apt-get install gcc libc6-dev');
  }
}

async function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules/.kontract-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  await step('Installing npm packages', async () => {
    await run('npm', ['ci', '--no-audit', '--no-fund']);
    writeFileSync(stamp, lock);
  });
}

/** The addon: cargo decides what is stale, so this always asks it (a second or less when nothing changed). */
async function buildAddon({ release }) {
  await step('Building the native addon (the first time takes about ten minutes: it compiles swc)', async () => {
    await run('cargo', ['build', '--locked', '-p', 'kontract', ...(release ? ['--release'] : [])]);
    const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
    const { prefix, suffix } = libraryNames();
    const built = join(target, release ? 'release' : 'debug', `${prefix}kontract${suffix}`);
    const { platformId } = await import(pathToFileURL(join(root, 'lib/dist/native/platform.js')).href);
    const folder = join(root, 'npm', platformId());
    mkdirSync(folder, { recursive: true });
    installFile(built, join(folder, 'kontract.node'));
  });
}

function libraryNames() {
  if (process.platform === 'win32') return { prefix: '', suffix: '.dll' };
  return { prefix: 'lib', suffix: process.platform === 'darwin' ? '.dylib' : '.so' };
}

/** Replaces a file that a running process may have mapped: a new inode, not new bytes in the old one. */
function installFile(from, to) {
  if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) return;
  const temporary = `${to}.${process.pid}`;
  copyFileSync(from, temporary);
  renameSync(temporary, to);
}

async function buildClientWasm() {
  const { buildClient } = await import('../wasm/build-client.mjs');
  await step('Building the browser client (WebAssembly)', () => buildClient());
}

async function buildLibrary() {
  await step('Building the JavaScript library', async () => {
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'lib/tsconfig.json']);
    const templates = join(root, 'lib/cli/config.schema.json');
    if (existsSync(templates)) copyFileSync(templates, join(root, 'lib/dist/cli/config.schema.json'));
  });
}

/** Examples and tests find `kontract` where a user's project would: in node_modules. */
function linkSelf() {
  const link = join(root, 'node_modules/kontract');
  if (existsSync(link) && lstatSync(link).isSymbolicLink()) return;
  rmSync(link, { recursive: true, force: true });
  symlinkSync('..', link, 'dir');
}
