// Tokens of other issuers, as `kontract start` checks them: every algorithm, and every way to cheat.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, write } from '../support/project.mjs';

const SECRET = 'a secret of these tests, thirty-two bytes long at least';
const ISSUER = 'https://issuer.example';
const AUDIENCE = 'the-app';
const now = () => Math.floor(Date.now() / 1000);
const encode = (value) =>
  Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString(
    'base64url',
  );

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const local = generateKeyPairSync('ed25519');
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });

const signers = {
  none: () => Buffer.alloc(0),
  HS256: (key) => (text) => createHmac('sha256', key).update(text).digest(),
  RS256: (key) => (text) => sign('sha256', text, key),
  RS512: (key) => (text) => sign('sha512', text, key),
  ES256: (key) => (text) => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (key) => (text) => sign(null, text, key),
};

/** A token with this header and these claims, the usual ones filled in. */
function token(header, signer, claims = {}) {
  const full = { sub: 'ada', iss: ISSUER, aud: AUDIENCE, exp: now() + 600, ...claims };
  const body = `${encode({ typ: 'JWT', ...header })}.${encode(JSON.stringify(full))}`;
  return `${body}.${encode(signer(Buffer.from(body)))}`;
}
const jwk = (key, kid) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' });

const SOURCE = `@backend(perm=perms.R__) export async function who(): Promise<string> {
  return [ctx.sub, ctx.owner, ctx.groups.join('+')].join(' ');
}
@backend(perm=perms.RWX) export async function all(): Promise<string> { return 'all'; }
@backend(ugroup="admin") export async function admin(): Promise<string> { return 'admin'; }
`;

/** What answers at the issuer's address; `answer` decides how. */
async function issuer(t, answer) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(response, requests.length);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  cleanup(t, () => new Promise((done) => (server.closeAllConnections(), server.close(done))));
  return { url: `http://127.0.0.1:${server.address().port}/keys`, requests };
}

/** A running server with this `auth`, and calls of it. */
async function serving(t, auth, { secret = SECRET, files = {} } = {}) {
  const folder = project(t, { 'src/api.ts': SOURCE, ...files });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  write(folder, { 'kontract.config.json': JSON.stringify({ pins: [keys.publicKey], auth }) });
  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
  assert.equal(built.code, 0, built.stdout + built.stderr);
  const server = await start(process.execPath, [cli, 'start', '--port', '0'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t), KONTRACT_KEY: keys.privateKey, KONTRACT_JWT_SECRET: secret },
    ready: /serving on (http\S+)/,
  });
  cleanup(t, server.stop);
  const { createClient } = await import(pathToFileURL(join(folder, 'dist/client/index.js')).href);
  const { routes } = await import(pathToFileURL(join(folder, 'dist/client/routes.js')).href);
  const connect = (bearer) => {
    const client = createClient({ url: server.match[1], pins: [keys.publicKey], token: bearer });
    cleanup(t, () => client.close());
    return client;
  };
  /** The answer, or the code of the error. */
  const call = async (bearer, id = 'who') => {
    const client = connect(bearer);
    try {
      return await client.call(routes[id], [], { timeoutMs: 20_000 });
    } catch (error) {
      return error.code ?? error;
    } finally {
      await client.close();
    }
  };
  return { server, call };
}

