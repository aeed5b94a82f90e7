// Builds one crate of the workspace for wasm32, the same bytes wherever the clone lies.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findToolchain } from './toolchain.mjs';

export const root = resolve(fileURLToPath(import.meta.url), '..', '..', '..');
/** A target directory of its own: another compiler's artefacts do not mix with the native ones. */
export const targetDir = join(resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'wasm');

/**
 * @param {{ crate: string, example?: string, features?: string[], simd?: boolean, flags?: string[] }} build
 * @returns {Promise<string>} path of the .wasm file
 */
export async function buildCrate({ crate, example, features = [], simd = true, flags: more = [] }) {
  const toolchain = findToolchain();
  const remap = [
    ...toolchain.remap,
    [process.env.CARGO_HOME ?? join(homedir(), '.cargo'), '/cargo'],
    [root, '/kontract'],
  ];
  const flags = [...remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`), ...more];
  if (simd) flags.push('-Ctarget-feature=+simd128');
  const args = [
    'build',
    '--target',
    'wasm32-unknown-unknown',
    '--profile',
    'wasm',
    '-p',
    crate,
    ...(example ? ['--example', example] : ['--lib']),
    ...toolchain.args,
  ];
  if (features.length > 0) args.push('--features', features.join(','));
  console.error(`wasm: ${crate} with ${toolchain.name}`);
  const env = {
    ...process.env,
    ...toolchain.env,
    CARGO_TARGET_DIR: targetDir,
    CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f'),
  };
  // rustup sets these for what it starts; they would lead the other cargo to rustup's compiler.
  if (toolchain.env.RUSTC) for (const name of ['RUSTUP_TOOLCHAIN', 'RUSTC_WRAPPER', 'CARGO']) delete env[name];
  await run(toolchain.cargo, args, { cwd: root, env });
  const file = example ? join('examples', example) : crate.replaceAll('-', '_');
  return join(targetDir, 'wasm32-unknown-unknown', 'wasm', `${file}.wasm`);
}

/** Runs a program, its output visible; rejects unless it succeeds. */
export function run(program, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.on('error', fail);
    child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`${program} ${args[0]} ended with ${code}`))));
  });
}

/** One hash over the content of these files and folders (relative to the root). */
export function hashInputs(paths, extra = '') {
  const hash = createHash('sha256').update(extra);
  const walk = (path) => {
    if (!statSync(path).isDirectory()) return hash.update(relative(root, path)).update('\0').update(readFileSync(path));
    for (const name of readdirSync(path).toSorted()) walk(join(path, name));
  };
  for (const path of paths) walk(join(root, path));
  return hash.digest('hex').slice(0, 32);
}
