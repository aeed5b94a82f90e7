/** What client and server code have in common. */
export * from './errors.js';
export { HttpResp } from './http-resp.js';
export { backend, defineMiddleware, mwfilter, type BackendOptions, type MiddlewareFilter } from './markers.js';
export { perms, type Permission } from './perms.js';
