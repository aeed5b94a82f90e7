// Every row of the table in docs/design/compiler-middleware.md: whether it is spliced, and that it
// does the same either way. Each is tried around a handler that replies and one that throws, alone
// and between two neighbours, in both spellings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bothWays } from './run.mjs';

const SPLICED = {
  'await next()': 'async (c, next) => { c.t(1); await next(); c.t(2); }',
  'a name for its reply': 'async (c, next) => { const x = await next(); c.t(x); }',
  'one of several names': 'async (c, next) => { const a = c.t(1), x = await next(), b = c.t(2); c.t(a, x, b); }',
  'a pattern for its reply': "async (c, next) => { const { length = 'none' } = await next(); c.t(length); }",
  'an assignment of its reply': 'async (c, next) => { let x; x = await next(); return `${x}!`; }',
  'return await next()': 'async (c, next) => { c.t(1); return await next(); }',
  'return next() outside of a try': 'async (c, next) => { c.t(1); return next(); }',
  'an expression': '(c, next) => next()',
  'an awaited expression': 'async (c, next) => await next()',
  'no next at all': "async (c) => { c.t(1); return 'mine'; }",
  'nothing at all': 'async () => {}',
  'in an if': 'async (c, next) => { if (c.flag(0)) await next(); c.t(1); }',
  'an early return': "async (c, next) => { if (c.flag(0)) return 'early'; await next(); c.t(1); }",
  'a return after it': "async (c, next) => { await next(); if (c.flag(0)) return; return 'late'; }",
  'null is a reply': 'async (c, next) => { await next(); return null; }',
  'a promise returned': "async (c, next) => { await next(); return c.sleep(5, 'slow'); }",
  'a promise of nothing returned': 'async (c, next) => { await next(); return c.sleep(5); }',
  'a rejection returned in a try passes its catch':
    "async (c, next) => { await next(); try { return Promise.reject(new Error('mine')); } catch { return 'caught'; } }",
  'in a try': "async (c, next) => { try { await next(); } catch (error) { c.t(error.message); return 'saved'; } }",
  'a failure that was dealt with': 'async (c, next) => { try { await next(); } catch (error) { c.t(error.message); } }',
  'return await in a try':
    "async (c, next) => { try { return await next(); } catch (error) { return 'saved'; } finally { c.t('finally'); } }",
  'a finally that takes a reply back':
    "async (c, next) => { loop: for (;;) { try { return 'mine'; } finally { break loop; } } await next(); }",
  'a finally that throws':
    "async (c, next) => { await next(); try { try { return 'mine'; } finally { if (c.flag(0)) throw new Error('f'); } } catch (e) { c.t(e.message); } }",
  'in a switch':
    'async (c, next) => { switch (c.flag(0)) { case true: await next(); break; default: c.t(1); } c.t(2); }',
  'out of loops':
    'async (c, next) => { await next(); for (const x of [1, 2]) { for (;;) { if (c.flag(0)) return x; break; } } }',
  'a parameter taken apart': 'async ({ t, flag }, next) => { t(flag(0)); await next(); }',
  'a parameter written to': "async (c, next) => { c = Object.create(c); c.t = () => {}; await next(); c.t('unseen'); }",
  'the environment': 'async (c, next, { name }) => { c.t(name); await next(); }',
  'hoisted functions and variables':
    "async (c, next) => { c.t(f(), typeof late); await next(); var late = 1; function f() { return 'f'; } }",
  'a shorthand property': 'async (c, next, env) => { c.t({ env }.env.name, Object.keys({ c })); await next(); }',
  'names of its own':
    'async (c, next) => { const ctx = 1, env = 2, args = 3, handler = 4, inner = 5, reply = 6; await next(); c.t(ctx, env, args, handler, inner, reply); }',
  'a label of the same name':
    'async (c, next) => { middleware_0: for (;;) { break middleware_0; } await next(); c.t(1); }',
  'a function': 'async function (c, next) { c.t(1); await next(); }',
  'not async': "(c, next) => { if (c.flag(0)) return 'no'; return next(); }",
  'a throw': "async (c, next) => { if (c.flag(0)) throw new Error('stop'); await next(); }",
};

