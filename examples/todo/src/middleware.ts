import { HttpError, defineMiddleware } from 'kontract';

export default defineMiddleware([
  // Every call of the group: one line with its duration.
  @mwfilter(egroup="v1")
  async (ctx, next) => {
    const started = performance.now();
    await next();
    console.log(`${ctx.method} ${ctx.path} ${(performance.now() - started).toFixed(1)} ms`);
  },

  // Only these endpoints: what clears things away wants every permission, whatever the route says.
  @mwfilter(endpoints=["clearDone"])
  async (ctx, next) => {
    if (ctx.perm !== perms.RWX) throw new HttpError('clearDone needs every permission', 403, 'FORBIDDEN');
    await next();
  },
]);
