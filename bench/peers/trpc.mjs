// tRPC's standalone adapter with zod inputs: one procedure a request (no batching), one process.
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { stopOnSignal } from './database.mjs';
import { router } from './trpc-router.mjs';

const server = createHTTPServer({ router, allowBatching: false });
server.listen(Number(process.env.PORT), '127.0.0.1');
stopOnSignal(() => new Promise((done) => server.close(done)));
