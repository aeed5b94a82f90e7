/** The project's own TypeScript: 5.x and 6 answer in this process, 7 and later over their IPC API. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../errors.js';
import type { Sources } from './sources.js';
import type { Checker } from './types.js';

export interface FoundTypeScript {
  version: string;
  open(sources: Sources): Promise<Checker>;
}

/** Undefined when the project has none. */
export function findTypeScript(root: string): FoundTypeScript | undefined {
  const folder = packageFolder(root);
  if (folder === undefined) return undefined;
  const { version, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
    exports?: Record<string, string>;
  };
  const require = createRequire(join(folder, 'package.json'));
  return {
    version,
    async open(sources) {
      if (Number.parseInt(version, 10) < 7) {
        const { openClassic } = await import('./classic.js');
        return openClassic(require(folder) as never, sources);
      }
      // `unstable` goes from the name with 7.1.
      const api = exports['./unstable/sync'] ?? exports['./sync'];
      if (typeof api !== 'string') {
        throw new UserError(
          `TypeScript ${version} has no API that Kontract knows`,
          'Install another one beside it: npm install --save-dev typescript@7.0',
        );
      }
      const { openIpc } = await import('./ipc.js');
      return openIpc((await import(pathToFileURL(join(folder, api)).href)) as never, sources);
    },
  };
}

export function requireTypeScript(root: string): FoundTypeScript {
  const found = findTypeScript(root);
  if (found) return found;
  throw new UserError(`There is no TypeScript in ${root}`, 'Install it: npm install --save-dev typescript');
}

/** Looked up by hand: TypeScript's `exports` need not name its package.json. */
function packageFolder(root: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'typescript');
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}
