/**
 * Loads the native addon: the platform package npm installed beside us, or the one a checkout built.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Native } from './types.js';

export type * from './types.js';

const require = createRequire(import.meta.url);

function platformId(): string {
  const { platform, arch } = process;
  if (platform === 'linux') {
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    return `linux-${arch}-${header.glibcVersionRuntime ? 'gnu' : 'musl'}`;
  }
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

function load(): Native {
  const id = platformId();
  const checkout = new URL(`../../../npm/${id}/kontract.node`, import.meta.url);
  if (existsSync(checkout)) return require(checkout.pathname) as Native;
  try {
    return require(`@kontract/${id}`) as Native;
  } catch (cause) {
    throw new Error(
      `Kontract has no native addon for ${id} here. Install @kontract/${id} (npm does so by itself unless ` +
        `optional dependencies are left out), or build it in a checkout with: npm run setup`,
      { cause },
    );
  }
}

export const native: Native = load();
export const { compileProject, keygen, publicKey, migrate, NodeGateway } = native;
