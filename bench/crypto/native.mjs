// The native half: one process of `bench/loadgen`'s `kontract-crypto`, a line in and a line out.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts it. `ask(job)` resolves to its answer; jobs are answered in their order. */
export function startNative(program) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  const failAll = (error) => waiting.splice(0).forEach(({ fail }) => fail(error));
  child.once('error', failAll);
  child.once('exit', (code) => failAll(new Error(`kontract-crypto ended with ${code}`)));
  // It may be gone before it has read everything; its end tells why.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.done(JSON.parse(line)));
  return {
    ask: (job) =>
      new Promise((done, fail) => {
        waiting.push({ done, fail });
        child.stdin.write(`${JSON.stringify(job)}\n`);
      }),
    stop: () => child.stdin.end(),
  };
}
