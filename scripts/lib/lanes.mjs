// The lanes of `npm test`: each runs a real tool and answers what passed, failed and was skipped.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ask, root } from './steps.mjs';

/** @typedef {{ passed: number, failed: string[], skipped: string[] }} Tally What failed and was skipped, by name */

/** Runs a command with its output shown and kept; never rejects for a failing exit. */
function capture(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => done({ code: 127, output: String(error) }));
    child.on('exit', (code) => done({ code: code ?? 1, output }));
  });
}

/** A tool that answers with its exit code alone counts as one check. */
export async function check(command, args, options) {
  const { code } = await capture(command, args, options);
  const failed = code === 0 ? [] : [`${[basename(command), ...args].join(' ')}: exit ${code}`];
  return { passed: code === 0 ? 1 : 0, failed, skipped: [] };
}

/** Cargo's tests, by nextest where it is installed. */
export async function rust(env) {
  const nextest = ask('cargo', ['nextest', '--version']) !== null;
  const args = nextest
    ? ['nextest', 'run', '--locked', '--no-fail-fast', '--status-level', 'fail']
    : ['test', '--locked', '--no-fail-fast'];
  const { code, output } = await capture('cargo', args, { env: { ...process.env, ...env } });
  const tally = nextest ? nextestTally(output) : cargoTally(output);
  // A build that fails prints no summary: that is a failure, not zero tests.
  if (code !== 0 && tally.failed.length === 0) tally.failed.push(`cargo ${args[0]}: exit ${code}`);
  return tally;
}

function nextestTally(output) {
  const summary = output.match(/Summary .*?(\d+) tests? run: (.*)/)?.[2] ?? '';
  const count = (word) => Number(summary.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  return {
    passed: count('passed'),
    failed: names(
      count('failed') + count('timed out'),
      output.matchAll(/^ +(?:FAIL|TIMEOUT) \[[^\]]*\] *(?:\([^)]*\) *)?(.+)$/gm),
    ),
    skipped: reasons(count('skipped'), 'rust'),
  };
}

function cargoTally(output) {
  const tally = { passed: 0, failed: [], skipped: [] };
  let failures = 0;
  for (const [, passed, failed, ignored] of output.matchAll(
    /test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/g,
  )) {
    tally.passed += Number(passed);
    failures += Number(failed);
    tally.skipped.push(...reasons(Number(ignored), 'rust'));
  }
  tally.failed = names(failures, output.matchAll(/^test (.+) \.\.\. FAILED$/gm));
  return tally;
}

/** As many names as failures were counted: a test is named again in a summary. */
function names(count, matches) {
  const named = [...new Set([...matches].map(([, name]) => `rust: ${name.trim()}`))];
  return Array.from({ length: count }, (_, i) => named[i] ?? 'rust: a test that did not say its name');
}

const reasons = (count, lane) => Array.from({ length: count }, () => `${lane}: ignored in the source`);

/** Every `*.test.mjs` below a folder of the repository, by Node's own runner. */
export async function javascript(env, folder) {
  const files = testFiles(join(root, folder));
  const reporter = join(root, 'scripts/lib/tally-reporter.mjs');
  const args = [
    '--test',
    '--test-concurrency=1',
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
    ...files,
  ];
  const { code, output } = await capture(process.execPath, args, { env: { ...process.env, ...env } });
  const tally = JSON.parse(output.match(/^#tally (.*)$/m)?.[1] ?? '{"passed":0,"failed":[],"skipped":[]}');
  if (code !== 0 && tally.failed.length === 0) tally.failed.push(`${folder}: node --test ended with exit ${code}`);
  return tally;
}

export function testFolders() {
  return readdirSync(join(root, '__test__'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && testFiles(join(root, '__test__', entry.name)).length > 0)
    .map((entry) => entry.name)
    .toSorted();
}

function testFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.mjs') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .toSorted();
}
