// docs/http.md's webhook: signed bytes get through, others don't.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { database } from '../support/database.mjs';
import { start } from '../support/process.mjs';
import { cli, project, repository } from '../support/project.mjs';

test('the webhook of docs/http.md', async (t) => {
  const page = readFileSync(join(repository, 'docs/http.md'), 'utf8');
  const source = page.match(/```ts\n(\/\/ src\/hooks\.ts[\s\S]*?)```/)[1];
  const config = page.match(/```json\n(\{ "httpRoutes": \["paid"\][\s\S]*?)```/)[1];
  const folder = project(t, { 'src/hooks.ts': source, 'kontract.config.json': config });
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: await database(t), HOOK_SECRET: 'agreed on' },
    ready: /ready: (http\S+)/,
  });
  cleanup(t, dev.stop);
  const send = async (secret) => {
    const body = '{"id": "1", "amount": 12.5, "more": {}}';
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-signature': signature };
    return await fetch(`${dev.match[1]}/hooks/paid`, { method: 'POST', headers, body });
  };
  assert.equal((await send('agreed on')).status, 200);
  const refused = await send('guessed');
  assert.deepEqual([refused.status, (await refused.json()).error.message], [403, 'Not signed by us']);
});
