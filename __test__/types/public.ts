// What a user's editor is told. Compiled, never run; `@ts-expect-error` lines must not compile.
import {
  HttpResp,
  NotFoundError,
  api,
  createClient,
  defineMiddleware,
  kontract,
  mwfilter,
  perms,
  type Context,
  type Env,
  type Json,
  type Storage,
  type TableTypes,
} from 'kontract';

interface Note {
  id: string;
  text: string;
  at: Date;
}

interface Place {
  id: string;
  name: string;
  kind: 'town' | 'village';
  people?: number;
  founded: Date | null;
  area: bigint;
  open: boolean;
  photo: Uint8Array;
  address: { city: string; gt?: number };
  names: Record<string, string>;
  tags: string[];
  more: Json;
}

interface Account {
  id: string;
  email: string;
  password: string;
}

declare module 'kontract' {
  interface Register {
    api: {
      addNote(text: string, at?: Date): Promise<Note>;
      users: { rename(id: string, name: string): Promise<void> };
    };
  }
  interface StorageRegistry {
    notes: Note;
    places: Place;
    // As the compiler writes it for fields with permissions, and for a table with a key it makes.
    accounts: TableTypes<Omit<Account, 'password'>, Account, Partial<Omit<Account, 'email'>>>;
    visits: TableTypes<{ _id: string; page: string }, { _id?: string; page: string }, Partial<{ page: string }>>;
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <T extends true>(): T | void => {};

export async function calls() {
  const note = await api.addNote('milk', new Date());
  yes<Equal<typeof note, Note>>();
  const raw = await api.addNote.raw('milk');
  yes<Equal<typeof raw.data, Note>>();
  yes<Equal<typeof raw.status, number>>();
  await api.users.rename('1', 'Ada');
  const { signal } = new AbortController();
  const hurried = api.addNote.with({ signal, timeoutMs: 5_000, idempotencyKey: 'a', metadata: { traceparent: '00' } });
  yes<Equal<Awaited<ReturnType<typeof hurried>>, Note>>();
  yes<Equal<Awaited<ReturnType<typeof hurried.raw>>['data'], Note>>();
  await api.users.rename.with({ timeoutMs: 1 }).with({ signal })('1', 'Ada');
  // @ts-expect-error no such option
  api.addNote.with({ timeout: 5 });
  // @ts-expect-error a number is no text
  await hurried(1);
  // @ts-expect-error a number is no text
  await api.addNote(1);
  // @ts-expect-error there is no such function
  await api.dropNote();
  // @ts-expect-error a missing argument
  await api.users.rename('1');
}

export async function storage(env: Env, tables: Storage) {
  const note = await env.storage.notes.get('1');
  yes<Equal<typeof note, Note | null>>();
  for await (const one of tables.get('notes').query({ text: 'milk' })) yes<Equal<typeof one, Note>>();
  await env.storage.notes.update('1', { text: 'oat milk' });
  // @ts-expect-error no such field
  await env.storage.notes.update('1', { texts: 'x' });
  // @ts-expect-error no such table
  await env.storage.nodes.get('1');
}

export async function queries(env: Env) {
  const { places, accounts } = env.storage;
  for await (const one of places.query(
    {
      name: { gte: 'a', lt: 'b', ne: 'aa', in: ['ab', 'ac'] },
      kind: { in: ['town', null] },
      people: { gt: 5 },
      founded: { ne: null, lt: new Date() },
      area: { gte: 5n },
      open: true,
      photo: { ne: new Uint8Array() },
      // `gt` is a field of the address.
      address: { city: 'Rome', gt: { gt: 3 } },
      names: { it: { gte: 'R' } },
      tags: ['new'],
      more: { any: ['thing'] },
    },
    { orderBy: 'people', direction: 'desc', limit: 10, offset: 5, after: 'rome' },
  )) {
    yes<Equal<typeof one, Place>>();
  }
  places.query({ name: undefined, people: null, kind: 'town' }, { orderBy: 'founded' });
  places.query({ people: { gte: undefined } }, { orderBy: 'open', limit: undefined });
  // @ts-expect-error no such field
  places.query({ nam: 'x' });
  // @ts-expect-error no such operator
  places.query({ people: { above: 5 } });
  // @ts-expect-error another kind of value
  places.query({ people: { gt: '5' } });
  // @ts-expect-error every row has a name
  places.query({ name: null });
  // @ts-expect-error bytes have no order
  places.query({ photo: { gt: new Uint8Array() } });
  // @ts-expect-error lists have no operators
  places.query({ tags: { in: [['new']] } });
  // @ts-expect-error nor are rows ordered by them
  places.query({}, { orderBy: 'tags' });
  // @ts-expect-error or by an object
  places.query({}, { orderBy: 'address' });
  // @ts-expect-error up or down
  places.query({}, { direction: 'up' });
  // @ts-expect-error a write-only field tells nothing
  accounts.query({ password: 'x' });
  // @ts-expect-error in no way
  accounts.query({}, { orderBy: 'password' });
}

export async function permissions(env: Env) {
  const account = await env.storage.accounts.get('1');
  yes<Equal<typeof account, Omit<Account, 'password'> | null>>();
  // @ts-expect-error a write-only field is in no row that was read
  void account?.password;
  await env.storage.accounts.update('1', { password: 'new' });
  // @ts-expect-error a read-only field does not change
  await env.storage.accounts.update('1', { email: 'new' });
  await env.storage.accounts.set('1', { id: '1', email: 'a', password: 'b' });
  // @ts-expect-error a row is written whole
  await env.storage.accounts.set('1', { id: '1', email: 'a' });
  for await (const one of env.storage.get('accounts')) {
    // @ts-expect-error not by iteration either
    void one.password;
  }
}

export async function madeKey(env: Env) {
  const id = await env.storage.visits.push({ page: '/' });
  yes<Equal<typeof id, string>>();
  const visit = await env.storage.visits.get(id);
  yes<Equal<typeof visit, { _id: string; page: string } | null>>();
  // @ts-expect-error a key is not changed
  await env.storage.visits.update(id, { _id: 'x' });
}

export default defineMiddleware([
  mwfilter({ egroup: 'v1', endpoints: ['addNote'] }, async (ctx: Context, next) => {
    if ((ctx.perm & perms.R__) === 0) throw new NotFoundError('nothing to see');
    return await next();
  }),
  async (_ctx, next) => {
    await next();
  },
]);

export const created: HttpResp<Note> = HttpResp.created({ id: '1', text: '', at: new Date() });
kontract.configure({ token: async () => undefined });
export const client = createClient({ url: 'http://127.0.0.1', pins: [], transport: 'websocket', WebSocket });
// @ts-expect-error no such transport
createClient({ transport: 'sse' });
export const stop: () => void = kontract.onState((state) => void state.toUpperCase());
export const unsubscribe: () => void = kontract.subscribe('notes', (event) => {
  if (event.type === 'insert') void [event.id, event.data?.['text']];
});
// @ts-expect-error no such table
kontract.subscribe('nodes', () => {});
// @ts-expect-error no such state
export const lost = client.state === 'lost';

export async function auth(env: Env, ctx: Context): Promise<string> {
  const body: Uint8Array | null = ctx.body;
  await env.auth.issue({ sub: 'ada', owner: 'acme', groups: ['admin'], perm: perms.R__, ttl: body?.length ?? 60 });
  // @ts-expect-error a token has a user
  await env.auth.issue({ groups: [] });
  // @ts-expect-error a mask has three bits
  await env.auth.issue({ sub: 'ada', perm: 8 });
  // @ts-expect-error seconds are a number
  return await env.auth.issue({ sub: 'ada', ttl: '1h' });
}
