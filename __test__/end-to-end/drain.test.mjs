// SIGTERM while calls are under way: they are answered, and the process ends well.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { run, start } from '../support/process.mjs';
import { cli, project } from '../support/project.mjs';

const SLOW = `@backend(perm=perms.RWX)
export async function slow(ms: number): Promise<string> {
  console.log('called');
  await new Promise((done) => setTimeout(done, ms));
  return \`after \${ms}\`;
}
`;

test('kontract start answers what is under way before it goes', async (t) => {
  const folder = project(t, { 'src/slow.ts': SLOW });
  const keys = JSON.parse((await run(process.execPath, [cli, 'keygen', '--json'], { cwd: folder })).stdout);
  const built = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
  assert.equal(built.code, 0, built.stdout + built.stderr);
  const env = { DATABASE_URL: await database(t), KONTRACT_KEY: keys.privateKey };
  const { createClient } = await import(pathToFileURL(join(folder, 'dist/client/index.js')).href);
  const { routes } = await import(pathToFileURL(join(folder, 'dist/client/routes.js')).href);
  const server = await start(process.execPath, [cli, 'start', '--port', '0', '--dev-identity', 'ada'], {
    cwd: folder,
    env,
    ready: /serving on (http\S+)/,
  });
  cleanup(t, server.stop);
  const client = createClient({ url: server.match[1], pins: [keys.publicKey] });
  const called = server.waitFor(/called/);
  const reply = client.call(routes.slow, [1_500]);
  await called;
  server.child.kill('SIGTERM');
  assert.equal(await reply, 'after 1500');
  await server.exited;
  assert.equal(server.child.exitCode, 0, server.output());
});
