// Running the steps of a script so that a person sees what is going on.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** An error whose message is all a person needs: printed without a stack. */
export class StepError extends Error {}

/** Prints a step, runs it, prints how long it took. */
export async function step(title, work) {
  process.stderr.write(`▸ ${title}\n`);
  const started = performance.now();
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  process.stderr.write(`  done in ${seconds.toFixed(1)} s${typeof result === 'string' ? `: ${result}` : ''}\n`);
  return result;
}

/** Runs a command with its output shown (on stderr, so that stdout stays the caller's). */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 2, 2] });
    child.on('error', (error) => fail(new StepError(`cannot run ${command}: ${error.message}`)));
    child.on('exit', (code, signal) =>
      code === 0
        ? done()
        : fail(new StepError(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`)),
    );
  });
}

/** First line a command prints, or null when it can't be run. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split('\n')[0] : null;
}

/** Runs a script's main function; a StepError ends it with its message alone. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    process.stderr.write(`\n✗ ${error instanceof StepError ? error.message : (error?.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}
