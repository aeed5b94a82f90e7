/**
 * `node lib/dist/dev/with-postgres.js [--data-dir DIR] -- command args…` runs a command with
 * DATABASE_URL set to a PostgreSQL of its own, and exits as the command did.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from './postgres.js';

const { values, positionals } = parseArgs({
  options: { 'data-dir': { type: 'string' } },
  allowPositionals: true,
});
const [command, ...args] = positionals;
if (!command) {
  process.stderr.write('Usage: with-postgres [--data-dir DIR] -- command args…\n');
  process.exit(1);
}

const temporary = values['data-dir'] === undefined ? mkdtempSync(join(tmpdir(), 'kontract-pg-')) : undefined;
// The server may run as another user, who has to pass through.
if (temporary) chmodSync(temporary, 0o711);
const dataDir = values['data-dir'] ?? join(temporary!, 'postgres');

const postgres = await startPostgres({ dataDir, throwaway: temporary !== undefined });
const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, DATABASE_URL: postgres.url } });
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name));

const status = await new Promise<number>((done) => {
  child.once('error', (error) => {
    process.stderr.write(`${command}: ${error.message}\n`);
    done(127);
  });
  child.once('exit', (code, name) => done(code ?? 128 + (name ? constants.signals[name] : 0)));
});
await postgres.stop();
if (temporary) rmSync(temporary, { recursive: true, force: true });
process.exitCode = status;
