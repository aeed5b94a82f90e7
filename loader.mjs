/**
 * Makes `import { api } from 'kontract'` work in Node: `node --import kontract/loader.mjs app.mjs`,
 * `import 'kontract/loader.mjs'` in a program, or `node --loader kontract/loader.mjs app.mjs`.
 */
import { isMainThread } from 'node:worker_threads';
import { install } from './lib/dist/dev/loader/install.js';

// With --loader Node evaluates this module on its hooks thread and calls `resolve` there.
export { resolve } from './lib/dist/dev/loader/hooks.js';

const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
const asLoader = /--(?:experimental-)?loader/.test(options);

if (isMainThread || !asLoader) install();
