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

type Level = Callable & { [name: string]: Level };

/** A function, or a module that holds functions: which of the two is known when it is called. */
function level(path: readonly string[]): Level {
  const find = async (): Promise<Callable> => {
    const { api: compiled } = await client();
    let named = compiled as unknown as Level;
    for (const name of path) named = named?.[name] as Level;
    if (typeof named !== 'function')
      throw new TypeError(`There is no backend function '${path.join('.')}' in this build`);
    return named;
  };
  const call = async (...args: unknown[]): Promise<unknown> => await (await find())(...args);
  const raw = async (...args: unknown[]): Promise<unknown> => await (await find()).raw(...args);
  return new Proxy(call as unknown as Level, {
    get: (_, name) => (name === 'raw' ? raw : property(path, name)),
  });
}

/** `then`: an `await api` or a returned `api` must not look like a promise. */
function property(path: readonly string[], name: string | symbol): Level | undefined {
  return typeof name === 'symbol' || name === 'then' ? undefined : level([...path, name]);
}

export const api: Api = new Proxy(Object.freeze(Object.create(null)) as Api, {
  get: (_, name) => property([], name),
});

export const kontract: Kontract = {
  configure(options) {
    settings.push(options);
    void found?.then((compiled) => compiled.kontract.configure(options));
  },
};
