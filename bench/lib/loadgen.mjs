// The load generator: one program for every system, in Rust because it has to speak raystream.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StepError, root, run, step } from '../../scripts/lib/steps.mjs';
import { onCleanup } from './cleanup.mjs';

/** Builds it; cargo knows whether there is anything to do. Resolves to what it does: `generate` load, `hold` connections. */
export async function buildLoadgen() {
  const program = await build('the load generator', 'kontract-loadgen');
  return {
    generate: (plan, load) => generate(program, { plan, target: load }),
    hold: (clients, load, look) => holding(program, clients, load, look),
  };
}

/** Its sibling, which measures raystream by itself. Resolves to the program's path. */
export const buildCrypto = () => build('the native half', 'kontract-crypto');

async function build(title, bin) {
  await step(`Building ${title}`, () =>
    run('cargo', ['build', '--locked', '--release', '-p', 'kontract-loadgen', '--bin', bin]),
  );
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  return join(target, 'release', process.platform === 'win32' ? `${bin}.exe` : bin);
}

/** Runs one job. A run with an error is no measurement: it ends the bench. */
async function generate(program, job) {
  return finished(begin(program, job, { andEnd: true }), job);
}

/**
 * Opens this many connections, uses each once, lets them be while `look` runs, and uses each once more: they
 * were all there. Resolves to what `look` does.
 */
async function holding(program, clients, target, look) {
  const job = { plan: { clients, warmupSeconds: 0, seconds: 0, hold: true }, target };
  const started = begin(program, job, { andEnd: false });
  await Promise.race([started.firstLine, started.output]);
  const seen = await look();
  started.end();
  const report = await finished(started, job);
  if (report.calls !== 2 * clients) throw new StepError(`${report.calls} calls over ${clients} connections`);
  return seen;
}

function begin(program, job, { andEnd }) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 2] });
  onCleanup(() => child.kill('SIGKILL'));
  let hasLine;
  const firstLine = new Promise((done) => (hasLine = done));
  const output = new Promise((done, fail) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) hasLine();
    });
    child.once('error', (error) => fail(new StepError(`cannot run the load generator: ${error.message}`)));
    child.once('close', () => done(text));
    // It may end before it has read everything; its exit tells why.
    child.stdin.once('error', () => {});
  });
  child.stdin.write(`${JSON.stringify(job)}\n`);
  if (andEnd) child.stdin.end();
  return { output, firstLine, end: () => child.stdin.end() };
}

async function finished({ output }, job) {
  const lines = (await output).trimEnd().split('\n');
  const text = lines.at(-1);
  if (!text) throw new StepError('the load generator could not begin');
  const report = JSON.parse(text);
  if (report.errors > 0)
    throw new StepError(`${report.errors} of ${job.plan.clients} clients failed: ${report.firstError}`);
  if (!job.plan.hold && report.ops === 0) throw new StepError(`no call was answered within ${job.plan.seconds} s`);
  return report;
}
