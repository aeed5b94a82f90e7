// Builds the Workers host: `<out>/worker.js`, `<out>/worker_bg.wasm` and `<out>/index.js`, the module
// workerd starts. `node scripts/wasm/build-worker.mjs [out folder] [--features kat]`

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildCrate, hashInputs, root, run, targetDir } from './cargo.mjs';

const inputs = ['Cargo.toml', 'crates/raystream/src', 'crates/gateway/src', 'runtime-worker', 'scripts/wasm'];

/** @returns {Promise<string>} the folder */
export async function buildWorker({ out = join(targetDir, 'worker'), features = [] } = {}) {
  const stamp = join(out, 'inputs');
  const hash = hashInputs(inputs, features.join());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return out;
  const wasm = await buildCrate({ crate: 'kontract-runtime-worker', features, simd: false });
  const bindgen = await buildBindgen();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await run(bindgen, [wasm, out, 'worker']);
  writeFileSync(join(out, 'index.js'), entry);
  console.error(`wasm: Worker of ${statSync(join(out, 'worker_bg.wasm')).size} bytes`);
  writeFileSync(stamp, hash);
  return out;
}

/** workerd compiles the wasm when it loads the Worker; code may not. */
const entry = `import wasm from './worker_bg.wasm';
import { fetch, initSync } from './worker.js';

initSync({ module: wasm });

export default { fetch };
`;

/** The generator of the JavaScript glue, of exactly the version the Worker is compiled with. */
async function buildBindgen() {
  const target = join(targetDir, '..', 'wasm-tools');
  const manifest = join(root, 'scripts', 'wasm', 'bindgen', 'Cargo.toml');
  console.error('wasm: the glue generator (compiled once)');
  await run('cargo', [
    'build',
    '--quiet',
    '--release',
    '--locked',
    '--manifest-path',
    manifest,
    '--target-dir',
    target,
  ]);
  return join(target, 'release', process.platform === 'win32' ? 'kontract-bindgen.exe' : 'kontract-bindgen');
}

if (process.argv[1] === import.meta.filename) {
  const [folder, flag, features] = process.argv.slice(2);
  const out = folder && !folder.startsWith('--') ? resolve(folder) : undefined;
  const list = flag === '--features' ? features : folder === '--features' ? flag : undefined;
  await buildWorker({ ...(out ? { out } : {}), features: list?.split(',') ?? [] });
}
