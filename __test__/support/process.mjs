// Child processes for tests: started, waited for, and gone afterwards whatever happens.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Commands behave the same wherever tests run; in CI a lock file that has to change is an error. */
const SAME = { NO_COLOR: '1', CI: undefined };

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a process and waits until its output matches `ready` (when given).
 * Answers `{ match, output(), stop(), child }`; `stop` asks politely first.
 */
export async function start(command, args, { cwd, env, ready, timeoutMs = 60_000 } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...SAME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => running.delete(child));
  let output = '';
  const waiters = new Set();
  const feed = (chunk) => {
    output += chunk;
    for (const waiter of waiters) waiter();
  };
  child.stdout.on('data', feed);
  child.stderr.on('data', feed);

  const waitFor = (pattern, limit = timeoutMs) =>
    new Promise((done, fail) => {
      const from = output.length;
      const finish = (settle, value) => {
        waiters.delete(look);
        clearTimeout(timer);
        settle(value);
      };
      const look = () => {
        const match = (pattern === ready ? output : output.slice(from)).match(pattern);
        if (match) finish(done, match);
      };
      const timer = setTimeout(() => finish(fail, new Error(`no ${pattern} within ${limit} ms in:\n${output}`)), limit);
      void exited.then(() => finish(fail, new Error(`ended (code ${child.exitCode}) before ${pattern}:\n${output}`)));
      waiters.add(look);
      look();
    });

  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(kill);
  };
  try {
    const match = ready ? await waitFor(ready) : null;
    return { match, output: () => output, waitFor, stop, child, exited };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs a process to its end: `{ code, stdout, stderr }`. */
export async function run(command, args, { cwd, env, timeoutMs = 300_000 } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...SAME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  running.delete(child);
  return { code: code ?? signal, stdout, stderr };
}
