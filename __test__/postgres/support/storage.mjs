// The storage tests of crates/pg, run against another server.
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { run } from '../../support/process.mjs';
import { repository } from '../../support/project.mjs';

let built;

/** The test program, as `cargo test` builds it; the Rust lane has done so before. */
function program() {
  const args = ['test', '--locked', '--test', 'postgres', '--no-run', '--message-format=json'];
  const { status, stdout, stderr } = spawnSync('cargo', args, {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`cargo ${args.join(' ')} failed:\n${stderr}`);
  const messages = stdout.split('\n').filter((line) => line.startsWith('{'));
  const executables = messages.map((line) => JSON.parse(line).executable).filter(Boolean);
  assert.equal(executables.length, 1, 'one test program');
  return executables[0];
}

// What does not depend on the server, and what is broken on purpose so that the checker finds it.
const ELSEWHERE = ['tokens::', 'requests::', 'to_be_', '_loses_updates', '_has_write_skew', 'specifications_sql'];
const LONG = ['histories::', 'operations::', 'matrix::'];
// What changes the roles of the whole server, while a pooler logs in anew all the time; and what keeps
// pinning calls, which met refused log-ins there.
const UNPOOLED = ['migration::', 'doctor::', 'privileges::', 'model::'];

/**
 * Runs them, the long ones too unless they are to be `brief`; `pooler` is `host:port` of what stands
 * before the server. Answers how many passed.
 */
export async function storageTests(server, { pooler, brief = false } = {}) {
  built ??= program();
  const left = [...ELSEWHERE, ...(brief ? LONG : []), ...(pooler ? UNPOOLED : [])];
  const skips = left.flatMap((name) => ['--skip', name]);
  const { code, stdout, stderr } = await run(built, skips, {
    cwd: repository,
    env: { KONTRACT_TEST_DATABASE_URL: server.url, KONTRACT_TEST_POOLER: pooler },
    timeoutMs: 600_000,
  });
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  const passed = Number(stdout.match(/test result: ok\. (\d+) passed/)?.[1]);
  assert.ok(passed > 0, stdout);
  return passed;
}
