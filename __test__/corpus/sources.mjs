// Other people's TypeScript as projects of Kontract's: their sources, with backend functions added to some.
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const FOLDER = import.meta.dirname;

/** The packages, where their sources are, and what of it is not theirs to ship. */
export const PACKAGES = [
  { name: '@noble/curves', skip: /\.d\.ts$/ },
  { name: '@noble/hashes', skip: /\.d\.ts$/ },
  { name: '@trpc/server', skip: /\.d\.ts$/ },
  { name: 'effect', skip: /\.d\.ts$/ },
  { name: 'mobx', skip: /\.d\.ts$/ },
  { name: 'rxjs', skip: /\.d\.ts$/ },
  { name: 'zod', skip: /\.d\.ts$|\/tests?\/|\.test\.|bench/ },
];

/** Installs the packages as the lock file says, once. */
export function install() {
  if (existsSync(join(FOLDER, 'node_modules/.package-lock.json'))) return;
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** `{ 'src/a.ts': text }`, sorted. */
export function sourcesOf({ name, skip }) {
  const root = join(FOLDER, 'node_modules', name);
  const paths = readdirSync(join(root, 'src'), { recursive: true })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.[cm]?tsx?$/.test(path) && !skip.test(path) && statSync(join(root, path)).isFile())
    .toSorted();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** The same with a backend function at the end of every fifth module: `{ files, added: [{ path, id }] }`. */
export function withBackendFunctions(sources) {
  const added = [];
  const files = {};
  for (const [index, [path, text]] of Object.entries(sources).entries()) {
    const isModule = /^export /m.test(text);
    if (index % 5 !== 2 || !isModule) {
      files[path] = text;
      continue;
    }
    const id = `kontract_${index}`;
    added.push({ path, id });
    files[path] = `${text}
@backend(perm=perms.R__, egroup="added")
export async function ${id}(text: string, count: number): Promise<string[]> {
  const secret = 'canary-${index}';
  return Array.from({ length: count }, (_, at) => \`\${text} \${at} \${secret.length} \${ctx.owner}\`);
}
`;
  }
  return { files, added };
}
