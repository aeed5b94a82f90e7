// A page and a gateway that restarts: a thousand calls, a sleep, and on without a reload. Every call
// writes a row, so the database says whether each was done once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, write } from '../support/project.mjs';

const executablePath = process.env.KONTRACT_CHROMIUM;
const skip = executablePath ? false : 'no Chromium found: install one or set KONTRACT_CHROMIUM to its path';
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

const FILES = {
  'index.html': '<!doctype html><title>calls</title><script type="module" src="/src/page.ts"></script>\n',
  'src/calls.ts': `import { NotFoundError } from 'kontract';
export interface Mark { id: string; n: number }
@backend(perm=perms._W_)
export async function mark(n: number): Promise<string> {
  return await env.storage.marks.push({ id: 'm' + n, n });
}
@backend(perm=perms.R__)
export async function missing(): Promise<string> {
  throw new NotFoundError('not here');
}
`,
  'src/page.ts': `import { kontract, NotFoundError } from 'kontract';
import { mark, missing } from './calls';

const page = window as unknown as Record<string, unknown>;
const states: string[] = [];
kontract.onState((state) => states.push(state));
page.states = states;
page.kontract = kontract;
/** Calls in groups: some at once, group after group. */
page.calls = async (from: number, count: number, atOnce: number) => {
  for (let n = from; n < from + count; n += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, from + count - n) }, (_, i) => mark(n + i)));
  }
  return count;
};
page.fails = () => missing().then(() => 'no', (error: unknown) => error instanceof NotFoundError && error.status);
`,
};

async function serve(t, suite) {
  const folder = project(t, FILES);
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  write(folder, { 'kontract.config.json': JSON.stringify({ pins: [keys.publicKey], ...(suite && { suite }) }) });
  const built = await run(process.execPath, [cli, 'build'], { cwd: folder });
  assert.equal(built.code, 0, built.stderr);
  const databaseUrl = await database(t);
  const go = async (port) => {
    const server = await start(process.execPath, [cli, 'start', '--port', `${port}`, '--dev-identity', 'page'], {
      cwd: folder,
      env: { DATABASE_URL: databaseUrl, KONTRACT_KEY: keys.privateKey },
      ready: /serving on (http\S+)/,
    });
    cleanup(t, server.stop);
    return server;
  };
  const manifest = JSON.parse(readFileSync(join(folder, 'dist/manifest.json'), 'utf8'));
  const { ptr } = manifest.tables.find((table) => table.id === 'marks');
  const rows = async () => {
    const [row] = await query(
      databaseUrl,
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM kontract.${ptr} WHERE _deleted_txid IS NULL`,
    );
    return row;
  };
  return { go, rows };
}

async function open(t, url, transport) {
  const browser = await chromium.launch({ executablePath, args: QUIET });
  cleanup(t, () => browser.close());
  const page = await browser.newPage();
  const sockets = [];
  let loads = 0;
  page.on('websocket', (socket) => sockets.push(socket));
  page.on('load', () => loads++);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => window.kontract);
  if (transport) await page.evaluate((wanted) => window.kontract.configure({ transport: wanted }), transport);
  return { page, sockets, problems, loads: () => loads };
}

const calls = (page, from, count, atOnce) =>
  page.evaluate(([first, times, each]) => window.calls(first, times, each), [from, count, atOnce]);

for (const { name, transport, suite } of [
  { name: 'over a WebSocket', transport: undefined },
  { name: 'over HTTP only', transport: 'http' },
  { name: 'over a WebSocket, by WebCrypto', transport: undefined, suite: 'aes-256-gcm' },
]) {
  test(`a page ${name} lives through a restart of the gateway`, { skip }, async (t) => {
    const { go, rows } = await serve(t, suite);
    const first = await go(0);
    const url = first.match[1];
    const { page, sockets, problems, loads } = await open(t, url, transport);

    assert.equal(await calls(page, 0, 20, 1), 20);
    assert.equal(await page.evaluate(() => window.fails()), 404);
    assert.equal(await calls(page, 20, 980, 20), 980);
    assert.deepEqual(await rows(), { rows: 1000, ids: 1000 });
    assert.equal(sockets.length, transport === 'http' ? 0 : 1);

    // Asleep: nothing is under way while the gateway goes and comes back.
    const port = new URL(url).port;
    first.child.kill('SIGTERM');
    await first.exited;
    await new Promise((done) => setTimeout(done, 1_500));
    const second = await go(port);
    assert.equal(await calls(page, 1_000, 200, 10), 200);
    assert.deepEqual(await rows(), { rows: 1200, ids: 1200 });

    // Awake: the gateway is killed in the middle of the calls.
    const busy = calls(page, 1_200, 400, 5);
    while ((await rows()).rows < 1_220) await new Promise((done) => setTimeout(done, 5));
    second.child.kill('SIGKILL');
    await second.exited;
    await go(port);
    assert.equal(await busy, 400);
    assert.deepEqual(await rows(), { rows: 1600, ids: 1600 });

    await page.waitForFunction(() => window.states.at(-1) === 'open');
    const states = await page.evaluate(() => window.states);
    t.diagnostic(states.join(' → '));
    assert.ok(states.includes('reconnecting') && states.at(-1) === 'open', states.join());
    assert.equal(loads(), 1, 'no reload');
    assert.deepEqual(problems, []);
    if (!transport) {
      const frames = await page.evaluate(
        () => performance.getEntriesByType('resource').filter(({ name: at }) => at.includes('/raystream/v1/s/')).length,
      );
      assert.ok(frames < 250, `${frames} of 1600 calls went by POST`);
    }
  });
}
