import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compose } from '../../lib/dist/runtime/index.js';

/** Runs a chain and returns its reply and the order things happened in. */
async function run(middleware, handler = () => 'handled') {
  const trace = [];
  const chain = compose(
    middleware.map((make) => make(trace)),
    async (ctx, args, env) => {
      trace.push('handler');
      return await handler(ctx, args, env);
    },
  );
  const outcome = await Promise.resolve(chain({ name: 'ctx' }, ['args'], { name: 'env' })).then(
    (reply) => ({ reply }),
    (error) => ({ error }),
  );
  return { ...outcome, trace };
}

const around = (name) => (trace) => async (_, next) => {
  trace.push(`${name} in`);
  await next();
  trace.push(`${name} out`);
};

describe('compose', () => {
  it('runs outermost first and unwinds in reverse', async () => {
    const { reply, trace } = await run([around('a'), around('b')]);
    assert.equal(reply, 'handled');
    assert.deepEqual(trace, ['a in', 'b in', 'handler', 'b out', 'a out']);
  });

  it('hands (ctx, next, env) to middleware and (ctx, args, env) to the handler', async () => {
    const seen = [];
    const chain = compose([(ctx, next, env) => (seen.push(ctx, env), next())], (...all) => void seen.push(...all));
    await chain('ctx', 'args', 'env');
    assert.deepEqual(seen, ['ctx', 'env', 'ctx', 'args', 'env']);
  });

  it('without middleware is the handler', async () => {
    assert.deepEqual(await run([]), { reply: 'handled', trace: ['handler'] });
  });

  it('lets a returned value replace the reply, undefined leave it, null count as a value', async () => {
    const returning = (value) => () => async (_, next) => (await next(), value);
    assert.equal((await run([returning('mine')])).reply, 'mine');
    assert.equal((await run([returning(undefined)])).reply, 'handled');
    assert.equal((await run([returning(null)])).reply, null);
    assert.equal((await run([returning('outer'), returning('inner')])).reply, 'outer');
  });

  it('gives next() the reply from further in', async () => {
    const shout = () => async (_, next) => `${await next()}!`;
    assert.equal((await run([shout, shout])).reply, 'handled!!');
  });

  it('skips the handler when next() is not called', async () => {
    assert.deepEqual(await run([() => async () => 'stopped']), { reply: 'stopped', trace: [] });
    assert.deepEqual(await run([() => async () => {}]), { reply: undefined, trace: [] });
  });

  it('rejects a second next() of the same middleware', async () => {
    const { error, trace } = await run([() => async (_, next) => (await next(), await next())]);
    assert.match(error.message, /next\(\) called multiple times/);
    assert.deepEqual(trace, ['handler']);
  });

  it('rejects a second next() even when both start at once', async () => {
    const { error } = await run([() => (_, next) => Promise.all([next(), next()])]);
    assert.match(error.message, /multiple times/);
  });

  it('passes errors outwards, through catch and finally', async () => {
    const trace = [];
    const { reply } = await run(
      [
        () => async (_, next) => {
          try {
            return await next();
          } catch (error) {
            trace.push(error.message);
            return 'saved';
          } finally {
            trace.push('finally');
          }
        },
      ],
      () => {
        throw new Error('boom');
      },
    );
    assert.equal(reply, 'saved');
    assert.deepEqual(trace, ['boom', 'finally']);
  });

  it('takes an error that was caught and not passed on as dealt with', async () => {
    const swallow = () => async (_, next) => {
      await next().catch(() => {});
    };
    assert.deepEqual(
      await run([swallow], () => {
        throw new Error('boom');
      }),
      { reply: undefined, trace: ['handler'] },
    );
  });

  it('turns a synchronous throw into a rejection', async () => {
    const { error } = await run([
      () => () => {
        throw new Error('at once');
      },
    ]);
    assert.equal(error.message, 'at once');
  });

  it('waits for a next() nobody awaited', async () => {
    const { reply } = await run([() => (_, next) => void next()], async () => {
      await sleep(5);
      return 'late';
    });
    assert.equal(reply, 'late');
  });

  it('fails with what a next() nobody awaited fails with, however soon', async () => {
    for (const delay of [0, 5]) {
      const { error } = await run([() => (_, next) => void next()], async () => {
        if (delay > 0) await sleep(delay);
        throw new Error('unseen');
      });
      assert.equal(error?.message, 'unseen');
      // The outer one takes its time: the failure is there before it ends.
      const late = await run(
        [
          () => async (_, next) => {
            next();
            await sleep(10);
          },
        ],
        () => {
          throw new Error('unseen');
        },
      );
      assert.equal(late.error?.message, 'unseen');
    }
  });

  it('survives a handler that fails after its race was lost', async () => {
    const { reply } = await run(
      [() => async (_, next) => await Promise.race([next(), sleep(1, 'too slow')])],
      async () => {
        await sleep(10);
        throw new Error('nobody listens');
      },
    );
    assert.equal(reply, 'too slow');
    await sleep(20);
  });

  it('keeps concurrent calls of one chain apart', async () => {
    const chain = compose([async (ctx, next) => `${ctx} ${await next()}`], async (ctx) => {
      await sleep(ctx % 3);
      return ctx;
    });
    const replies = await Promise.all([1, 2, 3, 4].map((ctx) => chain(ctx, [], {})));
    assert.deepEqual(replies, ['1 1', '2 2', '3 3', '4 4']);
  });

  it('refuses what is not a function, when it is made', () => {
    assert.throws(() => compose([async () => {}, 'logger'], () => {}), /Middleware 1 is string/);
  });
});
