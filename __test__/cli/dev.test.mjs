// `kontract dev` from outside: what is saved is live, what is broken is shown, and nothing is left behind.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, write } from '../support/project.mjs';

const counter = (step) => `
interface Tally { @primkey id: string; n: number }

@backend(perm=perms.RW_)
export async function bump(): Promise<number> {
  const n = ((await env.storage.tallies.get('t'))?.n ?? 0) + ${step};
  await env.storage.tallies.set('t', { id: 't', n });
  return n;
}
`;

const ASK = `import { api } from 'kontract'; console.log(await api.bump());`;

const URL_LINE = /ready: (http:\/\/127\.0\.0\.1:\d+)/;

async function dev(t, files) {
  const folder = project(t, { 'src/tally.ts': counter(1), 'ask.mjs': ASK, ...files });
  const env = { DATABASE_URL: await database(t) };
  const server = await start(process.execPath, [cli, 'dev', '--port', '0'], { cwd: folder, env, ready: URL_LINE });
  cleanup(t, server.stop);
  const ask = async () => {
    const { code, stdout, stderr } = await run(process.execPath, ['--import', 'kontract/loader.mjs', 'ask.mjs'], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    return Number(stdout);
  };
  return { folder, server, ask, url: server.match[1], env };
}

describe('kontract dev', () => {
  it('makes a change live, and keeps the last good build while there are errors', async (t) => {
    const { folder, server, ask } = await dev(t);
    assert.equal(await ask(), 1);

    const live = server.waitFor(/live (\d+) ms/, 10_000);
    write(folder, { 'src/tally.ts': counter(10) });
    await live;
    assert.equal(await ask(), 11);

    const broken = server.waitFor(/error\[KT\d{4}\][^]*src\/tally\.ts:\d+:\d+/, 10_000);
    write(folder, { 'src/tally.ts': counter(100).replace('@backend(perm', '@backnd(perm') });
    await broken;
    assert.equal(server.child.exitCode, null);

    const again = server.waitFor(/live (\d+) ms/, 10_000);
    write(folder, { 'src/tally.ts': counter(100) });
    await again;
    assert.equal(await ask(), 111);
    await server.stop();
  });

  it('says where the one that runs already is', async (t) => {
    const { folder, server, url, env } = await dev(t);
    const second = await run(process.execPath, [cli, 'dev', '--port', '0'], { cwd: folder, env });
    assert.equal(second.code, 1);
    assert.ok(second.stderr.includes(`already running for this project: ${url}`), second.stderr);
    await server.stop();
  });

  it('serves the page, reloads it, and stops cleanly', async (t) => {
    const { folder, server, url } = await dev(t, {
      'index.html': '<!doctype html><head><script type="module" src="/src/page.ts"></script></head><p>first</p>',
      'src/page.ts': `import { api } from 'kontract';\nexport const ask = () => api.bump();\ndocument.title = 'PAGE-CODE';\n`,
    });
    const page = await (await fetch(url)).text();
    const [, bundle] = page.match(/src="(\/assets\/page-[^"]+\.js)"/);
    const code = await (await fetch(new URL(bundle, url))).text();
    assert.ok(code.includes('PAGE-CODE') && code.includes('bump'));
    assert.ok(!code.includes('tallies'), 'the handler stays on the server');

    const events = await fetch(new URL('/@kontract/reload', url));
    const reader = events.body.getReader();
    const told = reader.read();
    write(folder, { 'index.html': '<!doctype html><head></head><p>second</p>' });
    const { value } = await told;
    assert.match(new TextDecoder().decode(value), /reload/);
    assert.match(await (await fetch(url)).text(), /second/);
    await reader.cancel();

    await server.stop();
    assert.equal(server.child.exitCode, 0, server.output());
    assert.equal(existsSync(join(folder, '.kontract/dev.json')), false);
    assert.equal(statSync(join(folder, '.kontract/dev-key.json')).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(folder, '.kontract/.gitignore'), 'utf8'), '*\n');
  });

  it('waits for a database that is not there yet', async (t) => {
    const folder = project(t, { 'src/tally.ts': counter(1) });
    const server = await start(process.execPath, [cli, 'dev', '--port', '0'], {
      cwd: folder,
      env: { DATABASE_URL: 'postgres://someone:PASSWORD@127.0.0.1:9/none' },
      ready: /127\.0\.0\.1:9 does not answer \(ECONNREFUSED\); trying until it does/,
    });
    await server.stop();
    assert.doesNotMatch(server.output(), /PASSWORD/);
    assert.equal(server.child.exitCode, 0, server.output());
  });
});
