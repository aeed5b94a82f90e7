// Finds a Rust toolchain that can build for wasm32-unknown-unknown, or gets one, or says how.
//
// A rustup with the target is the usual case. Where rustup may not download, Debian's own compiler
// for the web builds the standard library from source.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const TARGET = 'wasm32-unknown-unknown';
const DEBIAN_PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src'];

/**
 * @typedef {object} Toolchain
 * @property {string} name what to say it is
 * @property {string} version first line of `rustc --version`: part of what a build depends on
 * @property {string} cargo the program
 * @property {string[]} args what follows `cargo build`
 * @property {Record<string, string>} env
 * @property {[string, string][]} remap directories whose names must not end up in the output
 */

/** @returns {Toolchain} */
export function findToolchain(log = console.error) {
  const found = viaRustup(log) ?? viaDebian() ?? (installDebian(log) ? viaDebian() : undefined);
  if (found) return found;
  throw new Error(
    `No Rust toolchain here builds for ${TARGET}. Either of these helps:\n` +
      `  rustup target add ${TARGET}\n` +
      `  apt-get install -y --no-install-recommends ${DEBIAN_PACKAGES.join(' ')}   (Debian; KONTRACT_SETUP_APT=1 lets this script do it)`,
  );
}

function viaRustup(log) {
  const sysroot = output('rustc', ['--print', 'sysroot']);
  if (!sysroot) return undefined;
  const ready = () => existsSync(join(sysroot, 'lib', 'rustlib', TARGET, 'lib'));
  if (!ready() && output('rustup', ['--version'])) {
    log(`wasm: rustup target add ${TARGET}`);
    spawnSync('rustup', ['target', 'add', TARGET], { stdio: 'ignore', timeout: 30_000 });
  }
  if (!ready()) return undefined;
  const version = output('rustc', ['--version']) ?? '';
  return { name: `rustc with ${TARGET}`, version, cargo: 'cargo', args: [], env: {}, remap: [[sysroot, '/rust']] };
}

function viaDebian() {
  const owned = output('dpkg', ['-L', ...DEBIAN_PACKAGES])?.split('\n');
  const rustc = owned?.find((path) => path.endsWith('/bin/rustc'));
  const cargo = owned?.find((path) => path.endsWith('/bin/cargo'));
  const linker = findLinker();
  if (!rustc || !cargo || !linker) return undefined;
  const sysroot = output(rustc, ['--print', 'sysroot']) ?? '';
  const sources = owned.filter((path) => /^\/usr\/src\/rustc-[\d.]+$/.test(path));
  return {
    name: "Debian's rustc-web, standard library from source",
    version: output(rustc, ['--version']) ?? '',
    cargo,
    args: ['-Zbuild-std=std,panic_abort'],
    env: {
      RUSTC: rustc,
      // Debian's compiler is a stable one; building the standard library needs `-Z`.
      RUSTC_BOOTSTRAP: '1',
      // Its cargo asks PATH for rustdoc and friends, and rustup's would refuse the flags.
      PATH: [dirname(cargo), process.env.PATH].join(delimiter),
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker,
    },
    remap: [[join(sysroot, 'lib', 'rustlib', 'src', 'rust'), '/rust'], ...sources.map((path) => [path, '/rust'])],
  };
}

/** rustup ships a linker for wasm with every host toolchain; LLVM's own is the same program. */
function findLinker() {
  const sysroot = output('rustc', ['--print', 'sysroot']);
  const host = /^host: (.+)$/m.exec(output('rustc', ['-vV']) ?? '')?.[1];
  if (sysroot && host) {
    const lld = join(sysroot, 'lib', 'rustlib', host, 'bin', 'rust-lld');
    if (existsSync(lld)) return lld;
  }
  return ['rust-lld', 'wasm-ld'].find(
    (name) => output(name, ['-flavor', 'wasm', '--version']) || output(name, ['--version']),
  );
}

function installDebian(log) {
  const allowed = process.env.CI || process.env.KONTRACT_SETUP_APT === '1' || !process.stdin.isTTY;
  if (process.getuid?.() !== 0 || !allowed || !output('apt-get', ['--version'])) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => {
    log(`wasm: apt-get ${args.join(' ')}`);
    return spawnSync('apt-get', ['-q', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
  };
  return apt('update') && apt('install', '-y', '--no-install-recommends', ...DEBIAN_PACKAGES);
}

function output(program, args) {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    }).trim();
  } catch {
    return undefined;
  }
}
