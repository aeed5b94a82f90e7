/** A database cluster on disk: its folder, its password, its `postmaster.pid`. */
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, type Account } from './account.js';
import type { Binaries } from './binaries.js';

export const USER = 'kontract';
export const DATABASE = 'kontract';

/** What we remember beside the cluster, readable by its owner only. */
export interface Remembered {
  password: string;
  port?: number;
  /** The process that started the server and will stop it. */
  owner?: number;
}

const rememberedFile = (dataDir: string): string => `${dataDir}.json`;

export function remembered(dataDir: string): Remembered | undefined {
  const file = rememberedFile(dataDir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Remembered) : undefined;
}

export function remember(dataDir: string, value: Remembered): void {
  const file = rememberedFile(dataDir);
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, JSON.stringify(value), { mode: 0o600 });
  renameSync(partial, file);
}

/** Makes the cluster unless it is there. Done in a folder of its own, so that half a cluster never counts. */
export function ensureCluster(dataDir: string, binaries: Binaries, account: Account | undefined): Remembered {
  const known = remembered(dataDir);
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    checkVersion(dataDir, binaries);
    if (!known) throw new Error(`The password of the database in ${dataDir} is gone; remove that folder to start over`);
    return known;
  }
  const partial = `${dataDir}.new`;
  rmSync(partial, { recursive: true, force: true });
  makeFolder(dirname(dataDir));
  mkdirSync(partial, { mode: 0o700 });
  if (account) chownSync(partial, account.uid, account.gid);
  const password = randomBytes(24).toString('base64url');
  initialise(partial, password, binaries, account);
  const value = { password };
  remember(dataDir, value);
  renameSync(partial, dataDir);
  return value;
}

/** The server that runs on `dataDir` now, if any. A stale file names a process that is gone or another's. */
export function running(dataDir: string): { pid: number; port: number; ready: boolean } | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8');
  } catch (error) {
    // Not there, or gone this moment: a server removes it as the last thing it does.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  // One value a line: pid, data folder, start time, port, socket folder, address, shared memory, status.
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isPostgres(pid)) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A pid may have been given to something else since; where the system tells, ask it. */
function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
  } catch {
    return false;
  }
}

function initialise(folder: string, password: string, binaries: Binaries, account: Account | undefined): void {
  const passwordFile = join(folder, '..', `.pw-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  try {
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const as = spawnOptions(account);
    run(
      binaries.initdb,
      [
        '-D',
        folder,
        '-U',
        USER,
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--no-locale',
        '--no-instructions',
        '-N',
      ],
      as,
    );
    run(binaries.postgres, ['--single', '-D', folder, 'postgres'], { ...as, input: `CREATE DATABASE ${DATABASE};\n` });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** The server inherits no secret of ours, and speaks a language its status can be read in. */
export function spawnOptions(account: Account | undefined): { env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } as NodeJS.ProcessEnv;
  if (process.platform === 'win32') env['SystemRoot'] = process.env['SystemRoot'];
  return account ? { env, uid: account.uid, gid: account.gid } : { env };
}

function run(program: string, args: string[], options: SpawnSyncOptions): void {
  const result = spawnSync(program, args, { ...options, encoding: 'utf8', cwd: '/' });
  if (result.error) throw result.error;
  if (result.status === 0) return;
  const said = `${String(result.stderr)}\n${String(result.stdout)}`.trim();
  throw new Error(`${program} failed (${result.signal ?? result.status}):\n${said}`);
}

function checkVersion(dataDir: string, binaries: Binaries): void {
  const found = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  const major = binaries.version.split('.')[0];
  if (found === major) return;
  throw new Error(
    `The database in ${dataDir} was made by PostgreSQL ${found}, installed is ${major}. ` +
      `Move that folder away to start with an empty one.`,
  );
}