test('every algorithm, and every way to cheat', async (t) => {
  const published = [
    jwk(rsa.publicKey, 'rsa'),
    jwk(ec.publicKey, 'ec'),
    jwk(ed.publicKey, 'ed'),
    // Not of use, and no reason to refuse the rest.
    { kty: 'oct', k: encode('secret'), kid: 'oct' },
    { ...jwk(otherRsa.publicKey, 'enc'), use: 'enc' },
  ];
  const { url, requests } = await issuer(t, (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: published }));
  });
  const auth = { jwks: url, keys: ['issuer.pem'], issuers: [ISSUER], audiences: [AUDIENCE] };
  const files = { 'issuer.pem': local.publicKey.export({ type: 'spki', format: 'pem' }) };
  const { call, server } = await serving(t, auth, { files });
  const good = (claims) => token({ alg: 'EdDSA', kid: 'ed' }, signers.EdDSA(ed.privateKey), claims);

  const accepted = {
    'HS256 of the secret': token({ alg: 'HS256' }, signers.HS256(SECRET)),
    'RS256 of the set': token({ alg: 'RS256', kid: 'rsa' }, signers.RS256(rsa.privateKey)),
    'ES256 of the set': token({ alg: 'ES256', kid: 'ec' }, signers.ES256(ec.privateKey)),
    'EdDSA of the set': good(),
    'without a key id': token({ alg: 'RS256' }, signers.RS256(rsa.privateKey)),
    'EdDSA of a key in the config': token({ alg: 'EdDSA' }, signers.EdDSA(local.privateKey)),
    'one of several audiences': good({ aud: ['another', AUDIENCE] }),
    'a date with a fraction': good({ exp: now() + 600.5 }),
    'clocks a little apart': good({ nbf: now() + 3, exp: now() + 600 }),
  };
  for (const [what, bearer] of Object.entries(accepted)) assert.equal(await call(bearer), 'ada ada ', what);
  assert.ok(requests.length <= 1, 'one fetch for all of them');

  const refused = {
    'no token': undefined,
    'no JWT': 'a.b.c',
    'alg none': token({ alg: 'none' }, signers.none),
    'alg none with a key id': token({ alg: 'none', kid: 'rsa' }, signers.none),
    'HS256 with the RSA public key as secret': token({ alg: 'HS256', kid: 'rsa' }, signers.HS256(pem)),
    'the same without the line end': token({ alg: 'HS256', kid: 'rsa' }, signers.HS256(pem.trim())),
    'the same in DER': token(
      { alg: 'HS256', kid: 'rsa' },
      signers.HS256(rsa.publicKey.export({ type: 'spki', format: 'der' })),
    ),
    'HS256 with the Ed25519 key of the config': token(
      { alg: 'HS256' },
      signers.HS256(Buffer.from(local.publicKey.export({ format: 'jwk' }).x, 'base64url')),
    ),
    'HS256 with a secret the set published': token({ alg: 'HS256', kid: 'oct' }, signers.HS256('secret')),
    'RS256 of another key': token({ alg: 'RS256', kid: 'rsa' }, signers.RS256(otherRsa.privateKey)),
    'RS256 named as ES256': token({ alg: 'ES256', kid: 'rsa' }, signers.RS256(rsa.privateKey)),
    'RS512 of the RSA key': token({ alg: 'RS512', kid: 'rsa' }, signers.RS512(rsa.privateKey)),
    'a key for encryption': token({ alg: 'RS256', kid: 'enc' }, signers.RS256(otherRsa.privateKey)),
    "another key's id": token({ alg: 'EdDSA', kid: 'rsa' }, signers.EdDSA(ed.privateKey)),
    'an unknown id': token({ alg: 'EdDSA', kid: 'gone' }, signers.EdDSA(ed.privateKey)),
    'its own key in the header': token(
      { alg: 'RS256', jwk: otherRsa.publicKey.export({ format: 'jwk' }) },
      signers.RS256(otherRsa.privateKey),
    ),
    'an extension that must be understood': token(
      { alg: 'EdDSA', kid: 'ed', crit: ['b64'], b64: true },
      signers.EdDSA(ed.privateKey),
    ),
    expired: good({ exp: now() - 10 }),
    'without an end': good({ exp: undefined }),
    'an end that is no date': good({ exp: 'tomorrow' }),
    'not valid yet': good({ nbf: now() + 60 }),
    'another audience': good({ aud: 'another-app' }),
    'no audience': good({ aud: undefined }),
    'another issuer': good({ iss: 'https://other.example' }),
    'no issuer': good({ iss: undefined }),
    'no user': good({ sub: undefined }),
    "the shared tables' owner": good({ owner: '*' }),
    'the tenant of those without a token': good({ owner: '*anonymous' }),
    'a permission that is none': good({ perm: 8 }),
    'groups that are no list': good({ groups: 'admin' }),
  };
  for (const [what, bearer] of Object.entries(refused)) assert.equal(await call(bearer), 'UNAUTHORIZED', what);
  const [head, , signature] = good().split('.');
  const swapped = `${head}.${encode({ sub: 'eve', iss: ISSUER, aud: AUDIENCE, exp: now() + 600 })}.${signature}`;
  assert.equal(await call(swapped), 'UNAUTHORIZED', 'claims under the signature of others');
  assert.ok(requests.length <= 1, 'and none of these made another fetch');

  assert.equal(await call(good({ owner: 'acme', groups: ['admin', 'dev'] })), 'ada acme admin+dev');
  assert.equal(await call(good({ groups: ['admin'] }), 'admin'), 'admin');
  assert.equal(await call(good({ groups: ['dev'] }), 'admin'), 'FORBIDDEN');
  assert.equal(await call(good(), 'admin'), 'FORBIDDEN');
  assert.equal(await call(good({ perm: 4 })), 'ada ada ');
  assert.equal(await call(good({ perm: 4 }), 'all'), 'FORBIDDEN');
  assert.equal(await call(good({ perm: 7 }), 'all'), 'all');

  server.child.kill('SIGTERM');
  await server.exited;
  assert.equal(server.child.exitCode, 0, server.output());
  for (const secret of [SECRET, good().split('.')[1]]) assert.ok(!server.output().includes(secret));
});

