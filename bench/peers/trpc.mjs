// tRPC's standalone adapter with zod inputs: one procedure a request (no batching), one process.
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { stopOnSignal } from './database.mjs';
import { router } from './trpc-router.mjs';

const server = createHTTPServer({ router, allowBatching: false });
// As fastify has it: Node's own five seconds would hang up on connections that are looked at while they do nothing.
server.keepAliveTimeout = 72_000;
server.listen(Number(process.env.PORT), '127.0.0.1');
stopOnSignal(() => new Promise((done) => server.close(done)));
