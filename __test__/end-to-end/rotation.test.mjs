// docs/keys.md: keys are made, kept and changed without a client that fails.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project, temporaryFolder, write } from '../support/project.mjs';

const keygen = (folder, ...flags) => run(process.execPath, [cli, 'keygen', ...flags], { cwd: folder });

test('kontract keygen', async (t) => {
  const folder = temporaryFolder(t);
  const plain = await keygen(folder);
  assert.equal(plain.code, 0);
  const shown = plain.stdout.match(/^KONTRACT_KEY=([\w-]{43})$/m)[1];
  const pin = plain.stdout.match(/"pins": \["([\w-]{43})"\]/)[1];
  assert.notEqual(shown, pin);

  const kept = await keygen(folder, '--out', 'gateway.key');
  assert.equal(kept.code, 0, kept.stderr);
  const file = join(folder, 'gateway.key');
  const [, secret] = readFileSync(file, 'utf8').match(/^KONTRACT_KEY=([\w-]{43})\n$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!kept.stdout.includes(secret), 'the private half is in the file only');
  assert.match(kept.stdout, /"pins": \["[\w-]{43}"\]/);

  const again = await keygen(folder, '--out', 'gateway.key');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /gateway\.key is there already/);
  assert.equal(readFileSync(file, 'utf8'), `KONTRACT_KEY=${secret}\n`);

  writeFileSync(join(folder, 'open.key'), 'KONTRACT_KEY=x\n', { mode: 0o644 });
  const forced = JSON.parse((await keygen(folder, '--out', 'open.key', '--force', '--json')).stdout);
  assert.deepEqual(Object.keys(forced), ['file', 'publicKey', 'keyId']);
  assert.equal(statSync(join(folder, 'open.key')).mode & 0o777, 0o600, 'whatever the old one allowed');

  const next = JSON.parse((await keygen(folder, '--next', '--json')).stdout);
  assert.deepEqual(Object.keys(next), ['privateKey', 'publicKey', 'keyId', 'next']);
  assert.match((await keygen(folder, '--next')).stdout, /^KONTRACT_NEXT_KEY=[\w-]{43}$/m);
  assert.equal((await keygen(folder, '--force')).code, 1);
  assert.equal((await keygen(folder, '--out', 'no/such/folder')).code, 1);
});

test('a change of keys: servers with both, then clients with both, then the new one alone', async (t) => {
  const folder = project(t, {
    'src/api.ts': '@backend() export async function hello(): Promise<string> { return "hello"; }\n',
  });
  const make = async (...flags) => JSON.parse((await keygen(folder, '--json', ...flags)).stdout);
  const [old, next, foreign] = [await make(), await make('--next'), await make()];
  const databaseUrl = await database(t);

  /** The client of a build whose config pins these. */
  const bundle = async (name, pins) => {
    write(folder, { 'kontract.config.json': JSON.stringify({ pins }) });
    const built = await run(process.execPath, [cli, 'build', '--json', '--out', name], { cwd: folder });
    assert.equal(built.code, 0, built.stdout);
    const { createClient } = await import(pathToFileURL(join(folder, name, 'client/index.js')).href);
    const { config } = await import(pathToFileURL(join(folder, name, 'client/config.js')).href);
    const { routes } = await import(pathToFileURL(join(folder, name, 'client/routes.js')).href);
    assert.deepEqual(config.pins, pins);
    return async (url) => {
      const client = createClient({ ...config, url });
      try {
        return await client.call(routes.hello, [], { timeoutMs: 10_000 });
      } catch (error) {
        return error.name;
      } finally {
        await client.close();
      }
    };
  };
  const bundles = {
    old: await bundle('old', [old.publicKey]),
    both: await bundle('both', [old.publicKey, next.publicKey]),
    new: await bundle('new', [next.publicKey]),
    foreign: await bundle('foreign', [foreign.publicKey]),
  };

  const serving = async (env, body) => {
    const server = await start(
      process.execPath,
      [cli, 'start', '--port', '0', '--out', 'old', '--dev-identity', 'ada'],
      { cwd: folder, env: { DATABASE_URL: databaseUrl, ...env }, ready: /serving on (http\S+)/ },
    );
    cleanup(t, server.stop);
    await body(async (name) => await bundles[name](server.match[1]));
    await server.stop();
    for (const { privateKey } of [old, next]) assert.ok(!server.output().includes(privateKey));
  };
  const answers = async (call, expected) => {
    for (const [name, fine] of Object.entries(expected)) {
      const answer = await call(name);
      if (fine) assert.equal(answer, 'hello', name);
      else assert.notEqual(answer, 'hello', name);
    }
  };
  await serving({ KONTRACT_KEY: old.privateKey }, (call) =>
    answers(call, { old: true, both: true, new: false, foreign: false }),
  );
  await serving({ KONTRACT_KEY: old.privateKey, KONTRACT_NEXT_KEY: next.privateKey }, (call) =>
    answers(call, { old: true, both: true, new: true, foreign: false }),
  );
  await serving({ KONTRACT_KEY: next.privateKey }, (call) =>
    answers(call, { old: false, both: true, new: true, foreign: false }),
  );
  const wrong = await run(process.execPath, [cli, 'start', '--port', '0', '--out', 'old', '--dev-identity', 'ada'], {
    cwd: folder,
    env: { DATABASE_URL: databaseUrl, KONTRACT_KEY: old.privateKey, KONTRACT_NEXT_KEY: 'nonsense' },
  });
  assert.match(wrong.stderr, /KONTRACT_NEXT_KEY is not a key/);
});
