import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort, startPostgres } from '../../lib/dist/dev/postgres.js';
import { canReach } from '../../lib/dist/dev/postgres/account.js';

const withPostgres = fileURLToPath(new URL('../../lib/dist/dev/with-postgres.js', import.meta.url));

async function query(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const answers = (port) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
    socket.on('connect', () => socket.destroy());
  });

describe('the embedded PostgreSQL', () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'kontract-pg-test-'));
    chmodSync(folder, 0o711);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('starts, keeps its data and its port, and is gone after stop', async () => {
    const dataDir = join(folder, 'kept');
    const first = await startPostgres({ dataDir });
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    assert.equal(await answers(first.port), false);

    const second = await startPostgres({ dataDir });
    try {
      assert.equal(second.port, first.port);
      assert.deepEqual(await query(second.url, 'SELECT n FROM kept'), [{ n: 7 }]);
    } finally {
      await second.stop();
    }
  });

  it('runs as someone unprivileged, on loopback, behind a password kept to ourselves', async () => {
    const dataDir = join(folder, 'private');
    const server = await startPostgres({ dataDir, throwaway: true });
    try {
      const pid = Number(readFileSync(join(server.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
      assert.notEqual(statSync(`/proc/${pid}`).uid, 0);
      assert.deepEqual(await query(server.url, 'SHOW listen_addresses'), [{ listen_addresses: '127.0.0.1' }]);
      assert.deepEqual(await query(server.url, 'SHOW unix_socket_directories'), [{ unix_socket_directories: '' }]);
      assert.equal(statSync(`${server.dataDir}.json`).mode & 0o777, 0o600);
      const wrong = new URL(server.url);
      wrong.password = 'wrong';
      await assert.rejects(query(wrong.href, 'SELECT 1'), { code: '28P01' });
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      assert.doesNotMatch(environment, /KONTRACT|HOME=/);
    } finally {
      await server.stop();
    }
    assert.equal(existsSync(server.dataDir), false, 'throwaway data goes');
  });

  it('is joined by a second start in the same process’ lifetime, and stopped once', async () => {
    const dataDir = join(folder, 'joined');
    const script = `
      import { startPostgres } from ${JSON.stringify(new URL('../../lib/dist/dev/postgres.js', import.meta.url).href)};
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
      process.stdout.write('up\\n');
      process.stdin.on('data', async () => { await server.stop(); process.exit(0); });`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    const joined = await startPostgres({ dataDir });
    assert.equal(joined.joined, true);
    await joined.stop();
    assert.deepEqual(await query(joined.url, 'SELECT 1 AS n'), [{ n: 1 }], 'its owner still has it');
    owner.stdin.write('stop\n');
    await once(owner, 'exit');
    assert.equal(await answers(joined.port), false);
  });

  it('is taken over from a process that was killed', async () => {
    const dataDir = join(folder, 'orphan');
    const script = `
      import { startPostgres } from ${JSON.stringify(new URL('../../lib/dist/dev/postgres.js', import.meta.url).href)};
      await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
      process.kill(process.pid, 'SIGKILL');`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    await once(owner, 'exit');
    const server = await startPostgres({ dataDir });
    assert.equal(server.joined, false);
    await server.stop();
    assert.equal(await answers(server.port), false);
  });

  it('is not fooled by a stale postmaster.pid', async () => {
    const dataDir = join(folder, 'stale');
    const first = await startPostgres({ dataDir });
    await first.stop();
    writeFileSync(
      join(first.dataDir, 'postmaster.pid'),
      `${process.pid}\n${first.dataDir}\n0\n1\n\n127.0.0.1\n\nready   \n`,
    );
    const second = await startPostgres({ dataDir });
    try {
      assert.deepEqual(await query(second.url, 'SELECT 1 AS n'), [{ n: 1 }]);
    } finally {
      await second.stop();
    }
  });

  it('takes another port when its own is in use', async () => {
    const { createServer } = await import('node:net');
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address();
    assert.notEqual(await freePort(port), port);
    squatter.close();
  });

  it('stops when its process fails', async () => {
    const dataDir = join(folder, 'crash');
    const script = `
      import { startPostgres } from ${JSON.stringify(new URL('../../lib/dist/dev/postgres.js', import.meta.url).href)};
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
      process.stdout.write(String(server.port));
      setTimeout(() => { throw new Error('crash'); }, 10);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let port = '';
    owner.stdout.on('data', (text) => (port += text));
    const [code] = await once(owner, 'exit');
    assert.notEqual(code, 0);
    for (let tries = 0; tries < 600 && (await answers(Number(port))); tries++)
      await new Promise((done) => setTimeout(done, 50));
    assert.equal(await answers(Number(port)), false);
  });

  it('puts its data elsewhere, and says so, when its user cannot reach the folder', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const someone = { name: 'someone', uid: 4242, gid: 4242 };
    assert.equal(canReach(join(closed, 'data'), someone), false);
    assert.equal(canReach(join(folder, 'data'), someone), true);
    assert.equal(canReach(join(closed, 'data'), undefined), true, 'ourselves: no question');
    if (process.getuid() !== 0) return;
    const server = await startPostgres({ dataDir: join(closed, 'data'), throwaway: true });
    await server.stop();
    assert.match(server.notes.join('\n'), /cannot reach .*closed.*; the data is in \/var\/lib\/kontract\//);
  });
});

describe('with-postgres', () => {
  it('runs a command with DATABASE_URL and exits as it did', () => {
    const run = (code) =>
      spawnSync(process.execPath, [withPostgres, '--', process.execPath, '-e', code], { encoding: 'utf8' });
    const result = run('console.log(new URL(process.env.DATABASE_URL).hostname); process.exit(3)');
    assert.equal(result.stdout, '127.0.0.1\n');
    assert.equal(result.status, 3);
    assert.equal(spawnSync(process.execPath, [withPostgres]).status, 1);
  });
});
