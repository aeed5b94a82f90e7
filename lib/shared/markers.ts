/**
 * What the compiler reads and removes. At run time each returns what it was given, so that a module
 * also works where no compiler has been.
 */
import type { Permission } from './perms.js';

export interface BackendOptions {
  ugroup?: string;
  perm?: Permission;
  egroup?: string;
}

export interface MiddlewareFilter {
  prefixurl?: string;
  egroup?: string;
  endpoints?: string[];
}

/** The standard spelling of `@backend(…)`. */
export function backend<F extends (...args: never[]) => unknown>(_options: BackendOptions, fn: F): F {
  return fn;
}

/** The standard spelling of `@mwfilter(…)`. */
export function mwfilter<M>(_filter: MiddlewareFilter, middleware: M): M {
  return middleware;
}

/** The middleware of a project: the default export of the module that lists it. */
export function defineMiddleware<M>(middleware: M[]): M[] {
  return middleware;
}
