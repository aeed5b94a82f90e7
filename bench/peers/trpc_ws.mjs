// tRPC's adapter for `ws`, as its documentation sets it up, one process.
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import { stopOnSignal } from './database.mjs';
import { router } from './trpc-router.mjs';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT) });
applyWSSHandler({ wss: server, router });
stopOnSignal(() => {
  for (const socket of server.clients) socket.terminate();
  return new Promise((done) => server.close(done));
});
