// A project as the compiler would emit it, with JSON in the place of FlatBuffers: what is tested here
// is the runtime around the codecs, not the codecs.
const encode = (value) => new TextEncoder().encode(JSON.stringify(value ?? null));

export const readReply = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** A server module with one table, `todos`, whose `due` is a date. */
export function project(handlers, meta = {}) {
  return {
    routes: new Map(
      Object.entries(handlers).map(([id, handler]) => [id, { handler, meta: { perm: 7, egroup: 'v1', ...meta } }]),
    ),
    codecs: Object.fromEntries(
      Object.keys(handlers).map((id) => [id, { decodeArgs: (bytes) => readReply(bytes), encodeReply: encode }]),
    ),
    tables: {
      todos: {
        primkey: 'id',
        toRow: (value) => JSON.stringify(value.due instanceof Date ? { ...value, due: value.due.getTime() } : value),
        toFilter: (filter) =>
          JSON.stringify(
            Object.entries(filter)
              .filter(([, value]) => value !== undefined)
              .map(([name, value]) => [[name], 'eq', value]),
          ),
        fromRow: (json) => {
          const value = JSON.parse(json);
          return value.due === undefined ? value : { ...value, due: new Date(value.due) };
        },
      },
    },
  };
}

/** One attempt of a call by Ada of Acme; storage methods are added by the test that needs them. */
export function call(route, args, { headers = [['x-trace', 'abc']] } = {}) {
  return {
    route,
    args: encode(args),
    attempt: 1,
    ctx: {
      sid: 'session-1',
      owner: 'acme',
      sub: 'ada',
      groups: ['staff'],
      perm: 7,
      method: 'POST',
      path: `/v1/${route}`,
    },
    headers,
    currentTxid: async () => 42n,
  };
}
