import { HttpError, defineMiddleware } from 'kontract';

export default defineMiddleware([
  // Every call of the group: one line with its duration.
  @mwfilter(egroup="v1")
  async (ctx, next) => {
    const started = performance.now();
    await next();
    console.log(`${ctx.method} ${ctx.path} ${(performance.now() - started).toFixed(1)} ms`);
  },

  // Only these endpoints: a header the client has to send to get rid of things.
  @mwfilter(endpoints=["clearDone"])
  async (ctx, next) => {
    if (ctx.perm !== perms.RWX) throw new HttpError('clearDone needs every permission', 403, 'FORBIDDEN');
    await next();
  },
]);
