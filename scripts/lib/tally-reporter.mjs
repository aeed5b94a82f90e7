// A reporter for Node's test runner: one line a test, failures in full, and a line a program can read.
import { relative } from 'node:path';
import { inspect } from 'node:util';

export default async function* report(events) {
  const tally = { passed: 0, failed: [], skipped: [] };
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const isSuite = data.details?.type === 'suite';
    const isFile = data.nesting === 0 && data.file !== undefined && data.name === data.file;
    const where = data.file ? relative(process.cwd(), data.file) : '';
    if (type === 'test:fail') {
      // A suite fails because a test in it did, which is counted already; its own hooks' failures are not.
      const childFailed = data.details?.error?.failureType === 'subtestsFailed';
      if (childFailed) continue;
      const error = data.details?.error?.cause ?? data.details?.error;
      tally.failed.push(`${where} › ${data.name}: ${String(error?.message ?? error).split('\n', 1)[0]}`);
      yield `✗ ${where} › ${data.name}\n${inspect(error, { colors: false })}\n`;
    } else if (data.skip !== undefined) {
      tally.skipped.push(`${where} › ${data.name}: ${data.skip === true ? 'no reason given' : data.skip}`);
    } else if (!isSuite && !isFile) {
      tally.passed++;
      yield `✓ ${where} › ${data.name} (${Math.round(data.details?.duration_ms ?? 0)} ms)\n`;
    }
  }
  yield `#tally ${JSON.stringify(tally)}\n`;
}
