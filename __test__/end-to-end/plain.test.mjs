// Calls as JSON over HTTPS: the same checks, codecs and transaction as raystream, for those who have only fetch.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, write } from '../support/project.mjs';

const SECRET = 'a secret of these tests, thirty-two bytes long at least';
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims) {
  const body = `${encode({ alg: 'HS256' })}.${encode({ exp: Math.floor(Date.now() / 1000) + 600, sub: 'ada', ...claims })}`;
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}

const SOURCE = `import { HttpResp, NotFoundError, type int32 } from 'kontract';
import { createHmac } from 'node:crypto';

export interface Note { @primkey id: string; text: string; }
export interface Everything {
  at: Date; big: bigint; bytes: Uint8Array; list: (string | number)[]; maybe?: boolean; none: string | null;
  tags: Record<string, int32>; nested: { day: Date }[];
}

@backend(perm=perms.R__) export async function everything(value: Everything): Promise<Everything> { return value; }
@backend(perm=perms.R__, egroup="v1") export async function add(a: number, b: number = 1): Promise<number> { return a + b; }
@backend(perm=perms.RW_) export async function addNote(text: string): Promise<HttpResp<Note>> {
  const id = await env.storage.notes.push({ id: crypto.randomUUID(), text });
  return new HttpResp({ id, text, secret: 'not part of the type' } as Note, 201, { location: '/notes/' + id, 'x-note': 'yes' });
}
@backend(perm=perms.R__) export async function count(): Promise<number> {
  let n = 0; for await (const _ of env.storage.notes) n++; return n;
}
@backend(perm=perms.R__) export async function away(): Promise<HttpResp<null>> { return HttpResp.redirect('https://example.com/x'); }
@backend(perm=perms.R__) export async function nothing(): Promise<HttpResp<null>> { return HttpResp.noContent(); }
@backend(perm=perms.R__) export async function page(): Promise<HttpResp<string>> {
  return new HttpResp('<p>hello</p>', 200, { 'content-type': 'text/html' });
}
@backend(perm=perms.R__) export async function missing(): Promise<string> { throw new NotFoundError('no such thing'); }
@backend(perm=perms.R__) export async function broken(): Promise<string> { throw new Error('a secret of the server'); }
@backend(perm=perms.RW_) export async function badHeader(): Promise<HttpResp<string>> {
  await env.storage.notes.push({ id: crypto.randomUUID(), text: 'must not stay' });
  return new HttpResp('x', 200, { 'x-bad': 'a\\r\\nset-cookie: b=c' });
}
@backend(ugroup="admin", perm=perms.R__) export async function admin(): Promise<string> { return 'admin'; }
@backend(perm=perms.R__) export async function seen(): Promise<string> {
  const names = ['cookie', 'authorization', 'x-custom', 'traceparent', 'content-type'];
  return [ctx.method, ctx.path, ctx.sub, ...names.map((name) => ctx.headers.get(name))].join(' ');
}
export interface Event { type: string; }
@backend(perm=perms.R__) export async function hook(event: Event): Promise<string> {
  const signed = createHmac('sha256', 'hook').update(ctx.body ?? new Uint8Array()).digest('hex') === ctx.headers.get('x-signature');
  return [event.type, signed, ctx.sub].join(' ');
}
@backend(perm=perms.R__) export async function closed(): Promise<string> { return 'closed'; }
`;

const OPEN = [
  'everything',
  'add',
  'addNote',
  'count',
  'away',
  'nothing',
  'page',
  'missing',
  'broken',
  'badHeader',
  'admin',
  'seen',
  'hook',
];

