// Kontract as its user runs it: `kontract build`, `kontract start`, calls sealed by raystream.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ask, root, run } from '../../scripts/lib/steps.mjs';
import { startServer } from '../lib/server.mjs';
import { expected, users } from './users.mjs';

const APP = join(root, 'bench/app');
const CLI = join(root, 'bin/kontract.mjs');
/** Rows per call while filling the table: well under the largest frame. */
const CHUNK = 500;

const ROUTES = { echo: 'echo', read: 'readUser', ws_echo: 'echo' };
const argsOf = { echo: (user) => [user], read: ({ id }) => [id], ws_echo: (user) => [user] };

/** The commit measured, with a mark when the tree has changes of its own. */
export function kontractVersion() {
  const commit = git('rev-parse', '--short', 'HEAD') ?? 'unknown';
  return git('status', '--porcelain') ? `${commit}+changes` : commit;
}

const git = (...args) => ask('git', ['-C', root, ...args]);

/** Builds and starts the application and, unless it is to be `empty`, fills its table through its own client. */
export async function startKontract({ node, databaseUrl, port, empty = false }) {
  const { native } = await import(pathToFileURL(join(root, 'lib/dist/native/index.js')).href);
  const { privateKey, publicKey } = native.keygen();
  const env = { KONTRACT_KEY: privateKey, DATABASE_URL: databaseUrl, NODE_ENV: 'production' };
  await run(node.path, [CLI, 'build'], { cwd: APP, env: { ...process.env, ...env } });
  const server = await startServer({
    name: 'kontract',
    command: node.path,
    args: [CLI, 'start', '--port', String(port), '--dev-identity', 'bench'],
    cwd: APP,
    env,
    port,
  });
  const client = (file) => import(pathToFileURL(join(APP, 'dist/client', file)).href);
  const { api, kontract } = await client('rpc.js');
  const { routes } = await client('routes.js');
  if (!empty) {
    kontract.configure({ url: `http://127.0.0.1:${port}`, pins: [publicKey] });
    for (let from = 0; from < users.length; from += CHUNK) await api.addUsers(users.slice(from, from + CHUNK));
  }
  const load = (kind) => {
    const route = routes[ROUTES[kind]];
    const encode = (user) => Buffer.from(route.encodeArgs(argsOf[kind](user))).toString('base64');
    return {
      mode: 'raystream',
      address: `127.0.0.1:${port}`,
      websocket: kind.startsWith('ws_'),
      pin: publicKey,
      route: route.id,
      schemaHash: route.hash,
      calls: users.map((user) => ({ args: encode(user), expect: expected(user) })),
    };
  };
  const call = (kind, user) => api[ROUTES[kind]](...argsOf[kind](user));
  return { name: 'kontract', ...server.usage, cases: Object.keys(ROUTES), call, load, stop: server.stop };
}
