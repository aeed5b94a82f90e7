/**
 * `kontract/runtime`: what a compiled server module stands on. No host, no native code.
 */
export { around, compose, type Handler, type Middleware, type Next } from './compose.js';
export { createDispatcher, type DispatcherOptions } from './dispatch.js';
export type { Auth, NewToken } from './auth.js';
export type { PlainCodec } from './plain.js';
export type { Context } from './context.js';
export type { Env } from './env.js';
export type { TableProxy } from './table.js';
export type { Route, RouteMeta, ServerModule, TableCodec } from './module.js';
export * from '../shared/index.js';
