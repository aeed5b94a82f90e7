// The Workers host in workerd, by way of miniflare.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Miniflare } from 'miniflare';
import { buildWorker } from '../../scripts/wasm/build-worker.mjs';

/** @param {Record<string, string>} bindings secrets of the Worker */
export async function startWorker(bindings) {
  const out = await buildWorker({ features: ['kat'] });
  const modules = readdirSync(out, { recursive: true })
    .filter((name) => /\.(js|wasm)$/.test(name))
    // workerd starts with the first.
    .toSorted((a, b) => Number(b === 'index.js') - Number(a === 'index.js'))
    .map((name) => ({
      type: name.endsWith('.js') ? 'ESModule' : 'CompiledWasm',
      path: join(out, name),
      contents: readFileSync(join(out, name)),
    }));
  const worker = new Miniflare({ modules, modulesRoot: out, compatibilityDate: '2026-04-01', bindings });
  await worker.ready;
  return worker;
}
