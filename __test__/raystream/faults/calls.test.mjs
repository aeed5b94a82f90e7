// Calls that write, over a network that does everything networks do: each ends in exactly one effect
// or in an error with a name, and PostgreSQL is asked which. Ten thousand with KONTRACT_FAULT_CALLS=10000.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';
import { createClient, HttpError } from 'kontract/client';
import { cleanup } from '../../support/cleanup.mjs';
import { database, query } from '../../support/database.mjs';
import { run, start } from '../../support/process.mjs';
import { cli, project, write } from '../../support/project.mjs';
import { startFaultProxy } from './proxy.mjs';

const CALLS = Number(process.env.KONTRACT_FAULT_CALLS ?? 2_000);
const SEED = Number(process.env.KONTRACT_FAULT_SEED ?? 1);
const AT_ONCE = 64;
/** What a caller may be told when the network keeps a call from ending. */
const NAMED = ['SERVICE_UNAVAILABLE', 'TIMEOUT', 'SESSION_EXPIRED', 'DECRYPTION_FAILED', 'CONFLICT'];

const SOURCE = `export interface Mark { id: string; times: number }
@backend()
export async function mark(id: string): Promise<number> {
  const before = await env.storage.marks.get(id);
  const times = (before?.times ?? 0) + 1;
  await env.storage.marks.set(id, { id, times });
  return times;
}
`;

test(`${CALLS} calls through a network of seed ${SEED}`, async (t) => {
  const folder = project(t, { 'src/marks.ts': SOURCE });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  const limits = { handshakesPerMinute: 1_000_000, failuresPerMinute: 1_000_000 };
  write(folder, { 'kontract.config.json': JSON.stringify({ pins: [keys.publicKey], limits }) });
  const built = await run(process.execPath, [cli, 'build'], { cwd: folder });
  assert.equal(built.code, 0, built.stderr);
  const databaseUrl = await database(t);
  const server = await start(process.execPath, [cli, 'start', '--port', '0', '--dev-identity', 'marks'], {
    cwd: folder,
    env: { DATABASE_URL: databaseUrl, KONTRACT_KEY: keys.privateKey },
    ready: /serving on (http\S+)/,
  });
  cleanup(t, server.stop);
  const { routes } = await import(pathToFileURL(join(folder, 'dist/client/routes.js')).href);
  const proxy = await startFaultProxy(server.match[1], SEED);
  cleanup(t, proxy.stop);

  let current;
  const connect = (options) => {
    const client = createClient({ url: proxy.url, pins: [keys.publicKey], ...options });
    cleanup(t, () => client.close());
    return client;
  };
  // Several clients of one call each at a time, so that a request can say whose it is.
  const http = Array.from({ length: AT_ONCE }, () => {
    const state = { id: '' };
    const named = (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-call': state.id } });
    return { state, client: connect({ transport: 'http', fetch: named }) };
  });
  const sockets = Array.from({ length: 8 }, () => ({
    state: {},
    client: connect({ transport: 'websocket', WebSocket, heartbeatMs: 1_000 }),
  }));

  const ends = new Map();
  const work = async (lane, from, to, step) => {
    for (let n = from; n < to; n += step) {
      const id = `m${n}`;
      lane.state.id = id;
      try {
        ends.set(id, await lane.client.call(routes.mark, [id]));
      } catch (error) {
        ends.set(id, error);
      }
      if (current) current(ends.size);
    }
  };
  const memory = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  const rss = [];
  current = (done) => {
    if (done % Math.ceil(CALLS / 10) === 0) rss.push(Math.round(memory()));
  };
  // Over HTTP a request can say whose it is: most calls go there.
  const half = Math.floor(CALLS * 0.7);
  await Promise.all(http.map((lane, i) => work(lane, i, half, AT_ONCE)));
  await Promise.all(
    Array.from({ length: AT_ONCE }, (_, i) => work(sockets[i % sockets.length], half + i, CALLS, AT_ONCE)),
  );
  proxy.calm();

  assert.equal(ends.size, CALLS);
  const manifest = JSON.parse(readFileSync(join(folder, 'dist/manifest.json'), 'utf8'));
  const { ptr } = manifest.tables.find(({ id }) => id === 'marks');
  // Whatever was on its way has arrived by now.
  await new Promise((done) => setTimeout(done, 1_000));
  const rows = await query(
    databaseUrl,
    `SELECT id, (data->>'times')::int AS times FROM kontract.${ptr} WHERE _deleted_txid IS NULL`,
  );
  const effects = new Map(rows.map(({ id, times }) => [id, times]));
  const versions = await query(databaseUrl, `SELECT count(*)::int AS all FROM kontract.${ptr}`);
  const tally = { answered: 0, named: {}, unnamed: [], done: 0, undone: 0 };
  for (const [id, end] of ends) {
    if (effects.has(id)) tally.done++;
    else tally.undone++;
    if (end === 1) {
      tally.answered++;
      assert.equal(effects.get(id), 1, `${id} was answered and is not there`);
    } else if (end instanceof HttpError && NAMED.includes(end.code)) {
      const over = Number(id.slice(1)) < half ? 'http' : 'websocket';
      tally.named[over] ??= {};
      tally.named[over][end.code] = (tally.named[over][end.code] ?? 0) + 1;
    } else tally.unnamed.push(String(end?.stack ?? end));
  }
  const lost = [...proxy.lost].filter((id) => effects.has(id));
  t.diagnostic(
    JSON.stringify({
      ...tally,
      unnamed: tally.unnamed.length,
      faults: proxy.counts,
      ...proxy.seen,
      lost: lost.length,
      rss,
    }),
  );
  assert.deepEqual(tally.unnamed.slice(0, 3), []);
  assert.deepEqual(
    rows.filter(({ times }) => times !== 1),
    [],
    'nothing was done twice',
  );
  assert.equal(versions[0].all, rows.length, 'nothing was written and written over');
  assert.equal(proxy.seen.repeated, 0, 'no nonce came twice');
  assert.ok(tally.answered > CALLS * 0.9, 'most calls get through');
  assert.ok(lost.length >= CALLS / 20, `${lost.length} replies were lost after the commit`);
  // What is held for clients is counted by `stock.test.mjs`. Here: the process may grow while it warms up, in
  // the first half; the second half is as many calls and sessions again, and fits into what the first took. The
  // margin is the garbage collectors' and the allocator's.
  const [half1, half2] = [Math.max(...rss.slice(0, 5)), Math.max(...rss.slice(5))];
  assert.ok(half2 <= half1 + 24, `memory grows: ${rss.join(', ')} MB`);
});
