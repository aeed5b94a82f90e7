/** The off-thread form of the loader: what `module.register` and `--loader` call. */
import type { ResolveHook } from 'node:module';
import { native } from '../../native/index.js';
import { Loader } from './core.js';

const loader = new Loader(native);

export const resolve: ResolveHook = async (specifier, context, next) => {
  const url = loader.resolve(specifier, context.parentURL);
  return url === undefined ? await next(specifier, context) : { url, format: 'module', shortCircuit: true };
};
