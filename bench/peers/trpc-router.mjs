// What both of tRPC's servers serve.
import { initTRPC, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { userById } from './database.mjs';

const User = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  age: z.number(),
  tags: z.array(z.string()),
});

const t = initTRPC.create({ isDev: false });

export const router = t.router({
  echo: t.procedure.input(User).mutation(({ input }) => input),
  read: t.procedure.input(z.object({ id: z.string() })).query(async ({ input }) => {
    const found = await userById(input.id);
    if (!found) throw new TRPCError({ code: 'NOT_FOUND' });
    return found;
  }),
});
