// Tests of other lanes that look at what is stored, run against another server.
import assert from 'node:assert/strict';
import { run } from '../../support/process.mjs';
import { repository } from '../../support/project.mjs';

/** Rows as compiled functions write and read them; subscriptions to tables. */
const FILES = ['__test__/end-to-end/tables.test.mjs', '__test__/raystream/events.test.mjs'];

/** Runs them, for a server's administrative address; answers how many passed. */
export async function javascriptTests(url) {
  const { code, stdout, stderr } = await run(
    process.execPath,
    ['--test', '--test-concurrency=1', '--test-reporter=tap', ...FILES],
    // A runner that finds this variable believes it is a test itself.
    { cwd: repository, env: { KONTRACT_TEST_DATABASE_URL: url, NODE_TEST_CONTEXT: undefined } },
  );
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  const passed = Number(stdout.match(/^# pass (\d+)$/m)?.[1]);
  assert.ok(passed > 0, stdout);
  return passed;
}
