/** The embedded PostgreSQL: `startPostgres({ dataDir })` resolves to `{ url, stop() }`. */
export { freePort, startPostgres, type Postgres, type PostgresOptions } from './postgres/server.js';
