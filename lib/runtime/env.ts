/** What a call can reach: the `env` of backend functions and middleware. */
import { NotFoundError } from '../shared/index.js';
import type { NativeCall } from '../native/types.js';
import { createAuth, type Auth } from './auth.js';
import type { ServerModule } from './module.js';
import { closest } from './suggest.js';
import { createTable, type TableProxy } from './table.js';

export interface Env {
  /** `env.storage.todos` and `env.storage.get('todos')` are the same table. */
  readonly storage: Storage;
  readonly auth: Auth;
  readonly shared: never;
  readonly defer: never;
}

export type Storage = { get(table: string): TableProxy } & Record<string, TableProxy>;

export function createEnv(call: NativeCall, module: ServerModule): Env {
  return {
    storage: createStorage(call, module.tables),
    auth: createAuth(call),
    get shared(): never {
      throw new Error('env.shared comes with a later version of Kontract; keep the value in a table for now');
    },
    get defer(): never {
      throw new Error('env.defer comes with a later version of Kontract; do the work in the call for now');
    },
  };
}

function createStorage(call: NativeCall, codecs: ServerModule['tables']): Storage {
  const open = new Map<string, TableProxy>();
  const table = (name: string): TableProxy => {
    let proxy = open.get(name);
    if (!proxy) {
      const codec = Object.hasOwn(codecs, name) ? codecs[name] : undefined;
      if (!codec) throw new NotFoundError(unknownTable(String(name), Object.keys(codecs)));
      proxy = createTable(call, name, codec);
      open.set(name, proxy);
    }
    return proxy;
  };
  const target: object = Object.freeze(Object.create(null));
  return new Proxy(target as Storage, {
    get(_, name) {
      // `await env.storage` asks for `then`, consoles ask for symbols: neither is a table.
      if (typeof name === 'symbol' || (name === 'then' && !Object.hasOwn(codecs, name))) return undefined;
      return name === 'get' ? table : table(name);
    },
    has: (_, name) => typeof name === 'string' && (name === 'get' || Object.hasOwn(codecs, name)),
  });
}

function unknownTable(name: string, known: string[]): string {
  const similar = closest(name, known);
  const hint = similar
    ? `did you mean "${similar}"?`
    : known.length > 0
      ? `this project has ${known.map((id) => `"${id}"`).join(', ')}`
      : 'this project has no tables: an interface with @primkey makes one';
  return `There is no table "${name}"; ${hint}`;
}
