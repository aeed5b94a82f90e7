/**
 * Middleware around a handler. The reference semantics are koa-compose's; the compiler's spliced
 * chains must not be distinguishable from this.
 */
import type { Context } from './context.js';
import type { Env } from './env.js';

export type Next = () => Promise<unknown>;
export type Middleware = (ctx: Context, next: Next, env: Env) => unknown;
export type Handler = (ctx: Context, args: unknown[], env: Env) => unknown;

/**
 * One handler made of `middleware`, outermost first, and `handler`.
 *
 * A middleware that returns a value replaces the reply; `undefined` leaves the one from further in,
 * or none when it never called `next`. A second `next()` of one middleware rejects.
 */
export function compose(middleware: readonly Middleware[], handler: Handler): Handler {
  for (const [index, fn] of middleware.entries()) {
    if (typeof fn !== 'function') throw new TypeError(`Middleware ${index} is ${typeof fn}, not a function`);
  }
  return (ctx, args, env) => {
    const run = async (index: number): Promise<unknown> => {
      const current = middleware[index];
      if (!current) return await handler(ctx, args, env);
      let inner: Promise<unknown> | undefined;
      let failed = false;
      const next: Next = () => {
        if (inner) return Promise.reject(new Error('next() called multiple times'));
        inner = run(index + 1);
        // A middleware may have stopped waiting (a lost race): its failure then has no listener,
        // and an unhandled rejection would end the server.
        inner.catch(() => (failed = true));
        return inner;
      };
      const reply = await current(ctx, next, env);
      // A failure the middleware has seen and did not pass on is dealt with: there is no reply.
      if (reply !== undefined || failed) return reply;
      return await inner;
    };
    return run(0);
  };
}
