// `npm test [-- LANE…]`: the one gate. Sets everything up, runs every lane, ends with one line
// `N passed, N failed, N skipped`; every skip says why.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureFlatc } from './lib/flatc.mjs';
import { check, javascript, rust, testFolders } from './lib/lanes.mjs';
import { ensurePgbouncer } from './lib/pgbouncer.mjs';
import { setup } from './lib/setup.mjs';
import { StepError, main, root, step } from './lib/steps.mjs';

const HELP = `Usage: npm test [-- LANE…]

Lanes: lint, rust, types, check, bench (its own tests), and the folders of __test__:
${testFolders().join(', ')}.
Without a name: all of them.
`;

await main(async () => {
  const wanted = process.argv.slice(2);
  if (wanted.includes('--help')) return void process.stdout.write(HELP);
  const folders = [...testFolders(), 'bench'];
  const known = ['lint', 'rust', 'types', 'check', ...folders];
  const unknown = wanted.find((lane) => !known.includes(lane));
  if (unknown) throw new StepError(`There is no lane '${unknown}'. Lanes: ${known.join(', ')}`);
  const lanes = known.filter((lane) => wanted.length === 0 || wanted.includes(lane));

  await setup();
  const total = { passed: 0, failed: [], skipped: [] };
  const add = async (title, run) => {
    process.stdout.write(`\n── ${title} ${'─'.repeat(Math.max(0, 70 - title.length))}\n`);
    const started = performance.now();
    const tally = await run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      `${title}: ${tally.passed} passed, ${tally.failed.length} failed, ${tally.skipped.length} skipped in ${seconds} s\n`,
    );
    total.passed += tally.passed;
    total.failed.push(...tally.failed);
    total.skipped.push(...tally.skipped);
  };

  if (lanes.includes('lint')) {
    await add('cargo fmt', () => check('cargo', ['fmt', '--all', '--check']));
    await add('clippy', () =>
      check('cargo', ['clippy', '--locked', '--lib', '--tests', '--examples', '--', '-D', 'warnings']),
    );
    await add('oxlint', () => check(bin('oxlint'), []));
    await add('prettier', () => check(bin('prettier'), ['--check', '.']));
  }
  const jsLanes = folders.filter((folder) => lanes.includes(folder));
  const browser = jsLanes.includes('browser') ? await ensureChromium() : undefined;
  const flatc = jsLanes.includes('schemas') ? await ensureFlatc() : undefined;
  const pgbouncer = jsLanes.includes('postgres') ? await ensurePgbouncer() : undefined;
  if (lanes.includes('rust') || jsLanes.length > 0) {
    await withDatabase(async (env) => {
      if (lanes.includes('rust')) await add('Rust', () => rust(env));
      for (const lane of jsLanes) {
        const folder = lane === 'bench' ? lane : `__test__/${lane}`;
        await add(folder, () => javascript({ ...env, ...browser, ...flatc, ...pgbouncer }, folder));
      }
    });
  }
  if (lanes.includes('types')) await add('Types', () => check(process.execPath, ['scripts/types.mjs']));
  if (lanes.includes('check')) {
    await add('npm start -- --check', () => check(process.execPath, ['scripts/start.mjs', '--check']));
  }

  for (const reason of total.skipped) process.stdout.write(`skipped ${reason}\n`);
  // Once more at the end: whoever has only the last lines still learns what failed.
  for (const failure of total.failed) process.stdout.write(`failed ${failure}\n`);
  process.stdout.write(`\n${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped\n`);
  if (total.failed.length > 0) process.exitCode = 1;
});

function bin(name) {
  return join(root, 'node_modules/.bin', name);
}

/** One PostgreSQL for all lanes; each test makes its own database in it. */
async function withDatabase(body) {
  const { startPostgres } = await import(pathToFileURL(join(root, 'lib/dist/dev/postgres.js')).href);
  const folder = mkdtempSync(join(tmpdir(), 'kontract-test-'));
  // The server may run as another user, who has to pass through.
  chmodSync(folder, 0o711);
  const server = await step('Starting PostgreSQL for the tests', () =>
    startPostgres({ dataDir: join(folder, 'postgres'), throwaway: true }),
  );
  const stop = () => void server.stop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await body({ KONTRACT_TEST_DATABASE_URL: server.url });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
