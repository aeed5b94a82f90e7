// What a browser loads: each entry point bundled and minified, and its WebAssembly by itself.
import { brotliCompressSync, constants } from 'node:zlib';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../../scripts/lib/steps.mjs';

const ENTRIES = { 'kontract/client': 'client/index.js', 'kontract/client/webcrypto': 'client/webcrypto/index.js' };
const DIST = join(root, 'lib/dist');
const WASM = join(DIST, 'client/raystream-wasm.generated.js');

/**
 * Bytes as a server sends them, brotli at quality 11: `{ entry, js, wasm, whole }` for each entry point. `js` is without the
 * WebAssembly, `wasm` is the module as it is, `whole` the bundle as shipped, in which it is text.
 */
export async function bundleSizes() {
  const { raystreamWasm } = await import(pathToFileURL(WASM).href);
  const wasm = brotli(Buffer.from(raystreamWasm, 'hex'));
  const sizes = [];
  for (const [entry, file] of Object.entries(ENTRIES)) {
    const whole = await bundle(file, []);
    const hasWasm = whole.includes(raystreamWasm);
    const js = hasWasm ? await bundle(file, [withoutWasm]) : whole;
    sizes.push({ entry, js: brotli(js), wasm: hasWasm ? wasm : 0, whole: brotli(whole) });
  }
  return sizes;
}

/** The bundle's text. */
export async function bundle(file, plugins) {
  const result = await build({
    entryPoints: [join(DIST, file)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
    plugins,
  });
  return result.outputFiles[0].text;
}

const withoutWasm = {
  name: 'without-wasm',
  setup: ({ onLoad }) =>
    onLoad({ filter: /raystream-wasm\.generated\.js$/ }, () => ({ contents: "export const raystreamWasm = '';" })),
};

const brotli = (content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
