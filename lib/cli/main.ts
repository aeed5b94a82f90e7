/** The `kontract` command. Each subcommand loads what it needs when it runs. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { BuildFlags } from './commands/build.js';
import type { GcFlags } from './commands/gc.js';
import type { DoctorFlags } from './commands/doctor.js';
import type { StartFlags } from './commands/start.js';
import { UserError } from './errors.js';
import { terminal } from './output.js';

const port = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65535) return value;
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
};

const hours = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 8760) return value;
  throw new InvalidArgumentError('It is a whole number of hours, 1 to 8760.');
};

export function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const root = new Command('kontract')
    .description('One TypeScript codebase: functions marked @backend run beside Postgres.')
    .version(version)
    .showSuggestionAfterError();
  root
    .command('dev')
    .description('serve the project and reload it on every change')
    .option('--port <port>', 'port to listen on (default: PORT, the config, 4400)', port)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--open', 'open the page in a browser')
    .option('--no-open', 'do not open the page (the default)')
    .action(async (flags: object) => await (await import('./commands/dev.js')).dev(flags));
  root
    .command('build')
    .description('compile for production into dist/')
    .option('--json', 'print one JSON object instead of tables')
    .option('--out <folder>', 'where to, inside the project', 'dist')
    .option('--frozen-lock', 'fail when kontract.lock.json would change (the default where CI is set)')
    .option('--no-frozen-lock', 'update kontract.lock.json in CI too')
    .action(async (flags: object) => await (await import('./commands/build.js')).build(flags as BuildFlags));
  root
    .command('check')
    .description('find errors in the project, types included, with its own TypeScript')
    .option('--json', 'print one JSON object')
    .option('--watch', 'check again whenever a source changes')
    .action(async (flags: object) => await (await import('./commands/check.js')).check(flags));
  root
    .command('explain <code>')
    .description('what an error means, and what to do instead')
    .action(async (code: string) => (await import('./commands/explain.js')).explain(code));
  root
    .command('sync')
    .description('bring kontract.lock.json up to date, return types TypeScript has to be asked for included')
    .action(async () => await (await import('./commands/sync.js')).sync());
  root
    .command('start')
    .description('serve dist/ in production')
    .option('--out <folder>', 'where `kontract build --out` wrote to', 'dist')
    .option('--port <port>', 'port to listen on (default: PORT, the config, 4400)', port)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--embedded', 'without DATABASE_URL, use the embedded PostgreSQL: for trying out')
    .option('--dev-identity <name>', 'who callers without a token are: for trying out')
    .action(async (flags: object) => await (await import('./commands/start.js')).start(flags as StartFlags));
  root
    .command('gc')
    .description('delete versions of rows that nobody can see any more, as kontract start does every hour')
    .option('--retention <hours>', 'keep what ended less long ago (default: the config, 24)', hours)
    .option('--out <folder>', 'where `kontract build --out` wrote to', 'dist')
    .option('--json', 'print one JSON object')
    .action(async (flags: object) => await (await import('./commands/gc.js')).gc(flags as GcFlags));
  root
    .command('doctor')
    .description('look whether the database is what the build needs, and what protects it')
    .option('--json', 'print one JSON object')
    .option('--out <folder>', 'where `kontract build --out` wrote to', 'dist')
    .action(async (flags: object) => await (await import('./commands/doctor.js')).doctor(flags as DoctorFlags));
  root
    .command('keygen')
    .description('make a key pair for the gateway')
    .option('--json', 'print one JSON object')
    .option('--out <file>', 'write the private half to a new file only you can read, not to the screen')
    .option('--force', 'overwrite that file')
    .option('--next', 'make the key that is to follow the present one')
    .action(async (flags: object) => await (await import('./commands/keygen.js')).keygen(flags));
  return root;
}

/** Runs the command line; the exit code is 1 for the user's mistakes, 70 for ours. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(argv);
  } catch (error) {
    terminal.error(error);
    process.exitCode = error instanceof UserError ? 1 : 70;
  }
}
