// A database of its own for a test, in the server the test runner started.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { cleanup } from './cleanup.mjs';

const server = process.env.KONTRACT_TEST_DATABASE_URL;

/** Makes an empty database, dropped when the test is over; answers its admin address. */
export async function database(t) {
  if (!server) throw new Error('KONTRACT_TEST_DATABASE_URL is not set: run these tests with `npm test -- <lane>`');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await query(server, `CREATE DATABASE ${name}`);
  cleanup(t, () => query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** One statement on a connection of its own. */
export async function query(url, sql, params) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, params)).rows;
  } finally {
    await client.end();
  }
}