test('calls as JSON over HTTPS', async (t) => {
  const folder = project(t, { 'src/api.ts': SOURCE });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  const config = { pins: [keys.publicKey], httpRoutes: OPEN, auth: { public: ['hook'] } };
  write(folder, { 'kontract.config.json': JSON.stringify(config) });
  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
  assert.equal(built.code, 0, built.stdout);
  const databaseUrl = await database(t);
  const env = { DATABASE_URL: databaseUrl, KONTRACT_KEY: keys.privateKey, KONTRACT_JWT_SECRET: SECRET };
  const server = await start(process.execPath, [cli, 'start', '--port', '0'], {
    cwd: folder,
    env,
    ready: /serving on (http\S+)/,
  });
  cleanup(t, server.stop);
  const url = server.match[1];

  const post = async (path, body, { bearer = token(), type = 'application/json', headers = {} } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...(type && { 'content-type': type }),
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  };
  const failure = async (...request) => {
    const { status, json, text } = await post(...request);
    assert.ok(json?.error, `${status} ${text}`);
    assert.equal(json.error.status, status);
    return `${status} ${json.error.code} ${json.error.message}`;
  };

  await t.test('values', async () => {
    const value = {
      at: '2026-01-31T12:00:00.000Z',
      big: '9223372036854775807',
      bytes: 'AP8=',
      list: ['a', 1],
      maybe: true,
      none: null,
      tags: { a: 1 },
      nested: [{ day: '2026-01-31T00:00:00.000Z' }],
    };
    assert.deepEqual((await post('/everything', { args: [value] })).json, value);
    const looser = { ...value, big: 12, nested: [{ day: '2026-01-31' }] };
    assert.deepEqual((await post('/everything', looser)).json, { ...value, big: '12' }, 'the body is the argument');
    assert.equal((await post('/v1/add', { args: [1, 2] })).json, 3);
    assert.equal((await post('/v1/add', { args: [1] })).json, 2);
    assert.equal((await post('/v1/add', '1')).json, 2);
    assert.equal((await post('/count', '')).json, 0, 'no body, no arguments');
    for (const [change, path] of [
      [{ at: 'yesterday' }, /args\.value\.at: expected a date/],
      [{ at: 1 }, /args\.value\.at: expected a date as text.*got number/],
      [{ at: '2026-01-31T12:00:00' }, /args\.value\.at: expected a date/],
      [{ big: 2 ** 53 }, /args\.value\.big: expected a whole number; beyond 2\^53 as text/],
      [{ big: '1e5' }, /args\.value\.big/],
      [{ big: '9223372036854775808' }, /args\.value\.big: does not fit into 64 bits/],
      [{ bytes: '***' }, /args\.value\.bytes: expected base64/],
      [{ tags: { a: 1.5 } }, /args\.value\.tags/],
      [{ nested: [{}] }, /args\.value\.nested\[0\]\.day/],
      [{ none: undefined }, /args\.value\.none/],
    ]) {
      const answer = await failure('/everything', { args: [{ ...value, ...change }] });
      assert.match(answer, /^400 INVALID_REQUEST /);
      assert.match(answer, path);
    }
    assert.match(await failure('/v1/add', { args: [1, 2, 3] }), /^400 INVALID_REQUEST args: expected 2 at most, got 3/);
    assert.match(await failure('/v1/add', { args: [] }), /^400 INVALID_REQUEST args\.a/);
    assert.match(await failure('/v1/add', [1, 2]), /^400 INVALID_REQUEST args\.a: expected number, got an array/);
  });

  await t.test('status and headers as the function gave them', async () => {
    const note = await post('/addNote', { args: ['milk'] });
    assert.deepEqual(
      [note.status, note.headers.get('location'), note.headers.get('x-note')],
      [201, `/notes/${note.json.id}`, 'yes'],
    );
    assert.deepEqual(Object.keys(note.json), ['id', 'text'], 'what the type lacks does not leave');
    const away = await post('/away', '');
    assert.deepEqual([away.status, away.headers.get('location'), away.text], [302, 'https://example.com/x', '']);
    const nothing = await post('/nothing', '');
    assert.deepEqual([nothing.status, nothing.text, nothing.headers.get('content-type')], [204, '', null]);
    const page = await post('/page', '');
    assert.deepEqual([page.text, page.headers.get('content-type')], ['<p>hello</p>', 'text/html']);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    const before = (await post('/count', '')).json;
    assert.match(await failure('/badHeader', ''), /^500 INTERNAL_ERROR/);
    assert.equal((await post('/count', '')).json, before, 'a reply that cannot be sent takes no effect');
  });

  await t.test('errors', async () => {
    assert.equal(await failure('/missing', ''), '404 NOT_FOUND no such thing');
    assert.equal(await failure('/broken', ''), '500 INTERNAL_ERROR Internal error');
    assert.match(await failure('/v1/add', '{"args":[1'), /^400 INVALID_REQUEST The body is not JSON/);
    assert.match(
      await failure('/v1/add', new Uint8Array([0x22, 0xff, 0x22])),
      /^400 INVALID_REQUEST The body is not JSON/,
    );
    assert.match(await failure('/v1/add', '['.repeat(200_000)), /^400 INVALID_REQUEST/);
    const nested = `{"args":[${'['.repeat(5000)}${']'.repeat(5000)}]}`;
    assert.match(await failure('/everything', nested), /^400 INVALID_REQUEST/);
    assert.match(
      await failure('/everything', '{"args":[{"__proto__":{"at":"2026-01-31"},"tags":{"__proto__":1}}]}'),
      /^400 INVALID_REQUEST/,
    );
    // The server answers before it has read all, and closes: fetch may find the connection gone first.
    let large;
    while (!large) large = await post('/v1/add', `"${'x'.repeat(2 * 1024 * 1024)}"`).catch(() => undefined);
    assert.equal(large.status, 413);
    for (const path of [
      '/add',
      '/v1/adds',
      '/v2/add',
      '/v1/closed',
      '/closed',
      '//closed',
      '/v1/add/',
      '/__proto__',
      '/v1/add%00',
    ]) {
      assert.equal(await failure(path, { args: [1] }), '404 NOT_FOUND There is nothing to call here', path);
    }
    assert.equal((await fetch(`${url}/v1/add`)).status, 405, 'POST only');
  });

  await t.test('who calls', async () => {
    const none = await post('/v1/add', { args: [1] }, { bearer: null });
    assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer']);
    const cookie = { cookie: `token=${token()}; authorization=Bearer ${token()}` };
    assert.match(await failure('/v1/add', '1', { bearer: null, headers: cookie }), /^401 UNAUTHORIZED/);
    const basic = { authorization: `Basic ${Buffer.from('ada:x').toString('base64')}` };
    assert.match(await failure('/v1/add', '1', { bearer: null, headers: basic }), /^401 UNAUTHORIZED/);
    assert.match(await failure('/v1/add', '1', { bearer: 'x.y.z' }), /^401 UNAUTHORIZED/);
    assert.match(
      await failure('/v1/add', '1', { bearer: token({ exp: 1 }) }),
      /^401 UNAUTHORIZED The token has expired/,
    );
    assert.match(await failure('/admin', ''), /^403 FORBIDDEN/);
    assert.equal((await post('/admin', '', { bearer: token({ groups: ['admin'] }) })).json, 'admin');
    assert.match(await failure('/addNote', '"x"', { bearer: token({ perm: 4 }) }), /^403 FORBIDDEN/);
    assert.equal((await post('/count', '', { bearer: token({ sub: 'bob' }) })).json, 0, "another owner's rows");
  });

  await t.test('a page of another origin cannot make a browser call', async () => {
    // What a form or fetch() can send without asking first: these types, and cookies.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', null]) {
      const answer = await failure('/v1/add', new Uint8Array([0x31]), { type });
      assert.match(answer, /^415 INVALID_REQUEST/, type);
    }
    assert.equal((await post('/v1/add', '1', { type: 'application/json; charset=utf-8' })).json, 2);
  });

  await t.test('what the function sees', async () => {
    const headers = { cookie: 'a=b', 'x-custom': 'c', traceparent: '00-1' };
    assert.equal((await post('/seen', '', { headers })).json, 'POST /seen ada   c 00-1 application/json');
    const event = '{ "type": "paid", "more": { "nobody": "asked" } }';
    const signature = createHmac('sha256', 'hook').update(event).digest('hex');
    const hook = await post('/hook', event, { bearer: null, headers: { 'x-signature': signature } });
    assert.equal(hook.json, 'paid true anonymous');
  });

  await t.test('an idempotency-key', async () => {
    const headers = { 'idempotency-key': 'order 1' };
    const first = await post('/addNote', '"once"', { headers });
    const again = await post('/addNote', '"once"', { headers });
    assert.deepEqual(
      [again.status, again.json, again.headers.get('location')],
      [201, first.json, `/notes/${first.json.id}`],
    );
    assert.match(
      await failure('/addNote', '"twice"', { headers }),
      /^400 INVALID_REQUEST The idempotency key belongs to/,
    );
    assert.match(await failure('/addNote', '"x"', { headers: { 'idempotency-key': '' } }), /^400 INVALID_REQUEST/);
    assert.match(await failure('/addNote', '"x"', { headers: { 'idempotency-key': 'x'.repeat(256) } }), /^400/);
    const others = await post('/addNote', '"once"', { headers, bearer: token({ sub: 'bob' }) });
    assert.notEqual(others.json.id, first.json.id, "another user's key is another key");
    const { tables } = JSON.parse(readFileSync(join(folder, 'dist/manifest.json'), 'utf8'));
    const [{ n }] = await query(
      databaseUrl,
      `SELECT count(*)::int AS n FROM kontract.${tables[0].ptr} WHERE data->>'text' = 'once'`,
    );
    assert.equal(n, 2);
  });

  await t.test('raystream sees the same', async () => {
    const { createClient } = await import(pathToFileURL(join(folder, 'dist/client/index.js')).href);
    const { routes } = await import(pathToFileURL(join(folder, 'dist/client/routes.js')).href);
    const client = createClient({ url, pins: [keys.publicKey], token: token() });
    cleanup(t, () => client.close());
    const raw = await client.call(routes.addNote, ['sealed'], { raw: true });
    assert.deepEqual(raw, {
      data: raw.data,
      status: 201,
      headers: { location: `/notes/${raw.data.id}`, 'x-note': 'yes' },
    });
    const away = await client.call(routes.away, [], { raw: true });
    assert.deepEqual(away, { data: null, status: 302, headers: { Location: 'https://example.com/x' } });
    const seen = await client.call(routes.seen, []);
    assert.match(seen, /^POST \/seen ada {5}application\/octet-stream$/);
    assert.equal(await client.call(routes.closed, []), 'closed');
  });
  for (const part of [SECRET, token().split('.')[1]]) assert.ok(!server.output().includes(part));
  assert.match(server.output(), /broken failed: Error: a secret of the server/);
});

test('there is no such way in unless it is asked for', async (t) => {
  const folder = project(t, {
    'src/api.ts': '@backend() export async function hello(): Promise<string> { return "hello"; }\n',
  });
  const dev = async (config) => {
    write(folder, { 'kontract.config.json': JSON.stringify(config) });
    const server = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
      cwd: folder,
      env: { DATABASE_URL: await database(t) },
      ready: /ready: (http\S+)/,
    });
    cleanup(t, server.stop);
    const response = await fetch(`${server.match[1]}/hello`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    const text = await response.text();
    await server.stop();
    return [response.status, text];
  };
  assert.deepEqual(await dev({}), [404, '']);
  assert.deepEqual(await dev({ http: true }), [200, '"hello"']);
});