const CALLED = {
  'two sites': 'async (c, next) => { if (c.flag(0)) await next(); else await next(); }',
  'a second call': 'async (c, next) => { await next(); await next(); }',
  'a loop':
    'async (c, next) => { for (let i = 0; i < 2; i++) { try { return await next(); } catch (error) { c.t(error.message); } } }',
  'not awaited': 'async (c, next) => { next(); c.t(1); }',
  'not awaited in a try': "async (c, next) => { try { return next(); } catch { return 'caught'; } }",
  'not awaited with a finally': "async (c, next) => { try { return next(); } finally { c.t('finally'); } }",
  'in a finally': 'async (c, next) => { try { c.t(1); } finally { await next(); } }',
  'in a function': 'async (c, next) => { const f = async () => { await next(); }; await f(); }',
  'passed on': 'async (c, next) => { const run = (f) => f(); await run(next); }',
  'in a race': "async (c, next) => { return await Promise.race([next(), c.sleep(1, 'slow')]); }",
  'in an expression': 'async (c, next) => { return c.t(1) + (await next()); }',
  'a name that is another one': 'async (c, next) => { const again = next; await again(); }',
  'a function of its name': "async (c, next) => { async function next() { c.t('own'); } await next(); }",
  'written to': "async (c, next) => { next = async () => 'mine'; return await next(); }",
  arguments: 'async function (c, next) { c.t(arguments.length); await next(); }',
  'the rest of its arguments': 'async (c, ...rest) => { c.t(rest.length); await rest[0](); }',
  this: 'async function (c, next) { c.t(typeof this); await next(); }',
  'a tagged template': 'async (c, next) => { c.t(String.raw`x`); await next(); }',
  'a variable of a parameter': 'async (c, next) => { var c = c; c.t(1); await next(); }',
  'a function whose name would have to change':
    'async (c, next) => { const handler = () => {}; c.t(handler.name); await next(); }',
  'a function that knows its name': 'async function self(c, next) { c.t(self.name); await next(); }',
};

const HANDLERS = { replies: "return 'handled';", silent: '', throws: "throw new RangeError('handler');" };
const NEIGHBOUR =
  "async (c, next) => { let outside = 'a'; c.t('in', outside); try { await next(); } finally { c.t('out'); } }";

const rows = [
  ...Object.entries(SPLICED).map(([row, text]) => ({ row, text, calls: 0 })),
  ...Object.entries(CALLED).map(([row, text]) => ({ row, text, calls: 1 })),
];

test('every row does the same spliced and called', async (t) => {
  const { spliced, called } = await bothWays(t, project(), [0, 1]);
  for (const [index, { row, calls }] of rows.entries()) {
    await t.test(row, () => {
      for (const handler of Object.keys(HANDLERS)) {
        for (const route of [`${handler}${index}`, `${handler}Between${index}`]) {
          assert.deepEqual(spliced.seen[route], called.seen[route]);
          assert.ok(called.seen[route][0].length > 0);
          const chain = chainOf(spliced, route);
          // The neighbours can be spliced: what is called is the middleware the row is about.
          assert.equal(chain.split('await __kontract_around(').length - 1, calls, chain);
        }
      }
    });
  }
});

/** The function a route's handler calls. */
function chainOf({ file }, route) {
  const name = file('src/api.js').match(new RegExp(`(__kontract_chain_\\w+)\\(ctx, args, env, ${route}\\)`))[1];
  const [, text] = file('src/middleware.js').match(new RegExp(`(export async function ${name}\\([\\s\\S]*?)\n}\n`));
  return text;
}

/** Every row alone and between neighbours, for a handler that replies, one that has nothing to say and one that throws. */
function project() {
  const middleware = ["import { defineMiddleware, mwfilter } from 'kontract';", 'export default defineMiddleware(['];
  const api = [];
  for (const [index, { text }] of rows.entries()) {
    for (const [name, end] of Object.entries(HANDLERS)) {
      for (const group of [`${name}${index}`, `${name}Between${index}`]) {
        const body = `{ await ctx.sleep(3); ctx.t('handler', x); ${end} }`;
        api.push(`@backend(egroup="${group}") export async function ${group}(x: number): Promise<string> ${body}`);
        const between = group.includes('Between');
        if (between) middleware.push(`mwfilter({ egroup: '${group}' }, ${NEIGHBOUR}),`);
        middleware.push(
          between ? `@mwfilter(egroup="${group}") ${text},` : `mwfilter({ egroup: '${group}' }, ${text}),`,
        );
        if (between) middleware.push(`@mwfilter(egroup="${group}") ${NEIGHBOUR},`);
      }
    }
  }
  return { 'src/api.ts': api.join('\n'), 'src/middleware.ts': [...middleware, ']);'].join('\n') };
}
