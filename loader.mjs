/**
 * Makes `import { api } from 'kontract'` work in Node: `node --import kontract/loader.mjs app.mjs`,
 * `import 'kontract/loader.mjs'` in a program, or `node --loader kontract/loader.mjs app.mjs`.
 *
 * With `--loader` Node calls the exports below on a thread of its own; otherwise this module installs
 * them itself.
 */
import { isMainThread } from 'node:worker_threads';

const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
const asLoader = /--(?:experimental-)?loader/.test(options);

if (!asLoader || isMainThread) {
  const { install } = await import('./lib/dist/dev/loader/install.js');
  install();
}

export async function resolve(specifier, context, next) {
  const hooks = await import('./lib/dist/dev/loader/hooks.js');
  return await hooks.resolve(specifier, context, next);
}
