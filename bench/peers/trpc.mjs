// tRPC's standalone adapter with zod inputs: one procedure a request (no batching), one process.
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { z } from 'zod';
import { stopOnSignal, userById } from './database.mjs';

const User = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  age: z.number(),
  tags: z.array(z.string()),
});

const t = initTRPC.create({ isDev: false });

const router = t.router({
  echo: t.procedure.input(User).mutation(({ input }) => input),
  read: t.procedure.input(z.object({ id: z.string() })).query(async ({ input }) => {
    const found = await userById(input.id);
    if (!found) throw new TRPCError({ code: 'NOT_FOUND' });
    return found;
  }),
});

const server = createHTTPServer({ router, allowBatching: false });
server.listen(Number(process.env.PORT), '127.0.0.1');
stopOnSignal(() => new Promise((done) => server.close(done)));
