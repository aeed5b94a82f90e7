// What a team would otherwise write: JSON over plain HTTP or a WebSocket, `pg` for the rows.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
  trpc_ws: {
    ws_echo: (user) => ({ method: 'mutation', path: 'echo', input: JSON.stringify(user) }),
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
    ws: installed('ws'),
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
  const isSocket = name === 'trpc_ws';
  const call = async (kind, user) => {
    const asked = peer[kind](user);
    return peer.value(await (isSocket ? overSocket(port, asked) : overHttp(port, asked)));
  };
  const load = (kind) => ({
    mode: isSocket ? 'trpc-ws' : 'http-json',
    address: `127.0.0.1:${port}`,
    requests: users.map((user) => ({ ...peer[kind](user), expect: expected(user) })),
  });
  const { value: _, ...asks } = peer;
  return { name, ...server.usage, cases: Object.keys(asks), call, load };
}

async function overHttp(port, { path, ...asked }) {
  const headers = asked.body ? { 'content-type': 'application/json' } : {};
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...asked });
  return await response.json();
}

async function overSocket(port, { method, path, input }) {
  const { WebSocket } = createRequire(join(FOLDER, 'package.json'))('ws');
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  try {
    await once(socket, 'open');
    socket.send(JSON.stringify({ id: 1, method, params: { path, input: JSON.parse(input) } }));
    const [message] = await once(socket, 'message');
    return JSON.parse(message.toString());
  } finally {
    socket.close();
  }
}
