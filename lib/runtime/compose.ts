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
      return current ? await around(current, ctx, env, () => run(index + 1)) : await handler(ctx, args, env);
    };
    return run(0);
  };
}

/** Calls one middleware; its `next()` is `rest`, once. The chains of compiled modules stand on this. */
export async function around(
  middleware: Middleware,
  ctx: Context,
  env: Env,
  rest: () => Promise<unknown>,
): Promise<unknown> {
  let inner: InnerReply | undefined;
  let failed = false;
  const next: Next = () => {
    if (inner) return Promise.reject(new Error('next() called multiple times'));
    inner = new InnerReply((settle) => settle(rest()));
    // A middleware may have stopped waiting (a lost race): its failure then has no listener,
    // and an unhandled rejection would end the server.
    Promise.prototype.then.call(inner, undefined, () => (failed = true));
    return inner;
  };
  const reply = await middleware(ctx, next, env);
  // A failure the middleware has seen and did not pass on is dealt with: there is no reply. One it
  // never looked at, because it did not await, is the call's failure.
  if (reply !== undefined || !inner || (failed && (inner as InnerReply).heard)) return reply;
  return await (inner as InnerReply);
}

/** What `next()` gives: it knows whether anybody has listened to it. */
class InnerReply extends Promise<unknown> {
  heard = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise is one
  override then<A = unknown, B = never>(
    fulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.heard = true;
    return super.then(fulfilled, rejected);
  }
}
