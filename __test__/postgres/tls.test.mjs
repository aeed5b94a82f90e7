// TLS to the database: whose certificate is taken, and what a refusal says to do.
import assert from 'node:assert/strict';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { query } from '../support/database.mjs';
import { repository, temporaryFolder } from '../support/project.mjs';
import { authority } from './support/certificates.mjs';
import { NEWEST, noServers, startVersion } from './support/servers.mjs';

const library = (file) => import(pathToFileURL(join(repository, 'lib/dist', file)).href);
const { native } = await library('native/index.js');
const { unprivilegedAccount } = await library('dev/postgres/account.js');

test('the certificate is checked as the address says', { skip: noServers }, async (t) => {
  const folder = temporaryFolder(t);
  const [ours, others] = [authority('Ours'), authority("Somebody else's")];
  const put = (name, text) => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    const account = unprivilegedAccount();
    if (account) chownSync(file, account.uid, account.gid);
    return file;
  };
  const show = ({ cert, key }) => ({ cert: put('server.pem', cert), key: put('server.key', key) });
  const { cert, key } = show(ours.sign('localhost'));
  const roots = { ours: put('ours.pem', ours.cert), others: put('others.pem', others.cert) };
  const server = await startVersion(t, NEWEST, {
    settings: ['ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`],
  });
  // A database that nobody gets into in plain text.
  await query(server.url, 'CREATE DATABASE sealed');
  const rules = join(server.dataDir, 'pg_hba.conf');
  writeFileSync(rules, `hostnossl sealed all all reject\n${readFileSync(rules, 'utf8')}`);
  const reload = () => query(server.url, 'SELECT pg_reload_conf(), pg_sleep(0.2)');
  await reload();

  const connect = async (host, options) => {
    const url = new URL(server.url);
    url.hostname = host;
    url.pathname = '/sealed';
    url.search = new URLSearchParams(options).toString();
    const { findings } = await native.doctor({ url: url.href });
    assert.ok(!findings.some(({ code }) => code === 'connection.pooler'), 'TLS is no pooler');
    return findings.filter(({ code }) => code === 'connection.tls').map(({ message }) => message);
  };
  const full = { sslmode: 'verify-full', sslrootcert: roots.ours };

  await assert.rejects(
    connect('localhost', {}),
    /pg_hba\.conf rejects connection .*no encryption/,
    'plain text is refused here',
  );
  assert.deepEqual(await connect('localhost', full), []);
  assert.deepEqual(await connect('localhost', { sslrootcert: roots.ours }), [], 'a root means verify-full');

  // Another name: 127.0.0.1 is not in the certificate.
  await assert.rejects(connect('127.0.0.1', full), /for another name.*use that name as the host/s);
  const [issuerOnly] = await connect('127.0.0.1', { ...full, sslmode: 'verify-ca' });
  assert.match(issuerOnly, /name is not checked/);

  // Another authority.
  for (const sslmode of ['verify-full', 'verify-ca', 'require']) {
    await assert.rejects(
      connect('localhost', { sslmode, sslrootcert: roots.others }),
      /signed by nobody this machine trusts.*sslrootcert=/s,
      sslmode,
    );
  }
  const [anybody] = await connect('127.0.0.1', { sslmode: 'require' });
  assert.match(anybody, /nobody checks/);

  // Roots that are none.
  await assert.rejects(connect('localhost', { sslrootcert: join(folder, 'none.pem') }), /sslrootcert: .*none\.pem/);
  await assert.rejects(connect('localhost', { sslrootcert: key }), /there is no certificate in it/);

  // Expired.
  show(ours.sign('localhost', { expired: true }));
  await reload();
  for (const sslmode of ['verify-full', 'verify-ca']) {
    await assert.rejects(connect('localhost', { ...full, sslmode }), /has expired, renew it/, sslmode);
  }
});

test('a server without TLS is refused, and why', async () => {
  const url = new URL(process.env.KONTRACT_TEST_DATABASE_URL);
  url.search = '?sslmode=require';
  await assert.rejects(native.doctor({ url: url.href }), /does not speak TLS.*ssl = on.*sslmode=disable/s);
});

test('what an address cannot say is refused without its values', async () => {
  for (const [search, says] of [
    ['?sslmode=verify', /sslmode is none of: disable, require, verify-ca, verify-full/],
    ['?pgbouncer=maybe', /pgbouncer is none of: true, false/],
    ['?sslcert=secret', /unknown option `sslcert`/],
  ]) {
    const url = `postgres://u:hunter2@127.0.0.1:1/x${search}`;
    await assert.rejects(native.doctor({ url }), (error) => says.test(error.message) && !/hunter2/.test(error.message));
  }
});
