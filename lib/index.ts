/**
 * `kontract` where no compiler stands in between: on the server, and in modules that were linked
 * before the loader was there. A project's own client code gets its compiled client instead.
 */
export type Api = object;

export interface Kontract {
  configure(options: object): void;
}

export { api, kontract } from './late.js';
export * from './client/index.js';
