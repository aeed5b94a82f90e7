// What a team would otherwise write: JSON over plain HTTP, `pg` for the rows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/steps.mjs';
import { install } from '../lib/node.mjs';
import { startServer } from '../lib/server.mjs';
import { expected, users } from './users.mjs';

const FOLDER = join(root, 'bench/peers');

const post = (path, value) => ({ method: 'POST', path, body: JSON.stringify(value) });

/** How each peer is asked, and where in its answer the value is. */
const PEERS = {
  fastify: {
    echo: (user) => post('/echo', user),
    read: ({ id }) => post('/read', { id }),
    value: (body) => body,
  },
  trpc: {
    echo: (user) => post('/echo', user),
    read: ({ id }) => ({ method: 'GET', path: `/read?input=${encodeURIComponent(JSON.stringify({ id }))}` }),
    value: (body) => body.result.data,
  },
};

export const peerNames = Object.keys(PEERS);

export const installPeers = () => install(FOLDER, 'Installing the peers');

/** Versions of what the peers are made of. */
export function peerVersions() {
  return {
    fastify: installed('fastify'),
    trpc: installed('@trpc/server'),
    zod: installed('zod'),
    pg: installed('pg'),
  };
}

const installed = (name) =>
  JSON.parse(readFileSync(join(FOLDER, 'node_modules', name, 'package.json'), 'utf8')).version;

/** Starts a peer. `load(case)` is what the generator is given, `call(case, user)` one call for checking. */
export async function startPeer(name, { node, databaseUrl, port }) {
  const peer = PEERS[name];
  const server = await startServer({
    name,
    command: node.path,
    args: [join(FOLDER, `${name}.mjs`)],
    cwd: FOLDER,
    env: { NODE_ENV: 'production', DATABASE_URL: databaseUrl, PORT: String(port) },
    port,
  });
  const call = async (kind, user) => {
    const { method, path, body } = peer[kind](user);
    const headers = body ? { 'content-type': 'application/json' } : {};
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body });
    return peer.value(await response.json());
  };
  const load = (kind) => ({
    mode: 'http-json',
    address: `127.0.0.1:${port}`,
    requests: users.map((user) => ({ ...peer[kind](user), expect: expected(user) })),
  });
  return { name, rssMb: server.rssMb, cpuSeconds: server.cpuSeconds, call, load };
}
