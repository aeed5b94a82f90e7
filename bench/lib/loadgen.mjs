// The load generator: one program for every system, in Rust because it has to speak raystream.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StepError, root, run, step } from '../../scripts/lib/steps.mjs';
import { onCleanup } from './cleanup.mjs';

/** Builds it; cargo knows whether there is anything to do. */
export async function buildLoadgen() {
  await step('Building the load generator', () =>
    run('cargo', ['build', '--locked', '--release', '-p', 'kontract-loadgen']),
  );
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const program = join(target, 'release', process.platform === 'win32' ? 'kontract-loadgen.exe' : 'kontract-loadgen');
  return (plan, load) => generate(program, { plan, target: load });
}

/** Runs one job. A run with an error is no measurement: it ends the bench. */
async function generate(program, job) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 2] });
  onCleanup(() => child.kill('SIGKILL'));
  const output = new Promise((done, fail) => {
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('error', (error) => fail(new StepError(`cannot run the load generator: ${error.message}`)));
    child.once('close', () => done(text));
    // It may end before it has read everything; its exit tells why.
    child.stdin.once('error', () => {});
  });
  child.stdin.end(JSON.stringify(job));
  const text = await output;
  if (!text) throw new StepError('the load generator could not begin');
  const report = JSON.parse(text);
  if (report.errors > 0)
    throw new StepError(`${report.errors} of ${job.plan.clients} clients failed: ${report.firstError}`);
  if (report.ops === 0) throw new StepError(`no call was answered within ${job.plan.seconds} s`);
  return report;
}
