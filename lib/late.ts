/**
 * `api` and `kontract` for modules that were linked before the loader came: they find the compiled
 * client at the first call. Calls are asynchronous anyway.
 */
import type { Api, Kontract } from './index.js';

/** Where the loader leaves the way to the compiled client. */
export const CLIENT = Symbol.for('kontract.client');

export interface CompiledClient {
  api: Record<string, Callable>;
  kontract: { configure(options: object): void };
}

export type ClientSource = () => Promise<CompiledClient>;

type Callable = ((...args: unknown[]) => Promise<unknown>) & { raw(...args: unknown[]): Promise<unknown> };

const settings: object[] = [];
let found: Promise<CompiledClient> | undefined;

async function client(): Promise<CompiledClient> {
  const source = (globalThis as { [CLIENT]?: ClientSource })[CLIENT];
  if (!source) {
    throw new Error(
      "'kontract' was imported without its loader, so there is no compiled client. " +
        'Run: node --import kontract/loader.mjs app.mjs. In a page, let `kontract dev` or `kontract build` bundle it; ' +
        'inside a backend function, import the other function and call it.',
    );
  }
  found ??= source().then((compiled) => {
    for (const options of settings.splice(0)) compiled.kontract.configure(options);
    return compiled;
  });
  return await found;
}

async function route(name: string): Promise<Callable> {
  const compiled = await client();
  return compiled.api[name] as Callable;
}

function callable(name: string): Callable {
  const call = async (...args: unknown[]): Promise<unknown> => await (await route(name))(...args);
  return Object.assign(call, { raw: async (...args: unknown[]) => await (await route(name)).raw(...args) });
}

export const api: Api = new Proxy(Object.freeze(Object.create(null)) as Api, {
  // `then`: an `await api` or a returned `api` must not look like a promise.
  get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : callable(name)),
});

export const kontract: Kontract = {
  configure(options) {
    settings.push(options);
    void found?.then((compiled) => compiled.kontract.configure(options));
  },
};
