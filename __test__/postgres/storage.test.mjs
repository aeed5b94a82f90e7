// What holds on the newest PostgreSQL holds on every one we support, and behind a pooler.
import { test } from 'node:test';
import { javascriptTests } from './support/javascript.mjs';
import { noPgbouncer, startPgbouncer, through } from './support/pgbouncer.mjs';
import { noServers, startVersion } from './support/servers.mjs';
import { storageTests } from './support/storage.mjs';

for (const version of ['14', '15', '16', '17']) {
  test(`storage on PostgreSQL ${version}`, { skip: noServers }, async (t) => {
    const server = await startVersion(t, version);
    t.diagnostic(`${await storageTests(server, { brief: version !== '14' })} tests of storage`);
  });
}

test('storage on PostgreSQL 15 through pgbouncer', { skip: noServers || noPgbouncer }, async (t) => {
  const server = await startVersion(t, '15');
  const pooler = await startPgbouncer(t, server);
  t.diagnostic(`${await storageTests(server, { pooler: `127.0.0.1:${pooler.port}` })} tests of storage`);
});

test('whole calls on PostgreSQL 14', { skip: noServers }, async (t) => {
  const server = await startVersion(t, '14');
  t.diagnostic(`${await javascriptTests(server.url)} tests`);
});

test('whole calls on PostgreSQL 15, all of it through pgbouncer', { skip: noServers || noPgbouncer }, async (t) => {
  const server = await startVersion(t, '15');
  const pooler = await startPgbouncer(t, server);
  t.diagnostic(`${await javascriptTests(through(pooler, server.url))} tests`);
});
