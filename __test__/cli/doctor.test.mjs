// `kontract doctor` on a healthy, a drifted, a degraded and a missing database.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { run } from '../support/process.mjs';
import { cli, project, repository, write } from '../support/project.mjs';

const library = (file) => import(pathToFileURL(join(repository, 'lib/dist', file)).href);
const { native } = await library('native/index.js');
const { gatewayPassword } = await library('dev/keys.js');

const TABLE = { id: 'notes', ptr: 'tbl_notes_1', tenancy: 'own', primkey: 'id', permissions: 7 };
const manifest = JSON.stringify({ version: 1, routes: [], tables: [TABLE] });
const lock = (ptr) => JSON.stringify({ version: 1, tables: { notes: { ptr } } });

/** A built project, and a way to have its database looked at. */
function built(t, url) {
  const key = native.keygen().privateKey;
  const folder = project(t, {
    'src/index.ts': '',
    'dist/manifest.json': manifest,
    'kontract.lock.json': lock(TABLE.ptr),
  });
  const migrate = (adminUrl = url) => native.migrate({ adminUrl, manifest, gatewayPassword: gatewayPassword(key) });
  const doctor = async (args = [], env = {}) => {
    const { code, stdout, stderr } = await run(process.execPath, [cli, 'doctor', ...args], {
      cwd: folder,
      env: { DATABASE_URL: url, KONTRACT_KEY: key, KONTRACT_DATABASE_URL: undefined, ...env },
    });
    return { code, stdout, stderr };
  };
  const json = async (env) => {
    const { code, stdout } = await doctor(['--json'], env);
    return { code, ...JSON.parse(stdout) };
  };
  return { folder, migrate, doctor, json };
}

const codes = ({ findings }) => findings.map(({ level, code }) => `${level} ${code}`);

test('a healthy database', async (t) => {
  const url = await database(t);
  const { migrate, doctor, json } = built(t, url);
  await migrate();
  const report = await json();
  assert.deepEqual(codes(report), []);
  assert.equal(report.code, 0);
  assert.equal(report.ok, true);
  assert.equal(report.build, 'dist');
  assert.equal(report.server, new URL(url).host);
  assert.match(report.version, /^\d+/);
  const { held } = report.roles.find(({ name }) => name === 'kontract_gateway');
  assert.deepEqual(
    held.filter((privilege) => !privilege.endsWith(': EXECUTE')),
    ['storage: SELECT', 'trxs.ts: UPDATE', 'trxs: DELETE', 'trxs: INSERT', 'trxs: SELECT'],
  );
  assert.ok(held.includes('commit: EXECUTE'));
  const { code, stdout } = await doctor();
  assert.equal(code, 0);
  assert.match(stdout, /^kt_data .*tbl_notes_1\._deleted_txid: UPDATE, tbl_notes_1: INSERT, tbl_notes_1: SELECT/m);
  assert.match(stdout, /\nNo problems\.\n$/);
  assert.ok(!stdout.includes(new URL(url).password), 'no secret on the screen');
});

test('a drifted database', async (t) => {
  const url = await database(t);
  const { folder, migrate, doctor, json } = built(t, url);
  const before = await json();
  assert.equal(before.code, 1);
  assert.ok(codes(before).includes('problem schema.behind'));
  await migrate();
  await query(url, 'GRANT SELECT ON kontract.tbl_notes_1 TO kontract_gateway');
  write(folder, { 'kontract.lock.json': lock('tbl_notes_2') });
  const report = await json();
  assert.equal(report.code, 1);
  assert.deepEqual(codes(report), ['problem role.privileges', 'problem build.lock']);
  const { code, stdout } = await doctor();
  assert.equal(code, 1);
  assert.match(stdout, /^problem: kontract_gateway should not hold tbl_notes_1: SELECT \[role\.privileges\]\n {2}\S/m);
  await query(url, 'REVOKE SELECT ON kontract.tbl_notes_1 FROM kontract_gateway');
  // The server's login has another password than the key gives.
  const other = new URL(url);
  other.username = 'kontract_gateway';
  other.password = 'wrong';
  assert.ok(codes(await json({ KONTRACT_DATABASE_URL: other.href })).includes('problem login.refused'));
  // The server works as an administrator.
  assert.ok(codes(await json({ KONTRACT_DATABASE_URL: url })).includes('unprotected login.other'));
});

test('a database with one login for all', async (t) => {
  const admin = await database(t);
  const name = `doctor_${randomBytes(4).toString('hex')}`;
  await query(admin, `CREATE ROLE ${name} LOGIN PASSWORD 'p'`);
  cleanup(t, () => query(admin, `DROP SCHEMA kontract CASCADE; DROP OWNED BY ${name}; DROP ROLE ${name}`));
  await query(admin, `GRANT CREATE ON DATABASE ${new URL(admin).pathname.slice(1)} TO ${name}`);
  const url = new URL(admin);
  url.username = name;
  url.password = 'p';
  const { migrate, json } = built(t, url.href);
  assert.equal((await migrate()).degraded, true);
  const report = await json();
  assert.equal(report.code, 0);
  assert.equal(report.degraded, true);
  assert.deepEqual(codes(report), ['unprotected login.shared']);
});

test('no database, and no build', async (t) => {
  const { doctor, json } = built(t, 'postgres://u:hunter2@127.0.0.1:1/x');
  const report = await json();
  assert.equal(report.code, 1);
  assert.deepEqual(codes(report), ['problem connection.failed']);
  assert.ok(!JSON.stringify(report).includes('hunter2'));
  const unset = await doctor([], { DATABASE_URL: '' });
  assert.equal(unset.code, 1);
  assert.match(unset.stderr, /DATABASE_URL is not set/);

  const url = await database(t);
  const empty = project(t, { 'src/index.ts': '' });
  const { code, stdout } = await run(process.execPath, [cli, 'doctor', '--json'], {
    cwd: empty,
    env: { DATABASE_URL: url, KONTRACT_DATABASE_URL: undefined, KONTRACT_KEY: undefined },
  });
  assert.equal(code, 0);
  assert.deepEqual(codes(JSON.parse(stdout)), ['note build.missing']);
});
