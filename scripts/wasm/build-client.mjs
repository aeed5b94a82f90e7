// Builds the browser's half of raystream and writes it as a JavaScript module every bundler takes:
// `lib/client/raystream-wasm.generated.ts`. Does nothing when that is up to date. The bytes are
// hexadecimal: what a server compresses is a fifth smaller than with base64, which hides that bytes repeat.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCrate, hashInputs, root, run, targetDir } from './cargo.mjs';

const out = join(root, 'lib', 'client', 'raystream-wasm.generated.ts');
const inputs = [
  'Cargo.toml',
  'crates/raystream/Cargo.toml',
  'crates/raystream/src',
  'crates/raystream-wasm',
  'scripts/wasm',
];

/** Nobody speaks AES in WebAssembly but the tests: bundles that want it use WebCrypto's. */
const FLAGS = ['--cfg=aes_backend_soft="compact"'];

export async function buildClient() {
  const stamp = `// From ${hashInputs(inputs)} by scripts/wasm/build-client.mjs.`;
  if (existsSync(out) && readFileSync(out, 'utf8').startsWith(stamp)) return out;
  const built = await buildCrate({ crate: 'kontract-raystream-wasm', flags: FLAGS });
  const wasm = readFileSync(await optimize(built));
  writeFileSync(
    out,
    `${stamp}\n\n/** raystream's client half as WebAssembly, ${wasm.length} bytes in hexadecimal. */\nexport const raystreamWasm =\n  '${wasm.toString('hex')}';\n`,
  );
  console.error(`wasm: ${wasm.length} bytes`);
  return out;
}

/** binaryen makes the module some percent smaller and faster; without it the module works as well. */
async function optimize(wasm) {
  const optimizer = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  if (!existsSync(optimizer)) return wasm;
  mkdirSync(targetDir, { recursive: true });
  const optimized = join(targetDir, 'raystream.opt.wasm');
  const features = [
    '--enable-simd',
    '--enable-bulk-memory',
    '--enable-nontrapping-float-to-int',
    '--enable-sign-ext',
    '--enable-mutable-globals',
    '--enable-reference-types',
    '--enable-multivalue',
  ];
  await run(process.execPath, [
    optimizer,
    '-O3',
    ...features,
    '--strip-debug',
    '--strip-producers',
    '--strip-target-features',
    wasm,
    '-o',
    optimized,
  ]);
  return optimized;
}

if (process.argv[1] === import.meta.filename) await buildClient();
