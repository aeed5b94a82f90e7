/** Which database development uses, and waiting for one that is not there yet. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../cli/errors.js';
import type { Reporter } from '../cli/output.js';
import { privateFolder } from '../cli/project.js';
import { startPostgres } from './postgres.js';

export interface Database {
  /** Login that may create roles and tables. */
  adminUrl: string;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  root: string;
  /** Default: `DATABASE_URL`; neither: the embedded server. */
  url?: string;
  /** Of the embedded server. Default: `.kontract/postgres` of the project. */
  dataDir?: string;
  signal: AbortSignal;
  report: Reporter;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
const CONNECT_MS = 3000;

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const url = options.url ?? process.env['DATABASE_URL'];
  if (url) {
    await reachable(url, options);
    return { adminUrl: url, stop: async () => {} };
  }
  const started = performance.now();
  const postgres = await startPostgres({ dataDir: options.dataDir ?? join(privateFolder(options.root), 'postgres') });
  for (const note of postgres.notes) options.report.note(note);
  const verb = postgres.joined ? 'joined' : 'ready';
  options.report.step(`PostgreSQL ${verb} on 127.0.0.1:${postgres.port}`, performance.now() - started);
  return { adminUrl: postgres.url, stop: () => postgres.stop() };
}

/** Waits, saying so once, until something listens at the database's address. */
export async function reachable(
  url: string,
  { report, signal }: Pick<DatabaseOptions, 'report' | 'signal'>,
): Promise<void> {
  const { host, port } = address(url);
  let wait = FIRST_WAIT_MS;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const problem = await tryConnect(host, port);
    if (problem === undefined) return;
    if (attempt === 0)
      report.warn(`The database at ${host}:${port} does not answer (${problem}); trying until it does`);
    await sleep(wait, undefined, { signal }).catch(() => {});
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** The address in a database URL. The message of a bad one never shows it: it holds a password. */
export function address(url: string): { host: string; port: number } {
  if (!URL.canParse(url))
    throw new UserError('DATABASE_URL is not a URL', 'It looks like postgres://user:password@host:5432/name');
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new UserError(`DATABASE_URL starts with ${protocol}//, Kontract needs a postgres:// one`);
  }
  return { host: hostname.replace(/^\[|\]$/g, '') || 'localhost', port: Number(port || 5432) };
}

async function tryConnect(host: string, port: number): Promise<string | undefined> {
  return await new Promise((done) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const finish = (problem?: string): void => {
      socket.destroy();
      done(problem);
    };
    socket.once('connect', () => finish());
    socket.once('timeout', () => finish('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}
