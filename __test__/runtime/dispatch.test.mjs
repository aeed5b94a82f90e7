import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForbiddenError, HttpError, HttpResp, NotFoundError, createDispatcher } from '../../lib/dist/runtime/index.js';
import { call, project, readReply } from './fixtures.mjs';

const silent = { log: () => {} };

async function outcome(handler, options = silent, over = {}) {
  const result = await createDispatcher(
    project({ work: handler }, over.meta),
    options,
  )(call('work', over.args ?? [], over));
  return result.ok ? { ...result, reply: readReply(result.reply) } : result;
}

describe('a reply', () => {
  it('is what the handler returned, with status 200', async () => {
    assert.deepEqual(await outcome((_, [name]) => ({ hello: name }), silent, { args: ['Ada'] }), {
      ok: true,
      reply: { hello: 'Ada' },
      status: 200,
      headers: [],
    });
  });

  it('takes status and headers from an HttpResp', async () => {
    const result = await outcome(() => HttpResp.created({ id: '1' }, { 'x-made': 'yes' }));
    assert.deepEqual(result, { ok: true, reply: { id: '1' }, status: 201, headers: [['x-made', 'yes']] });
    assert.deepEqual(await outcome(() => HttpResp.redirect('/there')), {
      ok: true,
      reply: null,
      status: 302,
      headers: [['Location', '/there']],
    });
  });
});

describe('an error', () => {
  it('of the HttpError family reaches the caller as it is', async () => {
    const { stack: _, ...result } = await outcome(() => {
      throw new NotFoundError('no such thing');
    });
    assert.deepEqual(result, { ok: false, code: 'NOT_FOUND', status: 404, message: 'no such thing' });
    assert.equal((await outcome(() => Promise.reject(new ForbiddenError()))).code, 'FORBIDDEN');
  });

  it('without a code gets the one of its status', async () => {
    assert.equal((await outcome(() => Promise.reject(new HttpError('?', 404)))).code, 'NOT_FOUND');
    assert.equal((await outcome(() => Promise.reject(new HttpError('?', 422)))).code, 'INVALID_REQUEST');
    assert.equal((await outcome(() => Promise.reject(new HttpError('?', 500)))).code, 'INTERNAL_ERROR');
  });

  it('of any other kind says nothing in production, and everything in the log', async () => {
    const lines = [];
    const result = await outcome(
      () => {
        throw new Error('password=hunter2', { cause: new Error('the cause') });
      },
      { log: (text) => lines.push(text) },
    );
    assert.deepEqual(result, { ok: false, code: 'INTERNAL_ERROR', status: 500, message: 'Internal error' });
    assert.match(lines[0], /work failed: Error: password=hunter2\n\s+at /);
    assert.match(lines[0], /the cause/);
  });

  it('shows its message and stack in development', async () => {
    const result = await outcome(() => Promise.reject(new Error('broken here')), { ...silent, development: true });
    assert.equal(result.message, 'broken here');
    assert.match(result.stack, /dispatch\.test\.mjs/);
  });

  it('need not be an Error', async () => {
    assert.equal((await outcome(() => Promise.reject('text'))).status, 500);
    assert.equal((await outcome(() => Promise.reject(undefined))).status, 500);
  });

  it('in the arguments is INVALID_REQUEST, and the function does not run', async () => {
    let ran = false;
    const dispatch = createDispatcher(project({ work: () => (ran = true) }), silent);
    const result = await dispatch({ ...call('work', []), args: new TextEncoder().encode('{broken') });
    assert.deepEqual(
      { code: result.code, status: result.status, ran },
      { code: 'INVALID_REQUEST', status: 400, ran: false },
    );
  });

  it('in the reply is ours, not the caller’s', async () => {
    const result = await outcome(() => 10n);
    assert.equal(result.code, 'INTERNAL_ERROR');
  });

  it('names no route that exists only on Object.prototype', async () => {
    const dispatch = createDispatcher(project({ work: () => 1 }), silent);
    for (const route of ['toString', '__proto__', 'constructor', 'nothing']) {
      const result = await dispatch({ ...call('work', []), route });
      assert.deepEqual([result.ok, result.code], [false, 'NOT_FOUND'], route);
    }
  });
});

describe('ctx', () => {
  it('carries the call, with headers as Headers', async () => {
    const { reply } = await outcome((ctx) => ({
      who: [ctx.owner, ctx.sub, ctx.sid, ctx.groups, ctx.perm, ctx.method, ctx.path, ctx.attempt],
      header: ctx.headers.get('X-Trace'),
      route: ctx.route,
    }));
    assert.deepEqual(reply.who, ['acme', 'ada', 'session-1', ['staff'], 7, 'POST', '/v1/work', 1]);
    assert.equal(reply.header, 'abc');
    assert.equal(reply.route.id, 'work');
  });

  it('leaves out headers that are none', async () => {
    const { reply } = await outcome((ctx) => [...ctx.headers].length, silent, {
      headers: [
        ['ok', '1'],
        ['not ok', '2'],
        ['bad', 'a\nb'],
      ],
    });
    assert.equal(reply, 1);
  });

  it('knows currentTxid when the compiler saw its use, else says how to get it', async () => {
    const seen = { meta: { usesTxid: true } };
    assert.equal((await outcome((ctx) => String(ctx.currentTxid), silent, seen)).reply, '42');
    const unseen = await outcome((ctx) => String(ctx.currentTxid), { ...silent, development: true });
    assert.match(unseen.message, /await ctx\.txid\(\)/);
    assert.equal((await outcome(async (ctx) => String(await ctx.txid()) + String(ctx.currentTxid))).reply, '4242');
  });
});
