// pgbouncer in transaction mode, as most hosts run it.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { cleanup } from '../../support/cleanup.mjs';
import { repository, temporaryFolder } from '../../support/project.mjs';

const dev = (file) => import(pathToFileURL(join(repository, 'lib/dist/dev/postgres', file)).href);
const { freePort } = await dev('server.js');
const { unprivilegedAccount } = await dev('account.js');

const program = process.env.KONTRACT_PGBOUNCER ?? found();

/** Why there is no pooler, or false. */
export const noPgbouncer = program
  ? false
  : 'pgbouncer is not installed (apt-get install pgbouncer, or KONTRACT_SETUP_APT=1 as root)';

// Not running yet when a test process ends early.
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts it in front of a server, for all its databases; answers its port. `connections` is how many
 * of the server's each login gets for a database.
 */
export async function startPgbouncer(t, server, { connections = 4 } = {}) {
  const { username, password, port } = new URL(server.url);
  const account = unprivilegedAccount();
  const folder = temporaryFolder(t, 'kontract-pgbouncer-');
  const listen = await freePort();
  const write = (name, text) => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (account) chownSync(file, account.uid, account.gid);
    return file;
  };
  const users = write('users.txt', `"${username}" "${decodeURIComponent(password)}"\n`);
  const config = write(
    'pgbouncer.ini',
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
auth_user = ${username}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 500
server_lifetime = 600
`,
  );
  const child = spawn(program, ['-q', config], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  });
  running.add(child);
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const exited = new Promise((done) => child.once('exit', done)).then(() => running.delete(child));
  cleanup(t, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const deadline = Date.now() + 10_000;
  while (!(await answers(listen))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`pgbouncer does not start:\n${said}`);
    await sleep(20);
  }
  return { port: listen, log: () => said };
}

/** The same address, through the pooler. */
export function through(pooler, url) {
  const pooled = new URL(url);
  pooled.port = String(pooler.port);
  return pooled.href;
}

function found() {
  for (const path of ['pgbouncer', '/usr/sbin/pgbouncer']) {
    if (spawnSync(path, ['--version']).status === 0) return path;
  }
  return undefined;
}

async function answers(port) {
  return await new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}