test('an issuer whose keys cannot be had', async (t) => {
  const bearer = token({ alg: 'EdDSA', kid: 'ed' }, signers.EdDSA(ed.privateKey));
  let answer = (response) => {
    // A set without an end.
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"keys":[');
    const more = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
    response.on('close', () => clearInterval(more));
  };
  const { url, requests } = await issuer(t, (response, n) => answer(response, n));
  const { call, server } = await serving(t, { jwks: url });
  assert.equal(await call(token({ alg: 'HS256' }, signers.HS256(SECRET))), 'ada ada ', 'others are not concerned');
  assert.equal(await call(bearer), 'SERVICE_UNAVAILABLE', 'nobody can say whether it is valid');
  assert.match(server.output(), /keys for tokens: http\S+ could not be fetched: more than 262144 bytes/);
  // Keys that moved elsewhere are not followed there.
  const elsewhere = await issuer(t, (response) => response.end('{"keys":[]}'));
  const asked = requests.length;
  answer = (response) => response.writeHead(302, { location: elsewhere.url }).end();
  while (requests.length === asked) assert.equal(await call(bearer), 'SERVICE_UNAVAILABLE');
  assert.equal(elsewhere.requests.length, 0);
  answer = (response) => response.end(JSON.stringify({ keys: [jwk(ed.publicKey, 'ed')] }));
  let answered;
  while ((answered = await call(bearer)) === 'SERVICE_UNAVAILABLE');
  assert.equal(answered, 'ada ada ', 'nobody has to restart the server');
});

test('what is wrong in the config is said at the start', async (t) => {
  const folder = project(t, { 'src/api.ts': SOURCE });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  const env = { KONTRACT_KEY: keys.privateKey, KONTRACT_JWT_SECRET: SECRET, DATABASE_URL: await database(t) };
  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder, env });
  assert.equal(built.code, 0, built.stdout);
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const cases = [
    [{ auth: { jwks: 'http://issuer.example/keys' } }, {}, /auth\.jwks: keys are fetched over https/],
    [{ auth: { keys: ['missing.pem'] } }, {}, /auth\.keys\[0\] names a file that is not there/],
    [
      { auth: { keys: [rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })] } },
      {},
      /auth\.keys\[0\] is a private or secret key/,
    ],
    [{ auth: { keys: [rsa.privateKey.export({ format: 'jwk' })] } }, {}, /auth\.keys\[0\] is a private or secret key/],
    [{ auth: { keys: [small.export({ format: 'jwk' })] } }, {}, /auth\.keys\[0\]: its numbers have the wrong length/],
    [{ auth: { public: ['whoo'] } }, {}, /auth\.public names 'whoo'/],
    [{ auth: { pubic: [] } }, {}, /auth\.pubic is not a setting; did you mean public\?/],
    [{}, { KONTRACT_JWT_SECRET: 'short' }, /KONTRACT_JWT_SECRET is shorter than 32 bytes/],
    [{}, { KONTRACT_JWT_SECRET: '' }, /nothing to check tokens with/],
  ];
  for (const [config, extra, message] of cases) {
    write(folder, { 'kontract.config.json': JSON.stringify({ pins: [keys.publicKey], ...config }) });
    const started = await run(process.execPath, [cli, 'start', '--port', '0'], {
      cwd: folder,
      env: { ...env, ...extra },
      timeoutMs: 30_000,
    });
    assert.notEqual(started.code, 0, JSON.stringify(config));
    assert.match(started.stderr, message);
    assert.ok(!started.stderr.includes('PRIVATE KEY'), 'no key in the message');
  }
});
