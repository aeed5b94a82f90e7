/** One table within one call (spec 7.2): values outside, rows as JSON text inside. */
import type { NativeCall } from '../native/types.js';
import { CodecError } from '../codec/index.js';
import { InvalidRequestError, perms } from '../shared/index.js';
import { storageError } from './failure.js';
import type { TableCodec } from './module.js';

export interface TableProxy<T = unknown> extends AsyncIterable<T> {
  get(id: string): Promise<T | null>;
  set(id: string, value: T): Promise<void>;
  /** Merges `partial` into the row, one level deep; NOT_FOUND when there is none. */
  update(id: string, partial: Partial<T>): Promise<void>;
  /** False when there was no such row. */
  delete(id: string): Promise<boolean>;
  /** Adds at the end; resolves to the row's id. */
  push(value: T): Promise<string>;
  /** Takes the last row. */
  pop(): Promise<T | null>;
  /** Takes the first row. */
  shift(): Promise<T | null>;
  /** Rows that pass `filter`, in the order added or by a field. */
  query(filter: object, options?: QueryOptions): AsyncIterableIterator<T>;
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
  exec(sql: string, params?: unknown[]): Promise<never>;
}

export interface QueryOptions {
  orderBy?: string;
  direction?: 'asc' | 'desc';
  limit?: number;
  offset?: number;
  after?: string;
}

export function createTable(call: NativeCall, name: string, codec: TableCodec): TableProxy {
  const row = (json: string | null | undefined): unknown => (json == null ? null : codec.fromRow(json));

  async function* pages(query: string | null): AsyncIterableIterator<unknown> {
    let cursor: string | null = null;
    do {
      // Native code leaves an absent cursor out.
      const page: { rows: string[]; cursor?: string | null } = await stored(call.query(name, query, cursor));
      for (const json of page.rows) yield codec.fromRow(json);
      cursor = page.cursor ?? null;
    } while (cursor !== null);
  }

  /** The generated check of read-only fields. A call that may not read leaves it to the gateway, which checks again. */
  const guard = async (id: string, value: unknown): Promise<void> => {
    if (!codec.guard || (call.ctx.perm & perms.R__) === 0) return;
    // No second trip: the gateway looks at the row before it writes, and remembers it.
    const present = row(await stored(call.get(name, id)));
    if (present !== null) codec.guard(value, present);
  };

  return Object.freeze({
    get: async (id: string) => row(await stored(call.get(name, key(name, id)))),
    set: async (id: string, value: unknown) => {
      const json = written(name, () => codec.toRow(value, false));
      await guard(key(name, id), value);
      await stored(call.set(name, id, json));
    },
    update: async (id: string, partial: object) => {
      const json = written(name, () => codec.toRow(partial, true));
      await guard(key(name, id), partial);
      await stored(call.update(name, id, json));
    },
    delete: async (id: string) => await stored(call.delete(name, key(name, id))),
    push: async (value: unknown) => {
      const json = written(name, () => codec.toRow(value, false));
      return await stored(call.push(name, json));
    },
    pop: async () => row(await stored(call.pop(name))),
    shift: async () => row(await stored(call.shift(name))),
    query: (filter: object, options: QueryOptions = {}) => {
      const where = written(name, () => codec.toFilter(filter));
      // A limit that is no number is nothing in JSON: it must not pass for none.
      const rest = JSON.stringify(options, (_, value) => (typeof value === 'number' ? finite(name, value) : value));
      return pages(`{"where":${where}${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}}`);
    },
    [Symbol.asyncIterator]: () => pages(null),
    exec: async (): Promise<never> => {
      throw new Error(`env.storage.${name}.exec comes with a later version of Kontract; query() and get() are there`);
    },
  });
}

/** Text for the gateway; what a table cannot hold is the caller's mistake, and named. */
function written(table: string, write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const refused = new InvalidRequestError(`${table}.${error.message}`);
    refused.cause = error;
    throw refused;
  }
}

function finite(table: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new InvalidRequestError(`A query of ${table} cannot have ${value} rows`);
}

function key(table: string, id: unknown): string {
  if (typeof id === 'string') return id;
  throw new TypeError(`The id of a row of "${table}" is a string, this is ${id === null ? 'null' : typeof id}`);
}

/** Waits for the gateway; its failures become the errors their codes name. */
async function stored<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw storageError(error);
  }
}
