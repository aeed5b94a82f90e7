/** Compiling a project for development, the same way for `kontract dev` and the module loader. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { routesOf, type Config } from '../cli/config.js';
import { BUILD_DIR, LOCK_FILE, workFolder, writeIfChanged } from '../cli/project.js';
import type { CompileOptions, CompileResult, Native } from '../native/types.js';
import type { ServerModule } from '../runtime/index.js';

const SERVER_PREFIX = 'server-';

/**
 * The page calls its own origin, a Node client what `KONTRACT_URL` says: neither is built in. The dev
 * key comes first; a configured one is accepted too, for calls that go to a deployed gateway.
 */
export function devOptions(config: Config, pin: string): CompileOptions {
  const pins = [pin, ...(config.pins ?? []).slice(0, 1)];
  return { mode: 'development', outDir: BUILD_DIR, pins, cache: true, ...routesOf(config) };
}

export function compileDev(
  native: Pick<Native, 'compileProject'>,
  root: string,
  config: Config,
  pin: string,
  { cache = true, lock = true, watch = false }: { cache?: boolean; lock?: boolean; watch?: boolean } = {},
): CompileResult {
  workFolder(root);
  const result = native.compileProject(root, { ...devOptions(config, pin), cache, watch });
  if (result.ok && lock) writeIfChanged(join(root, LOCK_FILE), result.lock);
  return result;
}

/**
 * Loads the compiled server from a folder named by its content: Node keeps a module for good by its
 * address, so new content needs a new one.
 */
export async function loadServer(root: string): Promise<{ module: ServerModule; folder: string }> {
  const build = join(root, BUILD_DIR);
  const folder = join(workFolder(root), `${SERVER_PREFIX}${contentHash(build)}`);
  if (!existsSync(folder)) {
    for (const part of ['codecs', 'server']) {
      const from = join(build, part);
      if (existsSync(from)) cpSync(from, join(folder, part), { recursive: true });
    }
    // The clients' halves of the codecs, for calls as JSON.
    cpSync(join(build, 'client/routes.js'), join(folder, 'client/routes.js'));
  }
  const module = (await import(pathToFileURL(join(folder, 'server', 'index.js')).href)) as ServerModule;
  return { module, folder };
}

/** Removes the servers of earlier builds. */
export function forgetServers(root: string, current: string): void {
  const work = workFolder(root);
  for (const name of readdirSync(work)) {
    const stale = name.startsWith(SERVER_PREFIX) && join(work, name) !== current;
    if (stale) rmSync(join(work, name), { recursive: true, force: true });
  }
}

function contentHash(build: string): string {
  const hash = createHash('sha256');
  for (const part of ['codecs', 'server']) {
    const folder = join(build, part);
    if (!existsSync(folder)) continue;
    for (const name of (readdirSync(folder, { recursive: true }) as string[]).toSorted()) {
      const file = join(folder, name);
      if (!statSync(file).isFile()) continue;
      const bytes = readFileSync(file);
      hash.update(`${relative(build, file)}\0${bytes.length}\0`).update(bytes);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
